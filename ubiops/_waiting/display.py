"""Showing the status of a wait on a terminal, in a notebook or in lines of text."""

from __future__ import annotations

import math
import os
import shutil
import sys
from html import escape
from typing import TYPE_CHECKING, Any, TextIO

from ubiops._core.messages import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_HEARTBEAT = 30.0
"""Seconds after which a status that has not changed is printed again."""


class Display:
    """Shows nothing. The base of the other displays.

    Attributes:
        interval: Seconds after which ``refresh`` is to be called again at the latest.
    """

    interval = math.inf

    def show(self, label: str, status: object, seconds: float) -> None:
        """Shows a new status.

        Args:
            label: What has the status.
            status: The status.
            seconds: How long the wait has taken so far.
        """

    def refresh(self, seconds: float) -> None:
        """Shows that the wait goes on with the same status."""

    def log(self, line: str) -> None:
        """Shows a log line."""

    def end_line(self) -> None:
        """Ends a line that is still open, so that other output starts on a new one."""


class LineDisplay(Display):
    """Prints a line for each status, and every 30 seconds while it doesn't change."""

    interval = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label = ""
        self._status = ""
        self._printed = 0.0

    def show(self, label: str, status: object, seconds: float) -> None:
        self._label, self._status = _plain(label), _plain(status)
        self._print(f"{self._label}: {self._status} after {duration(seconds)}", seconds)

    def refresh(self, seconds: float) -> None:
        if self._label and seconds - self._printed >= _HEARTBEAT:
            self._print(f"{self._label}: still {self._status} after {duration(seconds)}", seconds)

    def log(self, line: str) -> None:
        _print_log(line, self._stream)

    def _print(self, text: str, seconds: float) -> None:
        self._printed = seconds
        print(text, file=self._stream, flush=True)


class TerminalDisplay(Display):
    """Keeps one line of a terminal up to date."""

    interval = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label = ""
        self._status = ""
        # The text of the open line.
        self._shown = ""

    def show(self, label: str, status: object, seconds: float) -> None:
        self._label, self._status = _plain(label), _plain(status)
        self.refresh(seconds)

    def refresh(self, seconds: float) -> None:
        if not self._label:
            return
        text = f"{self._label}: {self._status} after {duration(seconds)}"
        # The last column stays free: text in it makes some terminals wrap. The size is
        # read each time because the user may resize the window.
        # Before Python 3.11, a terminal that does not know its size has 0 columns.
        room = max((shutil.get_terminal_size().columns or 80) - 1, 1)
        if len(text) > room:
            text = f"...{text[3 - room :]}" if room > 10 else text[-room:]
        if text != self._shown:
            blank = " " * (min(len(self._shown), room) - len(text))
            # Set first, so that Ctrl-C right after the output still ends the line.
            self._shown = text
            self._stream.write(f"\r{text}{blank}")
            self._stream.flush()

    def log(self, line: str) -> None:
        # The line takes the place of the status, which is drawn again below it.
        status, self._shown = self._shown, ""
        self._stream.write(f"\r{' ' * len(status)}\r")
        _print_log(line, self._stream)
        if status:
            self._shown = status
            self._stream.write(status)
            self._stream.flush()

    def end_line(self) -> None:
        if self._shown:
            self._shown = ""
            self._stream.write("\n")
            self._stream.flush()


class NotebookDisplay(Display):
    """Keeps one output of a notebook's cell up to date.

    Args:
        display: ``IPython.display.display``.
    """

    interval = 1.0

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None
        self._label = ""
        self._status = ""

    def show(self, label: str, status: object, seconds: float) -> None:
        self._label, self._status = printable(label), printable(str(status))
        self.refresh(seconds)

    def refresh(self, seconds: float) -> None:
        if not self._label:
            return
        spent = duration(seconds)
        bundle = {
            "text/plain": f"{self._label}: {self._status} after {spent}",
            "text/html": f"<div>{escape(self._label)}: <b>{escape(self._status)}</b> after {spent}</div>",
        }
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def log(self, line: str) -> None:
        _print_log(line, sys.stdout)


def open_display(quiet: bool) -> Display:
    """Returns the display that suits where the program runs.

    Args:
        quiet: Whether to show nothing.
    """
    stream = sys.stdout
    # Programs without a console, such as those of pythonw, have no standard output.
    if quiet or stream is None:
        return Display()
    # Only if standard output is the notebook's: it may be redirected to a file.
    if type(stream).__module__.partition(".")[0] == "ipykernel":
        # Loaded already, by the notebook.
        ipython: Any = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            from importlib import import_module

            return NotebookDisplay(import_module("IPython.display").display)
    is_terminal = getattr(stream, "isatty", None)
    if is_terminal and is_terminal() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI"):
        return TerminalDisplay(stream)
    return LineDisplay(stream)


def duration(seconds: float) -> str:
    """Formats seconds for people, such as ``4.2 s`` or ``12 min 5 s``."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    minutes, seconds = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def _plain(value: object) -> str:
    """Returns text that any terminal can show, with one column for each character."""
    return printable(str(value)).encode("ascii", "replace").decode("ascii")


def _print_log(line: str, stream: TextIO) -> None:
    """Prints a log line, indented, without what could control a terminal."""
    text = "".join(c if c.isprintable() else " " for c in line.expandtabs(4))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(f"  {text.encode(encoding, 'replace').decode(encoding)}", file=stream, flush=True)

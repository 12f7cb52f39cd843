"""Text for terminals of 80 columns, with color only where it is wanted."""

from __future__ import annotations

import json
import os
import sys
import textwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

WIDTH = 80

_COLORS = {"ok": "32", "warn": "33", "fail": "31", "skip": "2"}


class Output:
    """Writes lines to a stream.

    Color is used on terminals only, and not if the environment variable NO_COLOR is
    set.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colored = _wants_color(stream)

    def line(self, text: str = "") -> None:
        """Writes text, wrapped at 80 columns."""
        self._write(_wrap(text, "", ""))

    def heading(self, text: str) -> None:
        """Writes a line that stands out."""
        self._write(f"\033[1m{text}\033[0m" if self._colored else text)

    def entry(self, name: str, text: str, width: int, indent: str = "") -> None:
        """Writes a name and, in a column of its own, a text."""
        first = f"{indent}{name:{width}}  "
        self._write(_wrap(text, first, " " * len(first)))

    def mark(self, status: str, name: str, text: str, width: int) -> None:
        """Writes the result of a step: ok, warn, fail or skip, its name and a text."""
        first = f"[{status:^4}] {name:{width}}  "
        wrapped = _wrap(text, first, " " * len(first))
        if self._colored:
            wrapped = f"\033[{_COLORS[status]}m{wrapped[:6]}\033[0m{wrapped[6:]}"
        self._write(wrapped)

    def json(self, value: Any) -> None:
        """Writes a value as JSON."""
        self._write(json.dumps(value, indent=2))

    def _write(self, text: str) -> None:
        # The terminal's encoding may lack a character that a server sent.
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self._stream.flush()


def _wrap(text: str, first: str, following: str) -> str:
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) or first.rstrip()


def _wants_color(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    # The old console of Windows shows escape sequences as they are.
    return sys.platform != "win32" or "WT_SESSION" in os.environ or "TERM" in os.environ

"""What a wait shows on a terminal, in a notebook and elsewhere."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest
from manual_clock import ManualClock

import ubiops
import ubiops.emulator
from ubiops._waiting.display import (
    Display,
    LineDisplay,
    NotebookDisplay,
    TerminalDisplay,
    duration,
    open_display,
)
from ubiops._waiting.polling import Wait, WaitOptions
from ubiops._waiting.steps import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def set_stdout(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    """Sets the standard output of waits; pytest captures that of the test itself."""
    monkeypatch.setattr("ubiops._waiting.display.sys", types.SimpleNamespace(stdout=stream, modules=sys.modules))


class Terminal(io.StringIO):
    """A terminal of 80 columns that keeps what it shows."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Returns the lines on the screen."""
        screen = []
        for line in self.getvalue().split("\n"):
            cells: list[str] = []
            for text in line.split("\r"):
                cells[: len(text)] = text
            screen.append("".join(cells).rstrip())
        return screen

    def drawn(self) -> list[str]:
        """Returns each text that was drawn, in order."""
        return [text.rstrip() for text in self.getvalue().replace("\n", "\r").split("\r") if text]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard output as a terminal."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    set_stdout(monkeypatch, terminal)
    return terminal


def wait(
    statuses: Iterable[tuple[str, float]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    timeout: float = 1800,
    quiet: bool = False,
    label: str = "word-count v1",
    on_status: Callable[[Any], object] | None = None,
) -> None:
    """Waits for something that has each status for some seconds."""
    clock = ManualClock()
    monkeypatch.setattr("ubiops._client.BaseClient._clock", clock)
    started = clock.now
    ends = list(zip((status for status, _ in statuses), itertools.accumulate(seconds for _, seconds in statuses)))

    def ask(limit: float | None) -> ubiops.RevisionList:
        spent = clock.now - started
        status = next((status for status, end in ends if spent < end), ends[-1][0])
        return ubiops.RevisionList.from_dict({"status": status})

    run(Wait("wait_for_it", ubiops.CoreApi(), WaitOptions(timeout, quiet, on_status)).poll(ask, label=label))


BUILD = [("queued", 2), ("building", 95), ("success", 0)]


def test_elsewhere_a_line_is_printed_for_each_change_and_every_30_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wait(BUILD, monkeypatch)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" after ")[0] for line in lines] == [
        "word-count v1: queued",
        "word-count v1: building",
        "word-count v1: still building",
        "word-count v1: still building",
        "word-count v1: still building",
        "word-count v1: success",
    ]
    seconds = [60 * ("min" in line) + float(line.split()[-2]) for line in lines]
    beats = seconds[1:5]
    # The seconds are rounded.
    assert all(29 <= later - earlier <= 31 for earlier, later in zip(beats, beats[1:]))
    assert capsys.readouterr().err == ""


def test_on_a_terminal_one_line_is_kept_up_to_date(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    wait(BUILD, monkeypatch)
    assert terminal.lines()[1:] == [""]
    assert terminal.lines()[0].startswith("word-count v1: success after 1 min ")
    drawn = terminal.drawn()
    assert drawn[0] == "word-count v1: queued after 0.0 s"
    # About once a second, however long the pauses between polls are.
    assert 90 <= len([text for text in drawn if "building" in text]) <= 130
    assert "word-count v1: building after 1 min 0 s" in drawn


def test_nothing_is_left_of_a_longer_text(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    wait([("a status with a long name", 3), ("success", 0)], monkeypatch)
    line, rest = terminal.lines()
    assert line.startswith("word-count v1: success after ")
    assert line.endswith(" s")
    assert rest == ""


@pytest.mark.parametrize("columns", [1, 2, 5, 10, 12, 20, 40])
def test_a_text_never_reaches_the_last_column(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    wait(BUILD, monkeypatch, label="deployment " * 10)
    room = max(columns - 1, 1)
    assert {len(text) for text in terminal.drawn()} <= set(range(room + 1))
    assert all(len(text) <= room for text in terminal.getvalue().replace("\n", "\r").split("\r"))
    if columns == 40:
        assert terminal.lines()[0].startswith("...")
        assert " success after 1 min " in terminal.lines()[0]


def test_a_window_that_becomes_narrower_is_noticed(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    display = TerminalDisplay(terminal)
    display.show("word-count v1", "building", 1)
    monkeypatch.setenv("COLUMNS", "20")
    before = len(terminal.getvalue())
    display.refresh(2)
    assert terminal.getvalue()[before:] == "\r...ding after 2.0 s"


@pytest.mark.parametrize("name", ["数据", "a\nb", "\x1b[2J", "é", "a\rb"])
def test_text_of_the_server_can_not_disturb_the_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, name: str
) -> None:
    wait([(name, 3), ("success", 0)], monkeypatch, label=name)
    text = terminal.getvalue()
    assert text.isascii()
    assert set(text) - {"\r", "\n"} == {c for c in text if c.isprintable()}
    assert len(terminal.lines()) == 2


@pytest.mark.parametrize(("variable", "value"), [("TERM", "dumb"), ("CI", "true")])
def test_terminals_that_can_not_redraw_get_lines(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    wait(BUILD, monkeypatch)
    assert "\r" not in terminal.getvalue()
    assert "still building" in terminal.getvalue()


def test_what_a_callback_prints_starts_on_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    wait(BUILD, monkeypatch, on_status=lambda update: print(f"now {update.status}", file=terminal))
    lines = terminal.lines()
    assert [line for line in lines if line.startswith("now ")] == ["now queued", "now building", "now success"]
    assert lines[-2:] == ["now success", ""]


def test_nothing_is_shown_before_the_first_response(terminal: Terminal, notebook: Shown) -> None:
    for display in (TerminalDisplay(terminal), LineDisplay(terminal), NotebookDisplay(notebook)):
        display.refresh(40)
        display.end_line()
    assert terminal.getvalue() == ""
    assert notebook.bundles == []


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    wait(BUILD, monkeypatch, quiet=True)
    assert terminal.getvalue() == ""


def test_a_program_without_standard_output_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    set_stdout(monkeypatch, None)
    wait(BUILD, monkeypatch)
    assert type(open_display(False)) is Display


def test_standard_output_needs_no_more_than_what_print_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    stream = types.SimpleNamespace(write=written.append, flush=lambda: None)
    set_stdout(monkeypatch, stream)
    wait(BUILD, monkeypatch)
    assert "".join(written).startswith("word-count v1: queued after 0.0 s\n")


def interrupt(status: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("timeout", [1800, 30])
def test_a_line_is_ended_whatever_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, timeout: float
) -> None:
    statuses = [("building", 1e9)]
    if timeout == 30:
        with pytest.raises(ubiops.WaitTimeoutError):
            wait(statuses, monkeypatch, timeout=timeout)
    else:
        clock = ManualClock(interrupt)
        monkeypatch.setattr("ubiops._client.BaseClient._clock", clock)
        building = ubiops.RevisionList.from_dict({"status": "building"})
        one = Wait("wait_for_it", ubiops.CoreApi(), WaitOptions(timeout, False, None))
        with pytest.raises(KeyboardInterrupt):
            run(one.poll(lambda limit: building, label="it"))
    assert terminal.getvalue().endswith("s\n")
    assert len(terminal.lines()) == 2


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_ctrl_c_leaves_the_terminal_clean(package: bytes) -> None:
    """In a real process on a real terminal."""
    program = (
        "import sys, ubiops\n"
        "api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host=sys.argv[1])))\n"
        "ubiops.utils.wait_for_deployment_version(api, 'p', 'd', 'v1')\n"
    )
    with ubiops.emulator.start() as emulator:
        emulator.clock.freeze()
        with ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
            api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
            api.deployment_versions_create("p", "d", {"version": "v1"})
            api.revisions_file_upload("p", "d", "v1", file=package)
        master, slave = os.openpty()
        environment = {**os.environ, "UBIOPS_API_TOKEN": emulator.token, "TERM": "xterm", "CI": ""}
        process = subprocess.Popen(
            [sys.executable, "-c", program, emulator.host], stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)
        shown = b""
        while b"queued after" not in shown:
            shown += os.read(master, 1000)
        process.send_signal(signal.SIGINT)
        while b"KeyboardInterrupt" not in shown:
            shown += os.read(master, 1000)
        assert process.wait(60) != 0
        os.close(master)
    assert b" s\r\nTraceback (most recent call last):" in shown


class Shown:
    """Stands for ``IPython.display.display`` and the handle that it returns."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, str]] = []
        self.displays = 0

    def __call__(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> Shown:
        assert raw
        assert display_id
        self.displays += 1
        self.bundles.append(bundle)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.bundles.append(bundle)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """A running notebook: the modules and the standard output that a kernel has."""
    shown = Shown()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = object  # type: ignore[attr-defined]
    display = types.ModuleType("IPython.display")
    display.display = shown  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    set_stdout(monkeypatch, stream)
    return shown


def test_in_a_notebook_one_output_is_kept_up_to_date(
    monkeypatch: pytest.MonkeyPatch, notebook: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    wait(BUILD, monkeypatch, label="word-count <v1>")
    assert notebook.displays == 1
    assert len(notebook.bundles) > 90
    assert notebook.bundles[0] == {
        "text/plain": "word-count <v1>: queued after 0.0 s",
        "text/html": "<div>word-count &lt;v1&gt;: <b>queued</b> after 0.0 s</div>",
    }
    assert "<b>success</b>" in notebook.bundles[-1]["text/html"]
    assert isinstance(open_display(False), NotebookDisplay)
    assert capsys.readouterr().out == ""


def test_output_of_a_notebook_that_is_redirected_gets_lines(monkeypatch: pytest.MonkeyPatch, notebook: Shown) -> None:
    stream = io.StringIO()
    set_stdout(monkeypatch, stream)
    wait(BUILD, monkeypatch)
    assert notebook.bundles == []
    assert stream.getvalue().startswith("word-count v1: queued after 0.0 s\n")


def test_a_process_of_a_kernel_that_runs_no_ipython_gets_lines(
    monkeypatch: pytest.MonkeyPatch, notebook: Shown
) -> None:
    sys.modules["IPython"].get_ipython = lambda: None  # type: ignore[attr-defined]
    assert isinstance(open_display(False), LineDisplay)
    monkeypatch.delitem(sys.modules, "IPython")
    assert isinstance(open_display(False), LineDisplay)


def test_quiet_shows_nothing_in_a_notebook(monkeypatch: pytest.MonkeyPatch, notebook: Shown) -> None:
    wait(BUILD, monkeypatch, quiet=True)
    assert notebook.bundles == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1e-9, "0.0 s"),
        (0, "0.0 s"),
        (4.25, "4.2 s"),
        (9.99, "10.0 s"),
        (10.9, "10 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (725, "12 min 5 s"),
        (3600, "1 h 0 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text

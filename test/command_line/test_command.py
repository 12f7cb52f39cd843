"""``python -m ubiops``: arguments, help, exit status, and how its output looks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ubiops
from ubiops._cli import main as command
from ubiops._cli.output import Output

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = ("version", "config", "check", "run", "emulator")


def run_python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_the_module_runs_the_command() -> None:
    done = run_python("-m", "ubiops", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ubiops {ubiops.__version__}\n", "")


def test_without_a_command_the_help_is_shown(run: Any) -> None:
    result = run()
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("usage: python -m ubiops")


def test_the_help_lists_the_commands(run: Any) -> None:
    result = run("--help")
    assert result.status == 0
    for name in COMMANDS:
        assert f"\n    {name} " in result.out


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("version", ["--json"]),
        ("config", ["--host", "--json"]),
        ("check", ["--project", "--host", "--timeout", "--json"]),
        ("emulator", ["--port", "--data-dir"]),
    ],
)
def test_each_command_has_a_help(run: Any, name: str, options: list[str]) -> None:
    result = run(name, "--help")
    assert result.status == 0
    assert result.out.startswith(f"usage: python -m ubiops {name} [-h]")
    assert "Exit status: 0" in result.text
    assert all(option in result.out for option in options)


def test_the_help_fits_in_80_columns(run: Any) -> None:
    for arguments in (["--help"], *([name, "--help"] for name in COMMANDS)):
        lines = run(*arguments, COLUMNS="80").out.splitlines()
        assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy"],
        ["version", "--text"],
        ["check", "--timeout", "0"],
        ["check", "--timeout", "-1"],
        ["check", "--timeout", "nan"],
        ["check", "--timeout", "soon"],
        ["check", "--project"],
    ],
)
def test_invalid_arguments_have_the_exit_status_2(run: Any, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    assert "error: " in result.err


def test_ctrl_c_ends_it_without_a_traceback(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_run_version", interrupted)
    result = run("version")
    assert (result.status, result.out, result.err) == (130, "", "Interrupted.\n")


@pytest.mark.skipif(os.name != "posix", reason="pipes differ")
def test_a_reader_that_goes_away_is_no_error() -> None:
    shell = f"{sys.executable} -m ubiops config | true"
    done = subprocess.run(
        ["/bin/sh", "-c", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_command_needs_no_extra() -> None:
    extras = ("msgspec", "packaging", "pathspec", "starlette", "tqdm", "uvicorn", "yaml")
    code = (
        "import os, sys\n"
        "os.environ.pop('UBIOPS_JSON', None)\n"
        f"sys.modules.update(dict.fromkeys({extras}))\n"
        "from ubiops._cli.main import main\n"
        "for command in ('version', 'config', 'check'):\n"
        "    main([command, '--json', *(['--host', 'http://127.0.0.1:9'] if command == 'check' else [])])\n"
    )
    done = run_python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["config", "check"])
def test_a_missing_dependency_is_reported_in_one_line(command: str) -> None:
    code = (
        f"import sys; sys.modules['urllib3'] = None; from ubiops._cli.main import main; sys.exit(main(['{command}']))"
    )
    done = run_python("-c", code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "urllib3 is not installed: python -m pip install urllib3\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO) -> str:
    Output(stream).mark("ok", "Token", "it is accepted", 5)
    return stream.getvalue()


def test_a_terminal_gets_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert written(Terminal()) == "\033[32m[ ok ]\033[0m Token  it is accepted\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_can_do_without_color(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert written(Terminal()) == "[ ok ] Token  it is accepted\n"


def test_a_pipe_gets_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert written(io.StringIO()) == "[ ok ] Token  it is accepted\n"


def test_text_is_wrapped_but_addresses_are_not_broken() -> None:
    stream = io.StringIO()
    address = "https://" + "x" * 100
    Output(stream).entry("host", f"words before {address} {'and after ' * 10}", 10)
    lines = stream.getvalue().splitlines()
    assert f"            {address}" in lines
    assert all(len(line) <= 80 for line in lines if address not in line)


def test_a_character_that_the_terminal_lacks_is_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Output(stream).line("naïve")
    stream.flush()
    assert raw.getvalue() == b"na?ve\n"

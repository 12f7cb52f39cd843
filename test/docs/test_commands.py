"""Commands shown in README and docs exist."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ubiops.emulator
from ubiops._cli.check import NAMES
from ubiops.emulator import control  # noqa: F401 - registers its paths
from ubiops.emulator.__main__ import DEFAULT_PORT
from ubiops.emulator.core.handlers import EXTRA_ROUTES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for shell in re.findall(r"^ *```sh\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            lines = [line.partition("#")[0].strip() for line in shell.splitlines()]
            found += [(page.name, line) for line in lines if line]
    return found


def check_make(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), target


def check_variable(name: str) -> None:
    assert name in ("UBIOPS_API_TOKEN", "UBIOPS_API_HOST", "UBIOPS_LOG")


def check_install(arguments: str) -> None:
    known = re.findall(r'^ {8}"(\w+)": \[', (ROOT / "setup.py").read_text(encoding="utf-8"), re.MULTILINE)
    for extras in re.findall(r"\[([\w,]+)\]", arguments):
        assert set(extras.split(",")) <= set(known)
    for file in re.findall(r"--requirement (\S+)", arguments):
        assert (ROOT / file).is_file()


def check_pytest(arguments: str) -> None:
    for path in re.findall(r"(?:^| |=)(test\S*)", arguments):
        assert (ROOT / path).exists()


def check_emulator(arguments: str) -> None:
    command = [sys.executable, "-m", "ubiops.emulator", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    for option in re.findall(r"--[\w-]+", arguments):
        assert option in shown


def check_command(arguments: str) -> None:
    command, *options = arguments.split()
    done = subprocess.run(
        [sys.executable, "-m", "ubiops", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for option in options:
        assert not option.startswith("-") or option in done.stdout


def check_module(arguments: str) -> None:
    assert arguments.split()[0] in ("build", "twine")


def check_tool(arguments: str) -> None:
    requirements = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert re.search(rf"^{arguments.split()[0]}\b", requirements, re.MULTILINE)


def check_curl(arguments: str) -> None:
    found = re.search(r"http://127\.0\.0\.1:\d+(/_emulator/\w+)$", arguments)
    assert found, arguments
    assert found[1] in {route.path for route in EXTRA_ROUTES}


def check_nothing(arguments: str) -> None:
    """Accepts commands of the system or of Python itself."""


CHECKS = {
    r"make (\w+)": check_make,
    r"export (\w+)=\S.*": check_variable,
    r"python3 -m venv (\S+)": check_nothing,
    r"\S*python -m pip install (.+)": check_install,
    r"\S*python -m pytest (.+)": check_pytest,
    r"python -m ubiops\.emulator(.*)": check_emulator,
    r"python -m ubiops (\w+.*)": check_command,
    r"kill (\$!)": check_nothing,
    r"python -m ((?:build|twine)\b.*)": check_module,
    r"\.venv/bin/((?:pre-commit) .+)": check_tool,
    r"git ((?:tag|push|pull).*)": check_nothing,
    r"\S*python -m pip uninstall (ubiops)": check_nothing,
    r"curl (.*)": check_curl,
}


@pytest.mark.parametrize(("page", "command"), commands())
def test_command_exists(page: str, command: str) -> None:
    for pattern, check in CHECKS.items():
        found = re.fullmatch(pattern, command)
        if found:
            check(found[1])
            return
    pytest.fail(f"{page} shows an unknown command: {command}")


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_documented_options_of_a_command_exist(command: str) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {command.capitalize()}\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(?:-\w FILE`, `)?(--[\w-]+)", section, re.MULTILINE))
    shown = subprocess.run(
        [sys.executable, "-m", "ubiops", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert documented == set(re.findall(r"^  (?:-\w FILE, )?(--[\w-]+)", shown, re.MULTILINE))


def test_the_port_of_the_emulator_is_documented() -> None:
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    assert f"port {DEFAULT_PORT} by default" in page
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", page)) == {str(DEFAULT_PORT)}


def test_the_steps_of_the_check_are_documented() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert re.findall(r"^\[[\w ]{4}\] (\w+(?: \w+)?)  ", page, re.MULTILINE)[: len(NAMES)] == list(NAMES)
    assert all(f"\n| {name} | " in page for name in NAMES)


def test_the_extras_and_what_they_add_are_documented() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    extras = dict(re.findall(r'^ {8}"(\w+)": \[(.*?)\]', setup, re.DOTALL | re.MULTILINE))
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| ([\w, .-]+) \|", page, re.MULTILINE))
    assert {name: set(re.findall(r'"([\w-]+)', packages)) for name, packages in extras.items()} == {
        name: set(packages.split(", ")) for name, packages in table.items()
    }


def test_the_documented_options_of_the_emulator_exist() -> None:
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`--.*?) \| (`.*?) \|", page, re.MULTILINE)
    options = {option for row in table for option in re.findall(r"--[\w-]+", row[0])}
    parameters = {name for row in table for name in re.findall(r"\w+", row[1])}
    command = [sys.executable, "-m", "ubiops.emulator", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert options == set(re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE))
    taken = inspect.signature(ubiops.emulator.start).parameters
    assert parameters == set(taken)

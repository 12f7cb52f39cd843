"""Type checkers see in users' code what is there: the right types, and the mistakes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = Path(__file__).resolve().parent / "samples"
USER_CODE, MISTAKES = SAMPLES / "user_code.py", SAMPLES / "mistakes.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside the source tree, so that checkers use the installed package."""
    for sample in (USER_CODE, MISTAKES):
        shutil.copy(sample, tmp_path)
    return tmp_path


def source_path() -> str:
    """Where checkers have to look for a package that is not installed as a wheel."""
    installed = Path(sysconfig.get_paths()["purelib"]) / "ubiops" / "py.typed"
    return "" if installed.exists() else str(ROOT)


def run(*command: str, folder: Path) -> str:
    environment = {**os.environ, "MYPYPATH": source_path()}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, timeout=110, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(sample: Path, folder: Path) -> tuple[dict[int, str], set[int]]:
    """The types that mypy reveals, and the lines with errors."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "--cache-dir=.cache"]
    printed = run(*command, sample.name, folder=folder)
    revealed, errors = {}, set()
    for line, kind, text in re.findall(r"^[^:\n]+\.py:(\d+): (note|error): (.*)$", printed, re.MULTILINE):
        found = re.fullmatch(r'Revealed type is "(.*)"', text)
        if found:
            revealed[int(line)] = simple(found[1])
        elif kind == "error":
            errors.add(int(line))
    return revealed, errors


def pyright(sample: Path, folder: Path) -> tuple[dict[int, str], set[int]]:
    """The types that pyright reveals, and the lines with errors."""
    settings: dict[str, Any] = {"typeCheckingMode": "strict", "reportUnusedExpression": "none"}
    if source_path():
        settings["extraPaths"] = [source_path()]
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    revealed, errors = {}, set()
    for message in json.loads(run(*command, sample.name, folder=folder))["generalDiagnostics"]:
        line = message["range"]["start"]["line"] + 1
        found = re.fullmatch(r'Type of "(?:.*)" is "(.*)"', message["message"], re.DOTALL)
        if found:
            revealed[line] = simple(found[1])
        elif message["severity"] == "error":
            errors.add(line)
    return revealed, errors


def simple(shown: str) -> str:
    """A type in one form, whichever checker shows it."""
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", shown)
    text = re.sub(r"Union\[([^\[\]]+), None\]", r"\1 | None", text)
    # AsyncResult is another name for ApplyResult.
    return text.replace("ApplyResult", "AsyncResult")


def expected_types() -> dict[int, str]:
    """The types in the comments of the sample, by the lines of the expressions."""
    lines = USER_CODE.read_text(encoding="utf-8").splitlines()
    found = {}
    for number, line in enumerate(lines, 1):
        if "reveal_type(" in line or lines[number - 2].strip() == "reveal_type(":
            _, comment, text = line.partition("  # ")
            if comment:
                found[number] = text
    return found


def expected_errors() -> set[int]:
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("  # error")}


CHECKERS = pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)


@CHECKERS
def test_types_are_found(checker: Any, folder: Path) -> None:
    revealed, errors = checker(USER_CODE, folder)
    assert revealed == expected_types()
    assert errors == set()


@CHECKERS
def test_mistakes_are_found(checker: Any, folder: Path) -> None:
    _, errors = checker(MISTAKES, folder)
    assert errors == expected_errors()

"""`.ci/check.py` chooses the environments of tox and counts tests."""

from __future__ import annotations

import configparser
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK: dict[str, Any] = runpy.run_path(str(ROOT / ".ci" / "check.py"))
ALL = ("3.9", "3.10", "3.11", "3.12", "3.13")


def chosen(versions: tuple[str, ...], here: str) -> tuple[list[str], str]:
    names, fast = CHECK["environments"](dict.fromkeys(versions, "python"), here)
    return names, fast


@pytest.mark.parametrize("here", ALL)
def test_every_python_runs_the_suite_once(here: str) -> None:
    names, fast = chosen(ALL, here)
    suites = [name for name in names if name.startswith("py3")]
    others = {f"py{version.replace('.', '')}" for version in ALL if version not in (here, fast, ALL[0])}
    assert sorted(suites) == sorted(others)
    assert {"coverage", "lowest", "fast"} < set(names)
    assert fast != here


def test_a_single_python_is_enough() -> None:
    names, fast = chosen(("3.12",), "3.12")
    assert fast == "3.12"
    assert not [name for name in names if name.startswith("py3")]


def test_every_environment_exists_and_runs() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    names, _ = chosen(ALL, "3.11")
    assert {name for name in names if not name.startswith("py3")} == {
        section.partition(":")[2] for section in tox.sections() if ":" in section
    }
    listed = {name.strip() for name in tox["tox"]["env_list"].split(",")}
    assert set(names) <= listed


def test_the_interpreter_that_runs_is_found() -> None:
    here = CHECK["version_of"](sys.executable)
    assert CHECK["find_pythons"]()[here] == sys.executable


def test_a_python_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    broken = tmp_path / "python3.9"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert CHECK["version_of"](str(broken)) is None


def test_tests_are_counted(tmp_path: Path) -> None:
    report = tmp_path / "py311.xml"
    report.write_text(
        '<testsuites><testsuite tests="10" failures="1" errors="2" skipped="3"/>'
        '<testsuite tests="5" failures="0" errors="0" skipped="0"/></testsuites>'
    )
    assert CHECK["count"](report) == (9, 3)


@pytest.mark.parametrize(("version", "whole"), [("2.8.0", False), ("2.9.0b1", True), ("3.0.0.dev4", True)])
def test_the_transport_is_tested_whole_with_a_pre_release(version: str, whole: bool) -> None:
    suite = runpy.run_path(str(ROOT / ".ci" / "urllib3_pre.py"))["suite"](version)
    assert ("test/faults" in suite) is whole
    assert all((ROOT / path).exists() for path in suite)

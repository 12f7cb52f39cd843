"""The output for a small description with every feature matches reviewed files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from generator.generate import generate
from generator.render import MARKER

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DESCRIPTION = HERE / "golden" / "description" / "openapi.yaml"
EXPECTED = HERE / "golden" / "expected"
KEPT = sorted(
    path.relative_to(EXPECTED).as_posix() for path in EXPECTED.rglob("*.*") if "__pycache__" not in path.parts
)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return generate(DESCRIPTION)


def test_the_files_are_those_that_are_kept(files: dict[str, str]) -> None:
    assert sorted(files) == KEPT


@pytest.mark.parametrize("path", KEPT)
def test_a_file_is_as_it_was_kept(path: str, files: dict[str, str]) -> None:
    assert files[path] == (EXPECTED / path).read_bytes().decode("utf-8")


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_output_is_the_same_in_every_run(seed: str) -> None:
    """In separate processes, with other orders of sets, and from another working
    directory.
    """
    command = [
        sys.executable,
        "-m",
        "generator",
        "--check",
        "--description",
        str(DESCRIPTION),
        "--output",
        str(EXPECTED),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "LANG": "C"}
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_output_is_the_same_wherever_temporary_files_are(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ruff excludes folders of some names by default."""
    (tmp_path / "build").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "build"))
    assert generate(DESCRIPTION) == files


def test_the_output_works(tmp_path: Path) -> None:
    """The generated code runs on top of the hand-written part of the library."""
    package = tmp_path / "ubiops"
    shutil.copytree(ROOT / "ubiops", package, ignore=shutil.ignore_patterns("__pycache__", "emulator"))
    for path in package.rglob("*.py*"):
        if MARKER in path.read_text(encoding="utf-8"):
            path.unlink()
    ignored = shutil.ignore_patterns("__pycache__", "emulator")
    shutil.copytree(EXPECTED / "ubiops", package, ignore=ignored, dirs_exist_ok=True)
    shutil.copy(HERE / "golden" / "use.py", tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        # The package has no emulator.
        "-p",
        "no:ubiops_emulator",
        "--rootdir",
        ".",
        "use.py",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""The command writes the generated files, and `--check` lists outdated ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.classes import render_classes
from generator.generate import FOLDERS, compare, generate
from generator.render import MARKER

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DESCRIPTION = HERE / "golden" / "description" / "openapi.yaml"


@pytest.fixture
def output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with all that is generated."""
    assert run(tmp_path) == 0
    capsys.readouterr()
    return tmp_path


def run(output: Path, *options: str) -> int:
    return main(["--description", str(DESCRIPTION), "--output", str(output), *options])


def test_what_was_written_is_up_to_date(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(output, "--check") == 0
    assert run(output) == 0
    assert capsys.readouterr().out == ""


def test_check_names_each_file_that_differs_is_missing_or_is_stale(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (output / "ubiops/models/book.py").write_text("# other\n", encoding="utf-8")
    (output / "docs/api/books.md").unlink()
    (output / "docs/models/Lid.md").write_text(f"<!-- {MARKER} -->\n", encoding="utf-8")
    (output / "ubiops/models/lid.py").write_text(f"# {MARKER}\n", encoding="utf-8")
    (output / "ubiops/models/by_hand.py").write_text("# Written by hand.\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in output.rglob("*.*")}
    assert run(output, "--check") == 1
    assert capsys.readouterr().out.splitlines() == [
        "docs/api/books.md is missing",
        "ubiops/models/book.py is not up to date",
        "docs/models/Lid.md is stale: nothing generates it any more",
        "ubiops/models/lid.py is stale: nothing generates it any more",
        "4 files are not up to date; run: python -m generator",
    ]
    assert {path: path.read_bytes() for path in output.rglob("*.*")} == before
    assert run(output) == 0
    assert capsys.readouterr().out.splitlines() == [
        "docs/api/books.md: written",
        "ubiops/models/book.py: written",
        "docs/models/Lid.md: removed",
        "ubiops/models/lid.py: removed",
    ]
    assert run(output, "--check") == 0
    assert (output / "ubiops/models/by_hand.py").is_file()


@pytest.mark.parametrize("change", [b"\n", b" ", b"\r"])
def test_one_byte_is_a_difference(output: Path, change: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with (output / "ubiops/emulator/openapi.json").open("ab") as file:
        file.write(change)
    assert run(output, "--check") == 1
    assert capsys.readouterr().out.startswith("ubiops/emulator/openapi.json is not up to date\n")


def test_every_file_says_that_it_is_generated(output: Path) -> None:
    for path in output.rglob("*.*"):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert path.suffix == ".json" or first in (f"# {MARKER}", f"<!-- {MARKER} -->"), path


def test_everything_is_written_where_stale_files_are_looked_for(output: Path) -> None:
    for path in output.rglob("*.*"):
        assert any((output / folder) in path.parents for folder in FOLDERS), path


def test_the_repository_is_up_to_date() -> None:
    files = {**generate(ROOT / "openapi" / "openapi.yaml", ROOT), **render_classes(ROOT)}
    assert compare(files, ROOT) == []


def test_the_module_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "generator", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

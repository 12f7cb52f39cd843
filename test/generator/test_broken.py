"""Errors of an invalid description have its location, the problem and advice."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.errors import DescriptionError
from generator.generate import generate
from generator.load import read_pointer
from generator.strict_yaml import read_yaml

HERE = Path(__file__).resolve().parent / "broken"
BASE = read_yaml(HERE / "base.yaml", "base.yaml")
FILES = read_yaml(HERE / "files.yaml", "files.yaml")
TABLES = sorted(path for path in HERE.glob("*.yaml") if path.stem not in ("base", "files"))
CASES = [
    pytest.param(case, id=f"{path.stem}-{name}") for path in TABLES for name, case in read_yaml(path, path.name).items()
]


def put(folder: Path, description: dict[str, Any]) -> Path:
    """Writes the files of a description, and returns the root file."""
    root = {**copy.deepcopy(description)}
    files: dict[str, Any] = {}
    if isinstance(root.get("paths"), dict):
        files["paths/boxes.yaml"] = root.pop("paths")
    if isinstance(root.get("components"), dict):
        for section in ("schemas", "parameters"):
            if section in root["components"]:
                files[f"{section}/boxes.yaml"] = root["components"].pop(section)
    for name, content in {"openapi.yaml": root, **files}.items():
        path = folder / "openapi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return folder / "openapi" / "openapi.yaml"


def changed(description: Any, change: dict[str, Any]) -> Any:
    """The description with another value at a place; ``-`` stands for the end of a
    list, and no value for removal.
    """
    *way, last = read_pointer(change["at"])
    place = description
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key: Any = last
    if isinstance(place, list):
        key = len(place) if last == "-" else int(last)
    if "to" not in change:
        del place[key]
    elif isinstance(place, list):
        place[key : key + 1] = [change["to"]]
    else:
        place[key] = change["to"]
    return description


def test_the_base_of_the_changes_is_valid(tmp_path: Path) -> None:
    assert generate(put(tmp_path, BASE))


def test_a_model_of_one_generation_needs_no_operation(tmp_path: Path) -> None:
    """It keeps its name when the other generation returns a model that replaces it."""
    description = copy.deepcopy(BASE)
    description["components"]["schemas"]["Lid"] = {
        "type": "object",
        "description": "A lid.",
        "x-generations": ["v2.1"],
        "properties": {"name": {"type": "string", "description": "Name.", "x-generations": ["v2.1"]}},
        "example": {"name": "red"},
    }
    assert "red" in generate(put(tmp_path, description))["docs/models/Lid.md"]


@pytest.mark.parametrize("case", CASES)
def test_a_change_that_breaks_the_description_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    description = put(tmp_path, changed(copy.deepcopy(BASE), case))
    with pytest.raises(DescriptionError) as caught:
        generate(description)
    assert str(caught.value) == case["error"].rstrip("\n")


@pytest.mark.parametrize("case", FILES.values(), ids=FILES)
def test_files_that_can_not_be_read_are_refused(case: dict[str, Any], tmp_path: Path) -> None:
    for name, text in case["files"].items():
        path = tmp_path / "openapi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DescriptionError) as caught:
        generate(tmp_path / "openapi" / "openapi.yaml")
    assert str(caught.value) == case["error"].rstrip("\n")


def test_a_root_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        generate(tmp_path / "openapi" / "openapi.yaml")
    assert str(caught.value) == (
        "openapi/openapi.yaml: the file can't be read: No such file or directory\n  what to do: correct the path"
    )


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "openapi").mkdir()
    (tmp_path / "openapi" / "openapi.yaml").write_bytes(b'openapi: "\xe9"\n')
    with pytest.raises(DescriptionError) as caught:
        generate(tmp_path / "openapi" / "openapi.yaml")
    assert str(caught.value) == (
        "openapi/openapi.yaml: the file is not UTF-8: invalid continuation byte\n  what to do: save it as UTF-8"
    )


def test_the_command_reports_the_error_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    description = put(tmp_path, {**BASE, "openapi": "3.0.0"})
    assert main(["--description", str(description), "--output", str(tmp_path / "output")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "openapi/openapi.yaml#/openapi: version 3.0.0 of OpenAPI\n  what to do: write OpenAPI 3.1\n"
    assert not (tmp_path / "output").exists()

"""A description that can't be generated from is refused with its place, what is wrong there, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.errors import DescriptionError
from generator.generate import generate
from generator.load import read_pointer
from generator.samples import Samples
from generator.strict_yaml import read_yaml

HERE = Path(__file__).resolve().parent / "broken"
BASE = HERE / "base.yaml"
CHANGES = sorted(HERE.glob("changes/*.yaml"))
FILES = sorted(path for path in HERE.glob("files/*") if path.is_dir())


def put(folder: Path, description: Any) -> Path:
    path = folder / "openapi" / "openapi.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(description), encoding="utf-8")
    return path


def changed(description: Any, change: dict[str, Any]) -> Any:
    """The description with another value at a place; ``-`` stands for the end of a list, and no value for removal."""
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


def test_the_base_of_the_changes_is_right(tmp_path: Path) -> None:
    assert generate(put(tmp_path, read_yaml(BASE, "base.yaml")), Samples())


@pytest.mark.parametrize("path", CHANGES, ids=lambda path: path.stem)
def test_a_change_that_breaks_the_description_is_told(path: Path, tmp_path: Path) -> None:
    change = read_yaml(path, path.name)
    description = put(tmp_path, changed(read_yaml(BASE, "base.yaml"), change))
    with pytest.raises(DescriptionError) as caught:
        generate(description, Samples())
    assert str(caught.value) == change["error"]


@pytest.mark.parametrize("folder", FILES, ids=lambda path: path.name)
def test_files_that_can_not_be_read_are_told(folder: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        generate(folder / "openapi" / "openapi.yaml", Samples())
    assert f"{caught.value}\n" == (folder / "error.txt").read_text(encoding="utf-8")


def test_the_command_tells_the_error_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    description = put(tmp_path, {**read_yaml(BASE, "base.yaml"), "openapi": "3.0.0"})
    assert main(["--description", str(description), "--output", str(tmp_path / "output")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "openapi/openapi.yaml#/openapi: version 3.0.0 of OpenAPI\n  what to do: write OpenAPI 3.1\n"
    assert not (tmp_path / "output").exists()

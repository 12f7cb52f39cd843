"""The emulator's copy of the description has no prose, and a line per component."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.build_ir import build_ir
from generator.compact import compact, without_prose
from generator.load import load

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = load(ROOT / "openapi" / "openapi.yaml")


@pytest.fixture(scope="module")
def text() -> str:
    return compact(DOCUMENT.content, [route.path for route in build_ir(DOCUMENT).routes])


def test_each_operation_and_each_component_has_a_line(text: str) -> None:
    content = json.loads(text)
    lines = [
        json.loads(f"{{{line.rstrip(',')}}}") for line in text.split("\n") if line.startswith('"') and line[-1] != "{"
    ]
    found: dict[str, Any] = {}
    for line in lines:
        found.update(line)
    operations = [operation for item in content["paths"].values() for operation in item.values()]
    assert len(lines) == 5 + len(operations) + sum(len(section) for section in content["components"].values())
    for section in content["components"].values():
        for name in section:
            assert name in found


def test_everything_that_validation_needs_is_kept(text: str) -> None:
    content = json.loads(text)
    assert set(content["paths"]) == set(DOCUMENT.content["paths"])
    for name, schema in DOCUMENT.content["components"]["schemas"].items():
        small = content["components"]["schemas"][name]
        assert list(small["properties"]) == list(schema["properties"])
        assert small.get("required") == schema.get("required")
        for field, given in schema["properties"].items():
            kept = {k: v for k, v in given.items() if k not in ("description", "deprecated", "x-declared-type")}
            assert small["properties"][field] == kept


def test_names_are_kept_even_if_they_are_keywords() -> None:
    schema = {
        "description": "Prose.",
        "properties": {
            "description": {"type": "string", "description": "Prose."},
            "example": {"default": {"summary": 1}},
        },
        "required": ["description"],
        "enum": [{"description": "data"}],
    }
    assert without_prose(schema) == {
        "properties": {"description": {"type": "string"}, "example": {"default": {"summary": 1}}},
        "required": ["description"],
        "enum": [{"description": "data"}],
    }

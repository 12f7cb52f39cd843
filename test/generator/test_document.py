"""Split files become one document, whose parts know where they came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.load import load, read_pointer, write_pointer
from generator.strict_yaml import read_yaml

HERE = Path(__file__).resolve().parent
DESCRIPTION = HERE / "golden" / "description" / "openapi.yaml"


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/info/title", "description/openapi.yaml#/info/title"),
        ("/paths/~1rooms/get/responses/200", "description/paths/rooms.yaml#/rooms/get/responses/200"),
        ("/components/schemas/Book/properties/id", "description/schemas/books.yaml#/Book/properties/id"),
        ("/components/parameters/Shelf", "description/parameters.yaml#/Shelf"),
    ],
)
def test_a_part_knows_its_place(pointer: str, place: str) -> None:
    assert load(DESCRIPTION).place(read_pointer(pointer)) == place


def test_references_lead_to_components_of_the_document() -> None:
    content = load(DESCRIPTION).content
    listed = content["paths"]["/shelves/{shelf}/books"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert listed["items"] == {"$ref": "#/components/schemas/Book"}
    assert content["components"]["schemas"]["BookCreate"]["properties"]["cover"] == {
        "$ref": "#/components/schemas/Cover",
        "description": "Cover of the book.",
    }


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "openapi.yaml"


def test_a_reference_may_lead_to_what_a_component_refers_to(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        openapi='components: {schemas: {Box: {$ref: "boxes.yaml#/Box"}, Lid: {$ref: "boxes.yaml#/Lid"}}}',
        boxes='Box: {properties: {lid: {$ref: "#/Lid"}}}\nLid: {type: object}',
    )
    assert load(root).content["components"]["schemas"]["Box"]["properties"] == {
        "lid": {"$ref": "#/components/schemas/Lid"}
    }


def test_examples_and_defaults_are_data(tmp_path: Path) -> None:
    """What looks like a reference in them is none, but a property of such a name is a schema."""
    root = write(
        tmp_path,
        openapi="""
            components:
              schemas:
                Box:
                  default: {$ref: nowhere}
                  properties:
                    value: {$ref: "#/components/schemas/Lid"}
                    default: {$ref: "#/components/schemas/Lid"}
                    examples: {enum: [{$ref: nowhere}]}
                Lid: {$ref: "boxes.yaml#/Lid"}
        """,
        boxes="Lid: {example: {$ref: nowhere}}",
    )
    box = load(root).content["components"]["schemas"]["Box"]
    assert box["properties"]["value"] == {"$ref": "#/components/schemas/Lid"}
    assert box["default"] == {"$ref": "nowhere"}


@pytest.mark.parametrize(
    "text", ["NO", "yes", "on", "2024-03-05", "12:30", "0x1f", "1_000", "010", "=", "<<", ".5", "True"]
)
def test_plain_text_stays_text(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"key: {text}\n", encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml", "a.yaml") == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e3", 1e3),
    ],
)
def test_values_of_json_are_read(text: str, value: object, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"key: {text}\n", encoding="utf-8")
    read = read_yaml(tmp_path / "a.yaml", "a.yaml")["key"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("parts", [(), ("a",), ("a/b", "c~d", "~1"), ("", "0")])
def test_pointers(parts: tuple[str, ...]) -> None:
    assert read_pointer(write_pointer(parts)) == parts

"""The files of a description become one document, whose parts know their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import DescriptionError
from generator.load import load, read_pointer, write_pointer
from generator.strict_yaml import read_yaml

HERE = Path(__file__).resolve().parent
DESCRIPTION = HERE / "golden" / "description" / "openapi.yaml"


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/info/title", "description/openapi.yaml#/info/title"),
        ("/paths/~1rooms/get/responses/200", "description/paths/reading_rooms.yaml#/~1rooms/get/responses/200"),
        ("/components/schemas/Book/properties/id", "description/schemas/books.yaml#/Book/properties/id"),
        ("/components/parameters/Shelf", "description/parameters.yaml#/Shelf"),
        (
            "/paths/~1shelves~1{shelf}~1books/post/responses/404",
            "description/openapi.yaml#/x-common-responses/404",
        ),
    ],
)
def test_a_part_knows_where_it_was_written(pointer: str, place: str) -> None:
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


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "openapi.yaml"


def test_components_are_collected_from_all_their_files(tmp_path: Path) -> None:
    files = {
        "openapi.yaml": "openapi: 3.1.0",
        "schemas.yaml": "Lid: {type: object}",
        "schemas/boxes.yaml": 'Box: {properties: {lid: {$ref: "#/components/schemas/Lid"}}}',
        "parameters/boxes.yaml": "Box: {name: box}",
        "parameters.yaml": "Lid: {name: lid}",
    }
    components = load(write(tmp_path, files)).content["components"]
    assert list(components["schemas"]) == list(components["parameters"]) == ["Box", "Lid"]
    assert components["schemas"]["Box"]["properties"] == {"lid": {"$ref": "#/components/schemas/Lid"}}
    assert components["responses"] == {}


@pytest.mark.parametrize(
    ("path", "operation", "statuses"),
    [
        ("/boxes/{box}", "{responses: {'200': {}}}", ["200", "401", "403", "404", "500"]),
        ("/boxes/{box}", "{responses: {'404': {description: Mine.}}}", ["401", "403", "404", "500"]),
        ("/boxes", "{responses: {'204': {}, '400': {}}}", ["204", "400", "401", "403", "500"]),
        ("/boxes/{box}", "{security: [], responses: {'200': {}}}", ["200", "404", "500"]),
    ],
)
def test_common_responses_are_added_where_they_can_occur(
    path: str, operation: str, statuses: list[str], tmp_path: Path
) -> None:
    common = "".join(f"  '{status}': {{description: Common.}}\n" for status in (401, 403, 404, 500))
    files = {"openapi.yaml": f"x-common-responses:\n{common}", "paths/boxes.yaml": f"{path}: {{get: {operation}}}"}
    found = load(write(tmp_path, files)).content["paths"][path]["get"]
    assert found["tags"] == ["boxes"]
    assert list(found["responses"]) == statuses
    assert ("Mine" in operation) == (found["responses"].get("404") == {"description": "Mine."})


def test_an_anchor_may_be_used_by_several_operations(tmp_path: Path) -> None:
    files = {
        "openapi.yaml": "x-common-responses: {'500': {description: Common.}}",
        "paths/boxes.yaml": "/a: {get: &same {responses: {}}}\n/b: {get: *same}",
    }
    paths = load(write(tmp_path, files)).content["paths"]
    assert paths["/a"] == paths["/b"] == {"get": {"tags": ["boxes"], "responses": {"500": {"description": "Common."}}}}


def test_examples_and_defaults_are_data(tmp_path: Path) -> None:
    """A property named like such a keyword is a schema nevertheless."""
    schemas = """
        Box:
          default: {$ref: nowhere}
          properties:
            value: {$ref: "#/components/schemas/Lid"}
            default: {$ref: "#/components/schemas/Lid"}
            examples: {enum: [{$ref: nowhere}]}
        Lid: {example: {$ref: nowhere}}
    """
    document = load(write(tmp_path, {"openapi.yaml": "openapi: 3.1.0", "schemas.yaml": schemas}))
    assert document.content["components"]["schemas"]["Box"]["default"] == {"$ref": "nowhere"}
    (tmp_path / "schemas.yaml").write_text(schemas.replace('default: {$ref: "#/', 'default: {$ref: "#/no/'))
    with pytest.raises(DescriptionError, match="'#/no/components/schemas/Lid' is not a reference"):
        load(tmp_path / "openapi.yaml")


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

"""Examples show everything, and their dates and ids are valid.

The generator refuses a body without an example and an example that breaks its schema,
but does not check formats.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

# Models whose fields depend on the kind of object that they belong to.
POLYMORPHIC = {"PipelineVersionObjectConfigurationList"}
FORMATS = FormatChecker(["date", "date-time", "uuid"])


def errors(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole, format_checker=FORMATS).iter_errors(value)]


def missing(schemas: dict[str, Any], schema: dict[str, Any], value: Any, place: str = "") -> list[str]:
    """Returns the fields of models that a value leaves out.

    A polymorphic model is not asked for: no value of it has all fields.
    """
    for choice in schema.get("anyOf", ()):
        if "$ref" in choice and value is not None:
            return missing(schemas, choice, value, place)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = schemas[name]
        if name in POLYMORPHIC or (value == {} and not schema.get("required")):
            return []
    if isinstance(value, list):
        return [found for item in value for found in missing(schemas, schema.get("items", {}), item, place + "[]")]
    found = []
    for name, field in schema.get("properties", {}).items():
        if name not in value:
            found.append(f"{place}.{name}")
        else:
            found += missing(schemas, field, value[name], f"{place}.{name}")
    return found


def test_examples_are_valid(document: dict[str, Any], operation: Any) -> None:
    for media in operation.media:
        for name, example in media["examples"].items():
            assert errors(document, media["schema"], example["value"]) == [], name
    for parameter in operation.item["parameters"]:
        assert errors(document, parameter["schema"], parameter["example"]) == [], parameter["name"]


def test_names_of_examples_are_words(operation: Any) -> None:
    for media in operation.media:
        assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in media["examples"])


def test_response_examples_show_every_field(schemas: dict[str, Any], operation: Any) -> None:
    for media in operation.success[1].get("content", {}).values():
        left_out = [set(missing(schemas, media["schema"], one["value"])) for one in media["examples"].values()]
        assert set.intersection(*left_out) == set()


@pytest.mark.parametrize("model", sorted(POLYMORPHIC))
def test_examples_of_a_polymorphic_model_show_every_field_between_them(
    schemas: dict[str, Any], all_operations: dict[str, Any], model: str
) -> None:
    shown: set[str] = set()
    for operation in all_operations.values():
        for media in operation.success[1].get("content", {}).values():
            for example in media["examples"].values():
                shown |= fields_shown(schemas, media["schema"], example["value"], model)
    assert set(schemas[model]["properties"]) - shown == set()


def fields_shown(schemas: dict[str, Any], schema: dict[str, Any], value: Any, model: str) -> set[str]:
    """Returns the fields of a model that a value shows anywhere."""
    if isinstance(value, list):
        return set().union(*(fields_shown(schemas, schema.get("items", {}), item, model) for item in value))
    if not isinstance(value, dict):
        return set()
    reference = schema.get("$ref") or next((one["$ref"] for one in schema.get("anyOf", ()) if "$ref" in one), None)
    if reference is None:
        return set()
    name = reference.rpartition("/")[2]
    properties = schemas[name]["properties"]
    inner = [fields_shown(schemas, field, value.get(key), model) for key, field in properties.items()]
    return set().union(*inner, value if name == model else ())


def test_every_choice_of_form_fields_has_an_example(operation: Any) -> None:
    for media in operation.media:
        choices = [set(choice["required"]) for choice in media["schema"].get("anyOf", []) if "required" in choice]
        fields = set().union(*choices)
        shown = [fields & set(example["value"]) for example in media["examples"].values()] if choices else []
        assert all(choice in shown for choice in choices)


@pytest.mark.parametrize(
    ("format_", "wrong"),
    [
        ("date-time", "2020-06-22T18:04:76.123754Z"),
        ("date-time", "2020-06-22"),
        ("date", "2020-06-31"),
        ("uuid", "7c28a2be"),
    ],
)
def test_invalid_formats_are_noticed(format_: str, wrong: str) -> None:
    """The checker silently accepts formats whose package is not installed."""
    assert errors({"components": {}}, {"type": "string", "format": format_}, wrong) != []

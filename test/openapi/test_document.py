"""The description as a document: valid, complete, and split as its README says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# In an example or a default these are data, and mean nothing to OpenAPI.
DATA = ("example", "examples", "default", "enum")


def nodes(node: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document with its place, but for those that are data."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from nodes(item, f"{pointer}/{number}")
    elif isinstance(node, dict):
        yield pointer, node
        for key, value in node.items():
            # A field of a model may be called `default`, so only keywords are left out.
            if key not in DATA or pointer.endswith("/properties"):
                yield from nodes(value, f"{pointer}/{key}")


def references(path: Path) -> list[str]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [node["$ref"] for _, node in nodes(content) if "$ref" in node]


def test_bundled_document_is_valid(document: dict[str, Any]) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_version_address_and_security(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [server["url"] for server in document["servers"]] == ["https://api.ubiops.com/v2.1"]
    [requirement] = document["security"]
    scheme = document["components"]["securitySchemes"][next(iter(requirement))]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")


def test_schemas_are_valid_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_references_are_to_components(source: Path) -> None:
    for path in source.rglob("*.yaml"):
        for reference in references(path):
            assert re.match(r"#/components/(schemas|parameters|responses)/\w+$", reference), (path.name, reference)


def test_every_component_is_used(document: dict[str, Any]) -> None:
    used = {node["$ref"] for _, node in nodes(document) if "$ref" in node}
    for kind in ("schemas", "parameters", "responses"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in used, f"nothing refers to {kind}/{name}"


def test_everything_is_described(document: dict[str, Any]) -> None:
    """Operations, bodies, answers, headers, parameters, schemas and their properties say in sentences what they are."""
    described = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            place = f"{method} {path}"
            described += [(place, operation)]
            described += [(f"{place} {status}", answer) for status, answer in operation["responses"].items()]
            if "requestBody" in operation:
                described += [(f"{place} body", operation["requestBody"])]
    for kind in ("schemas", "parameters", "responses", "securitySchemes"):
        described += [(f"{kind}/{name}", component) for name, component in document["components"][kind].items()]
    for pointer, node in nodes(document):
        if re.search(r"/properties/\w+$|/headers/[\w-]+$", pointer):
            described += [(pointer, node)]
    for place, node in described:
        if "$ref" not in node or "/properties/" in place:
            text = node.get("description", "")
            assert re.search(r"\w{2}.*[.:`]$", text, re.DOTALL), f"{place}: {text!r}"
            assert text == text.strip(), place


def test_operation_has_summary_tag_and_errors(operation: Any) -> None:
    assert operation.item["summary"]
    assert not operation.item["summary"].endswith(".")
    [tag] = operation.item["tags"]
    assert tag in [tag["name"] for tag in operation.document["tags"]]
    assert {"401", "403", "429", "500"} <= set(operation.responses)
    if operation.parameters:
        assert "404" in operation.responses
    if operation.request:
        assert "400" in operation.responses


def test_error_answers_hold_the_error_schema(operation: Any) -> None:
    for status, answer in operation.responses.items():
        if status >= "400":
            [(media_type, content)] = answer["content"].items()
            assert (media_type, content["schema"]) == ("application/json", {"$ref": "#/components/schemas/Error"})


def test_operation_names_the_parameters_of_its_path(operation: Any) -> None:
    path = [parameter for parameter in operation.parameters if parameter["in"] == "path"]
    assert sorted(parameter["name"] for parameter in path) == sorted(re.findall(r"\{(\w+)\}", operation.path))
    assert all(parameter["required"] for parameter in path)


def test_parameters_stand_at_operations_path_ones_first(document: dict[str, Any], operation: Any) -> None:
    assert "parameters" not in document["paths"][operation.path]
    places = [parameter["in"] for parameter in operation.parameters]
    assert places == sorted(places, key=["path", "query"].index)


def test_null_is_a_type(document: dict[str, Any]) -> None:
    """`nullable` was left behind with OpenAPI 3.0."""
    for pointer, node in nodes(document):
        assert "nullable" not in node, pointer
        if isinstance(node.get("enum"), list) and isinstance(node.get("type"), list):
            assert (None in node["enum"]) == ("null" in node["type"]), pointer


def test_required_properties_exist(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert set(schema.get("required", [])) <= set(schema["properties"]), name

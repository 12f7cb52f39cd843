"""Every body has an example, every example is complete and meets its schema, dates and UUIDs included."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(["date-time", "uuid"])

# Where there is more than one way to ask, there is an example of each.
NAMED = {
    "deployments_create": ["structured", "plain_input", "plain", "widgets"],
    "deployment_versions_create": ["python", "instance_type_group", "gpu", "always_on", "ports"],
    "deployment_versions_update": ["rename", "scale"],
    "deployment_environment_variables_copy": ["deployment", "version"],
    "deployment_version_environment_variables_copy": ["deployment", "version"],
    "revisions_file_upload": ["file", "version", "template"],
}


def errors(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole, format_checker=FORMATS).iter_errors(value)]


def missing(document: dict[str, Any], schema: dict[str, Any], value: Any, place: str = "") -> list[str]:
    """The fields of models that a value leaves out. A widget may be an empty object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
        if name == "InputOutputWidgetList" and value == {}:
            return []
    if isinstance(value, list):
        return [found for item in value for found in missing(document, schema["items"], item, place + "[]")]
    found = []
    for field, nested in schema.get("properties", {}).items():
        if field not in value:
            found.append(f"{place}.{field}")
        else:
            found += missing(document, nested, value[field], f"{place}.{field}")
    return found


def test_example_meets_its_schema(document: dict[str, Any], example: Any) -> None:
    assert errors(document, example.schema, example.value) == []


def test_example_is_summed_up(document: dict[str, Any], example: Any) -> None:
    if "/examples/" in example.pointer:
        node: Any = document
        for part in example.pointer.strip("/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        assert node["summary"]
        assert not node["summary"].endswith(".")


def test_example_names_are_words(example: Any) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", example.pointer.rpartition("/")[2])


def test_request_has_an_example(operation: Any) -> None:
    if operation.request:
        assert operation.request[1]["examples"]


def test_parameters_have_an_example(operation: Any) -> None:
    assert all("example" in parameter for parameter in operation.parameters)


def test_responses_have_an_example(operation: Any) -> None:
    for status, answer in operation.responses.items():
        for content in answer.get("content", {}).values():
            assert content["examples"], status


def test_response_example_holds_every_field(document: dict[str, Any], operation: Any) -> None:
    for content in operation.success[1].get("content", {}).values():
        for name, example in content["examples"].items():
            assert missing(document, content["schema"], example["value"]) == [], name


@pytest.mark.parametrize("operation_id", NAMED)
def test_every_way_to_ask_is_shown(operation_id: str, all_operations: dict[str, Any]) -> None:
    assert list(all_operations[operation_id].request[1]["examples"]) == NAMED[operation_id]


def test_variables_of_every_origin_are_shown(all_operations: dict[str, Any]) -> None:
    [variables] = all_operations["deployment_version_environment_variables_list"].success[1]["content"].values()
    shown = [
        variable["inheritance_type"] for example in variables["examples"].values() for variable in example["value"]
    ]
    assert set(shown) == {None, "deployment", "project"}


@pytest.mark.parametrize(
    ("format_", "wrong"),
    [("date-time", "2020-06-22T18:04:76.123754Z"), ("date-time", "2020-06-22"), ("uuid", "7c28a2be")],
)
def test_the_check_sees_a_wrong_format(format_: str, wrong: str) -> None:
    """A checker that lacks a package lets everything pass, and the tests above would say nothing."""
    assert errors({"components": {}}, {"type": "string", "format": format_}, wrong) != []


def test_the_check_sees_a_wrong_value(document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/DeploymentVersionPort"}
    assert errors(document, schema, {"public_port": 0, "deployment_port": 80, "protocol": "tcp"}) != []


@pytest.mark.parametrize(
    ("parts", "accepted"),
    [
        ({"file": "x"}, True),
        ({"source_deployment": "d", "source_version": "v"}, True),
        ({"template_deployment_id": "7c5e2b90-6a1d-4f38-9d04-c1b8a3e7f562"}, True),
        ({}, False),
        ({"source_deployment": "d"}, False),
        ({"source_version": "v"}, False),
        ({"file": "x", "source_version": "v"}, False),
    ],
)
def test_upload_needs_one_source(all_operations: dict[str, Any], parts: dict[str, str], accepted: bool) -> None:
    operation = all_operations["revisions_file_upload"]
    found = errors(operation.document, operation.request[1]["schema"], parts)
    assert (found == []) is accepted


@pytest.mark.parametrize("name", ["A", "DATABASE_PASSWORD", "a_b", "Ab"])
def test_names_of_variables_that_are_accepted(document: dict[str, Any], name: str) -> None:
    variable = {"name": name, "value": "", "secret": False}
    assert errors(document, {"$ref": "#/components/schemas/EnvironmentVariableCreate"}, variable) == []


@pytest.mark.parametrize("name", ["", "_a", "a_", "_", "A1", "a-b", "a b", "é", "a" * 65])
def test_names_of_variables_that_are_refused(document: dict[str, Any], name: str) -> None:
    variable = {"name": name, "value": "", "secret": False}
    assert errors(document, {"$ref": "#/components/schemas/EnvironmentVariableCreate"}, variable) != []

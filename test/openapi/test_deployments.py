"""What is special about the area `deployments`: sources, names, examples."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

# Each way to make one of these requests has an example.
EXAMPLES = {
    "deployments_create": ["structured", "plain_input", "plain", "widgets"],
    "deployment_versions_create": ["python", "instance_type_group", "gpu", "always_on", "health_check", "ports"],
    "deployment_versions_update": ["rename", "scale"],
    "deployment_environment_variables_copy": ["deployment", "version"],
    "deployment_version_environment_variables_copy": ["deployment", "version"],
}


def is_valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator({**schema, "components": document["components"]}).is_valid(value)


@pytest.mark.parametrize("operation_id", EXAMPLES)
def test_every_way_to_make_a_request_is_shown(operation_id: str, all_operations: dict[str, Any]) -> None:
    [request, *_] = all_operations[operation_id].media
    assert list(request["examples"]) == EXAMPLES[operation_id]


def test_variables_of_every_origin_are_shown(all_operations: dict[str, Any]) -> None:
    [variables] = all_operations["deployment_version_environment_variables_list"].media
    examples = [example["value"] for example in variables["examples"].values()]
    origins = {variable["inheritance_type"] for example in examples for variable in example}
    assert origins == {None, "deployment", "project"}


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
def test_upload_needs_one_source(
    document: dict[str, Any], all_operations: dict[str, Any], parts: dict[str, str], accepted: bool
) -> None:
    [request, *_] = all_operations["revisions_file_upload"].media
    assert is_valid(document, request["schema"], parts) is accepted


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        *((name, True) for name in ("A", "DATABASE_PASSWORD", "a_b", "Ab")),
        *((name, False) for name in ("", "_a", "a_", "_", "A1", "a-b", "a b", "é", "a" * 65)),
    ],
)
def test_names_of_variables(document: dict[str, Any], name: str, accepted: bool) -> None:
    variable = {"name": name, "value": "", "secret": False}
    assert is_valid(document, {"$ref": "#/components/schemas/EnvironmentVariableCreate"}, variable) is accepted


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("DeploymentDetail", "DeploymentCreateResponse"),
        ("DeploymentDetail", "DeploymentList"),
        ("DeploymentVersionDetail", "DeploymentVersionList"),
        ("InputOutputFieldDetail", "InputOutputFieldList"),
    ],
)
def test_models_of_one_thing_describe_a_field_alike(schemas: dict[str, Any], whole: str, part: str) -> None:
    for name, field in schemas[part]["properties"].items():
        if not (part == "DeploymentList" and name in ("input_fields", "output_fields")):
            assert field == schemas[whole]["properties"][name], name


def test_secrets_are_hidden_by_a_flag_beside_them(schemas: dict[str, Any]) -> None:
    for name in ("EnvironmentVariableCreate", "EnvironmentVariableList", "InheritedEnvironmentVariableList"):
        assert schemas[name]["properties"]["value"]["x-sensitive-unless-false"] == "secret"

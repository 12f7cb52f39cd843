"""Enumerations, ranges, defaults, null and deprecation stand in the description as the API documents them."""

from __future__ import annotations

from typing import Any

import pytest

DATA_TYPES = [
    *("int", "string", "double", "bool", "dict", "file"),
    *("array_int", "array_double", "array_string", "array_file"),
]
INPUT_WIDGETS = ["textbox", "numberbox", "slider", "dropdown", "switch", "button", "drawer", "image_preview"]
OUTPUT_WIDGETS = ["textbox", "button", "image_preview"]
INPUT_TYPES = ["structured", "plain"]
RETENTION_MODES = ["none", "metadata", "full"]
STRATEGIES = ["default", "moderate"]
ACTIONS = ["create", "update", "delete", "info"]
VERSION_STATUSES = ["unavailable", "building", "available"]
REVISION_STATUSES = ["queued", "building", "success", "failed"]
BUILD_STATUSES = ["queued", "building", "validating", "success", "failed"]

ENUMERATIONS = {
    "AuditList.action": ACTIONS,
    "BuildList.status": BUILD_STATUSES,
    "DeploymentCreate.input_type": INPUT_TYPES,
    "DeploymentCreate.output_type": INPUT_TYPES,
    "DeploymentCreateResponse.input_type": INPUT_TYPES,
    "DeploymentCreateResponse.output_type": INPUT_TYPES,
    "DeploymentDetail.input_type": INPUT_TYPES,
    "DeploymentDetail.output_type": INPUT_TYPES,
    "DeploymentInputFieldCreate.data_type": DATA_TYPES,
    "DeploymentList.input_type": INPUT_TYPES,
    "DeploymentList.output_type": INPUT_TYPES,
    "DeploymentOutputFieldCreate.data_type": DATA_TYPES,
    "DeploymentVersionCreate.request_retention_mode": RETENTION_MODES,
    "DeploymentVersionCreate.scaling_strategy": STRATEGIES,
    "DeploymentVersionDetail.request_retention_mode": RETENTION_MODES,
    "DeploymentVersionDetail.scaling_strategy": STRATEGIES,
    "DeploymentVersionDetail.status": VERSION_STATUSES,
    "DeploymentVersionList.request_retention_mode": RETENTION_MODES,
    "DeploymentVersionList.scaling_strategy": STRATEGIES,
    "DeploymentVersionList.status": VERSION_STATUSES,
    "DeploymentVersionUpdate.request_retention_mode": RETENTION_MODES,
    "DeploymentVersionUpdate.scaling_strategy": STRATEGIES,
    "InheritedEnvironmentVariableList.inheritance_type": ["project", "deployment", None],
    "InputFieldWidgetCreate.type": INPUT_WIDGETS,
    "InputOutputFieldDetail.data_type": DATA_TYPES,
    "InputOutputFieldList.data_type": DATA_TYPES,
    "InputOutputWidgetList.type": INPUT_WIDGETS,
    "OutputFieldWidgetCreate.type": OUTPUT_WIDGETS,
    "RevisionList.status": REVISION_STATUSES,
}

# What a client refuses to send. Beyond what the API documents, only this may stand here: a count is not negative.
RANGES = {
    "DeploymentVersionCreate.instance_processes": (0, None),
    "DeploymentVersionCreate.maximum_idle_time": (10, 3600),
    "DeploymentVersionCreate.maximum_instances": (0, None),
    "DeploymentVersionCreate.maximum_queue_size_batch": (0, None),
    "DeploymentVersionCreate.maximum_queue_size_express": (0, None),
    "DeploymentVersionCreate.minimum_instances": (0, None),
    "DeploymentVersionCreate.request_retention_time": (0, None),
    "DeploymentVersionPort.deployment_port": (1, 65535),
    "DeploymentVersionPort.public_port": (1, 65535),
    "DeploymentVersionUpdate.instance_processes": (0, None),
    "DeploymentVersionUpdate.maximum_idle_time": (10, 3600),
    "DeploymentVersionUpdate.maximum_instances": (0, None),
    "DeploymentVersionUpdate.maximum_queue_size_batch": (0, None),
    "DeploymentVersionUpdate.maximum_queue_size_express": (0, None),
    "DeploymentVersionUpdate.minimum_instances": (0, None),
    "DeploymentVersionUpdate.request_retention_time": (0, None),
}

DEFAULTS = {
    "DeploymentCreate.description": "",
    "DeploymentCreate.labels": {},
    "DeploymentVersionCreate.description": "",
    "DeploymentVersionCreate.instance_processes": 1,
    "DeploymentVersionCreate.labels": {},
    "DeploymentVersionCreate.maximum_idle_time": 300,
    "DeploymentVersionCreate.maximum_instances": 5,
    "DeploymentVersionCreate.maximum_queue_size_batch": 100000,
    "DeploymentVersionCreate.maximum_queue_size_express": 100,
    "DeploymentVersionCreate.minimum_instances": 0,
    "DeploymentVersionCreate.ports": [],
    "DeploymentVersionCreate.request_retention_mode": "full",
    "DeploymentVersionCreate.request_retention_time": 604800,
    "DeploymentVersionCreate.restart_request_interruption": False,
    "DeploymentVersionCreate.scaling_strategy": "default",
    "DeploymentVersionCreate.static_ip": False,
}

NULLABLE = {
    "DeploymentDetail.default_version",
    "DeploymentVersionDetail.active_revision",
    "DeploymentVersionDetail.has_request_method",
    "DeploymentVersionDetail.has_requests_method",
    "DeploymentVersionDetail.last_file_upload",
    "DeploymentVersionDetail.latest_revision",
    "DeploymentVersionList.active_revision",
    "DeploymentVersionList.latest_revision",
    "EnvironmentVariableList.value",
    "InheritedEnvironmentVariableList.inheritance_name",
    "InheritedEnvironmentVariableList.inheritance_type",
    "InheritedEnvironmentVariableList.value",
}

DEPRECATED = {
    "DeploymentVersionCreate.instance_type",
    "DeploymentVersionDetail.instance_type",
    "DeploymentVersionList.instance_type",
    "DeploymentVersionUpdate.instance_type",
    "RevisionCreate.build",
}

SENSITIVE = {
    "EnvironmentVariableCreate.value": "secret",
    "EnvironmentVariableList.value": "secret",
    "InheritedEnvironmentVariableList.value": "secret",
}

Fields = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def fields(document: dict[str, Any]) -> Fields:
    """Every field of every model, under `Model.field`."""
    return {
        f"{model}.{name}": field
        for model, schema in document["components"]["schemas"].items()
        for name, field in schema["properties"].items()
    }


@pytest.fixture(scope="module")
def sent(document: dict[str, Any]) -> set[str]:
    """The models that a request may hold, directly or within another."""
    schemas = document["components"]["schemas"]
    names: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                collect(item)
        elif isinstance(node, dict):
            if "$ref" in node:
                name = node["$ref"].rpartition("/")[2]
                if name not in names:
                    names.add(name)
                    collect(schemas[name])
            for key, value in node.items():
                if key != "examples":
                    collect(value)

    for item in document["paths"].values():
        for operation in item.values():
            collect(operation.get("requestBody", {}))
    return names


def test_enumerations(fields: Fields) -> None:
    assert {name: field["enum"] for name, field in fields.items() if "enum" in field} == ENUMERATIONS


def test_ranges_of_what_is_sent(fields: Fields, sent: set[str]) -> None:
    found = {
        name: (field.get("minimum"), field.get("maximum"))
        for name, field in fields.items()
        if name.partition(".")[0] in sent and ("minimum" in field or "maximum" in field)
    }
    assert found == RANGES


def test_defaults(fields: Fields) -> None:
    assert {name: field["default"] for name, field in fields.items() if "default" in field} == DEFAULTS


def test_null(fields: Fields) -> None:
    assert {name for name, field in fields.items() if "null" in field.get("type", [])} == NULLABLE


def test_nothing_that_is_sent_may_be_null(sent: set[str]) -> None:
    assert not {name for name in NULLABLE if name.partition(".")[0] in sent}


def test_deprecated(fields: Fields) -> None:
    assert {name for name, field in fields.items() if field.get("deprecated")} == DEPRECATED


def test_sensitive_values(document: dict[str, Any], fields: Fields) -> None:
    found = {n: f["x-sensitive-unless-false"] for n, f in fields.items() if "x-sensitive-unless-false" in f}
    assert found == SENSITIVE
    for name, sibling in found.items():
        assert fields[f"{name.partition('.')[0]}.{sibling}"]["type"] == "boolean"


def test_only_the_name_of_a_variable_has_a_pattern(fields: Fields) -> None:
    assert {name for name, field in fields.items() if "pattern" in field} == {"EnvironmentVariableCreate.name"}


def test_audit_parameters(all_operations: dict[str, Any]) -> None:
    query = {p["name"]: p["schema"] for p in all_operations["deployment_audit_events_list"].parameters}
    assert query["action"]["enum"] == ACTIONS
    assert (query["limit"]["default"], query["limit"]["minimum"]) == (50, 0)
    assert (query["offset"]["default"], query["offset"]["minimum"]) == (0, 0)

"""Pipelines and their versions: objects, attachments, rules, audit and deletion."""

from __future__ import annotations

import copy
from typing import Any

import pytest

STATION = [{"name": "station", "data_type": "string"}, {"name": "humidity", "data_type": "double"}]
RAIN = [{"name": "millimetres", "data_type": "double"}]
MESSAGE = [{"name": "message", "data_type": "string"}]
STRUCTURED = {"input_type": "structured", "output_type": "structured"}
FORECAST: dict[str, Any] = {**STRUCTURED, "input_fields": STATION, "output_fields": RAIN}
PIPELINE: dict[str, Any] = {"name": "p", **STRUCTURED, "input_fields": STATION, "output_fields": MESSAGE}
WRITE = {
    "name": "write",
    "reference_type": "operator",
    "reference_name": "function",
    "configuration": {
        "expression": "f'{millimetres} mm'",
        "input_fields": RAIN,
        "output_fields": MESSAGE,
    },
}
OBJECTS: list[dict[str, Any]] = [{"name": "forecast", "reference_name": "d"}, WRITE]


def attach(destination: str, *sources: Any) -> dict[str, Any]:
    """Returns an attachment. A source is a name, then the names of its fields."""
    return {
        "destination_name": destination,
        "sources": [
            {
                "source_name": name,
                "mapping": [{"source_field_name": field, "destination_field_name": field} for field in fields],
            }
            for name, *fields in sources
        ],
    }


ATTACHMENTS = [
    attach("forecast", ("pipeline_start", "station", "humidity")),
    attach("write", ("forecast", "millimetres")),
    attach("pipeline_end", ("write", "message")),
]
VERSION = {"version": "v1", "objects": OBJECTS, "attachments": ATTACHMENTS}


def operator(name: str, operator: str, fields: Any = RAIN, **configuration: Any) -> dict[str, Any]:
    return {
        "name": name,
        "reference_type": "operator",
        "reference_name": operator,
        "configuration": {"input_fields": fields, "output_fields": fields, **configuration},
    }


@pytest.fixture
def pipelines(api: Any) -> str:
    return f"{api.project}/pipelines"


@pytest.fixture
def path(api: Any, pipelines: str, good: bytes) -> str:
    """The path of a pipeline, beside a deployment d whose version v1 is available."""
    api.build(api.version(api.deployment("d", **FORECAST)), good)
    api.ok("POST", pipelines, PIPELINE)
    return f"{pipelines}/p"


def test_a_pipeline_is_created_listed_read_changed_and_deleted(api: Any, pipelines: str) -> None:
    created = api.ok("POST", pipelines, {**PIPELINE, "labels": {"team": "alerts"}})
    assert created["description"] == ""
    assert created["input_fields"] == [{**field, "widget": {}} for field in STATION]
    assert "default_version" not in created
    assert [one["name"] for one in api.ok("GET", pipelines)] == ["p"]
    assert api.ok("GET", f"{pipelines}?labels=team:alerts")[0]["id"] == created["id"]
    assert api.ok("GET", f"{pipelines}?labels=team:other") == []
    assert api.ok("GET", f"{pipelines}/p") == created
    changed = api.ok("PATCH", f"{pipelines}/p", {"name": "q", "description": "Warns"})
    assert (changed["name"], changed["description"], changed["labels"]) == ("q", "Warns", {"team": "alerts"})
    api.fails(404, "GET", f"{pipelines}/p")
    api.ok("DELETE", f"{pipelines}/q")
    assert api.fails(404, "GET", f"{pipelines}/q") == "Pipeline was not found"


def test_the_type_may_change_and_its_fields_go_with_it(api: Any, pipelines: str) -> None:
    api.ok("POST", pipelines, PIPELINE)
    changed = api.ok("PATCH", f"{pipelines}/p", {"output_type": "plain"})
    assert (changed["output_type"], changed["output_fields"]) == ("plain", [])
    assert "output_fields is required" in api.fails(400, "PATCH", f"{pipelines}/p", {"output_type": "structured"})
    changed = api.ok("PATCH", f"{pipelines}/p", {"output_type": "structured", "output_fields": RAIN})
    assert [field["name"] for field in changed["output_fields"]] == ["millimetres"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"output_type": None}, "output_type"),
        ({"input_type": "plain"}, "input_fields must be empty, because input_type is plain"),
        ({"input_fields": [*RAIN, *RAIN]}, "more than one field with the name 'millimetres'"),
        ({"name": "a b"}, "is not a valid name"),
    ],
)
def test_a_pipeline_that_breaks_a_rule_is_rejected(
    api: Any, pipelines: str, changes: dict[str, Any], error: str
) -> None:
    assert error in api.fails(400, "POST", pipelines, {**PIPELINE, **changes})
    assert api.ok("GET", pipelines) == []


def test_a_name_is_unique_in_its_project(api: Any, path: str, pipelines: str) -> None:
    assert "already exists" in api.fails(409, "POST", pipelines, PIPELINE)
    api.ok("POST", f"{path}/versions", {"version": "v1"})
    assert "already exists" in api.fails(409, "POST", f"{path}/versions", {"version": "v1"})


def test_a_version_shows_its_objects_with_the_fields_of_what_they_refer_to(api: Any, path: str) -> None:
    created = api.ok("POST", f"{path}/versions", VERSION)
    assert created["default"] is True
    assert (created["request_retention_time"], created["request_retention_mode"]) == (604800, "full")
    forecast, write = created["objects"]
    assert forecast == {
        "id": forecast["id"],
        "name": "forecast",
        "reference_name": "d",
        "reference_type": "deployment",
        "version": None,
        "input_type": "structured",
        "output_type": "structured",
        "configuration": None,
        "metadata": {},
        "input_fields": STATION,
        "output_fields": RAIN,
    }
    assert (write["reference_name"], write["input_fields"], write["output_fields"]) == ("function", RAIN, MESSAGE)
    assert write["configuration"] == WRITE["configuration"]
    shown = [{key: value for key, value in one.items() if key != "id"} for one in created["attachments"]]
    assert shown == ATTACHMENTS
    assert api.ok("GET", f"{path}/versions/v1") == created
    listed = api.ok("GET", f"{path}/versions")
    assert [one["version"] for one in listed] == ["v1"]
    assert "objects" not in listed[0]
    assert api.ok("GET", path)["default_version"] == "v1"


def test_only_the_first_version_becomes_the_default_on_its_own(api: Any, path: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    assert api.ok("POST", f"{path}/versions", {**VERSION, "version": "v2"})["default"] is False
    assert api.ok("PATCH", path, {"default_version": "v2"})["default_version"] == "v2"
    assert api.fails(404, "PATCH", path, {"default_version": "v3"}) == "Pipeline version was not found"
    api.ok("DELETE", f"{path}/versions/v2")
    assert "default_version" not in api.ok("GET", path)


def test_an_update_replaces_or_removes_what_is_given_and_leaves_the_rest(api: Any, path: str) -> None:
    created = api.ok("POST", f"{path}/versions", VERSION)
    changed = api.ok("PATCH", f"{path}/versions/v1", {"description": "Now", "request_retention_mode": "none"})
    assert (changed["objects"], changed["attachments"]) == (created["objects"], created["attachments"])
    assert changed["request_retention_mode"] == "none"
    more = [*OBJECTS, operator("limit", "if-condition", expression="millimetres > 2")]
    changed = api.ok("PATCH", f"{path}/versions/v1", {"objects": more})
    assert [one["name"] for one in changed["objects"]] == ["forecast", "write", "limit"]
    assert [one["id"] for one in changed["objects"][:2]] == [one["id"] for one in created["objects"]]
    assert "unknown object" in api.fails(400, "PATCH", f"{path}/versions/v1", {"objects": []})
    changed = api.ok("PATCH", f"{path}/versions/v1", {"objects": None, "attachments": None})
    assert (changed["objects"], changed["attachments"]) == ([], [])
    api.ok("PATCH", f"{path}/versions/v1", {"objects": OBJECTS, "attachments": ATTACHMENTS})
    changed = api.ok("PATCH", f"{path}/versions/v1", {"objects": [], "attachments": []})
    assert (changed["objects"], changed["attachments"]) == ([], [])


def test_a_version_can_be_copied_from_what_was_read(api: Any, path: str) -> None:
    created = api.ok("POST", f"{path}/versions", VERSION)
    copied = {"version": "v2", "objects": created["objects"], "attachments": created["attachments"]}
    copied = api.ok("POST", f"{path}/versions", copied)
    assert [one["name"] for one in copied["objects"]] == ["forecast", "write"]


def test_a_version_that_is_not_built_cannot_be_an_object(api: Any, path: str, good: bytes) -> None:
    version = api.version(api.deployment("new", **FORECAST))
    objects = [{"name": "forecast", "reference_name": "new"}, WRITE]
    assert "unavailable" in api.fails(400, "POST", f"{path}/versions", {**VERSION, "objects": objects})
    api.upload(version, good)
    error = api.fails(400, "POST", f"{path}/versions", {**VERSION, "objects": objects})
    assert error == "Version is not available: The version is currently in the building stage"
    api.emulator.clock.advance(3 * api.state)
    api.ok("POST", f"{path}/versions", {**VERSION, "objects": objects})


def broken(**changes: Any) -> dict[str, Any]:
    """Returns the version with these objects and attachments instead."""
    return {**copy.deepcopy(VERSION), **changes}


TWO_SOURCES = attach("write", ("forecast", "millimetres"), ("limit", "millimetres"))
SPLIT = operator("split", "one-to-many", fields=STATION, batch_size=None)
LIMIT = operator("limit", "if-condition", expression="millimetres > 2")
BROKEN = {
    "twice": (broken(objects=[*OBJECTS, WRITE]), "The name write of an object is used twice"),
    "reserved": (broken(objects=[*OBJECTS, {**WRITE, "name": "pipeline_end"}]), "is reserved"),
    "no deployment": (broken(objects=[{"name": "forecast", "reference_name": "x"}]), "Deployment was not found"),
    "no version": (
        broken(objects=[{"name": "forecast", "reference_name": "d", "version": "v9"}]),
        "Deployment version was not found",
    ),
    "no operator": (broken(objects=[{**WRITE, "reference_name": "x"}]), "there is no operator 'x'"),
    "unknown source": (
        broken(attachments=[attach("pipeline_end", ("forecaster", "message"))]),
        "Attachment refers to the unknown object forecaster",
    ),
    "unknown destination": (
        broken(attachments=[attach("x", ("forecast", "message"))]),
        "Attachment refers to the unknown object x",
    ),
    "unknown field": (
        broken(attachments=[attach("pipeline_end", ("write", "station"))]),
        "Attachment refers to the unknown field station of write",
    ),
    "missing field": (
        broken(attachments=[attach("forecast", ("pipeline_start", "station"))]),
        "The attachments to forecast don't map the field humidity",
    ),
    "no sources": (broken(attachments=[attach("forecast")]), "has no sources"),
    "nothing attached": (
        broken(attachments=ATTACHMENTS[1:]),
        "The object forecast is a source, but nothing is attached to it",
    ),
    "other type": (
        broken(
            attachments=[
                {
                    "destination_name": "write",
                    "sources": [
                        {
                            "source_name": "pipeline_start",
                            "mapping": [{"source_field_name": "station", "destination_field_name": "millimetres"}],
                        }
                    ],
                }
            ]
        ),
        "The field station of pipeline_start is of type string, but millimetres of write is of type double",
    ),
    "cycle": (
        broken(
            objects=[*OBJECTS, LIMIT, {**LIMIT, "name": "again"}],
            attachments=[attach("limit", ("again", "millimetres")), attach("again", ("limit", "millimetres"))],
        ),
        "The attachments form a cycle",
    ),
    "on_error": (
        broken(objects=[{**OBJECTS[0], "configuration": {"on_error": "explode"}}, WRITE]),
        "on_error must be stop or continue",
    ),
    "expression": (
        broken(objects=[OBJECTS[0], operator("write", "function", expression="milimetres")]),
        "name 'milimetres' is not defined",
    ),
    "no expression": (broken(objects=[operator("write", "if-condition")]), "if-condition needs an expression"),
    "outputs": (
        broken(objects=[operator("write", "function", fields=STATION, expression="1")]),
        "function has exactly one output field",
    ),
    "equal fields": (
        broken(objects=[operator("write", "one-to-many", output_fields=MESSAGE)]),
        "the input and output fields of one-to-many must be equal",
    ),
    "batch size": (broken(objects=[operator("write", "one-to-many", batch_size=0)]), "batch_size must be"),
    "error message": (broken(objects=[operator("write", "raise-error")]), "raise-error needs an error_message"),
    "constant": (
        broken(objects=[operator("write", "pipeline-variable", output_values=[{"name": "millimetres", "value": "x"}])]),
        "the value of the field millimetres must be of type double",
    ),
    "no constant": (
        broken(objects=[operator("write", "pipeline-variable")]),
        "output_values has no value for the field millimetres",
    ),
    "settings": (
        broken(objects=[operator("write", "function", expression=5)]),
        "configuration.expression is invalid",
    ),
    "mapped twice": (
        broken(
            objects=[*OBJECTS, operator("both", "if-condition", fields=STATION, expression="True")],
            attachments=[
                *ATTACHMENTS,
                attach("both", ("pipeline_start", "station", "humidity"), ("pipeline_start", "station")),
            ],
        ),
        "The field station of both is mapped more than once",
    ),
    "inside and outside": (
        broken(
            objects=[SPLIT, operator("check", "if-condition", fields=STATION, expression="True")],
            attachments=[
                attach("split", ("pipeline_start", "station", "humidity")),
                attach("check", ("pipeline_start", "station", "humidity"), ("split", "station", "humidity")),
            ],
        ),
        "The inputs of check come from inside and outside of a split",
    ),
    "two splits": (
        broken(
            objects=[SPLIT, {**SPLIT, "name": "other"}, operator("both", "if-condition", STATION, expression="True")],
            attachments=[
                attach("split", ("pipeline_start", "station", "humidity")),
                attach("other", ("pipeline_start", "station", "humidity")),
                attach("both", ("split", "station"), ("other", "humidity")),
            ],
        ),
        "other can't be merged into the input of both: its source is another split",
    ),
    "plain": (
        broken(
            objects=[operator("echo", "if-condition", [], expression="True")],
            attachments=[attach("echo", ("pipeline_start",))],
        ),
        "The output of pipeline_start is structured, but the input of echo is plain",
    ),
    "retention": (broken(request_retention_time=2419201), "request_retention_time must be 2419200 or less"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_version_that_breaks_a_rule_is_rejected_whole(api: Any, path: str, name: str) -> None:
    body, error = BROKEN[name]
    assert error in api.fails(400, "POST", f"{path}/versions", body)
    assert api.ok("GET", f"{path}/versions") == []
    events = [event["event"] for event in api.ok("GET", f"{path}/audit")]
    assert events == ["Created pipeline p"]


def test_a_pipeline_cannot_be_its_own_object(api: Any, path: str, pipelines: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    api.ok("POST", pipelines, {**PIPELINE, "name": "outer"})
    inside = {
        "version": "v1",
        "objects": [{"name": "inner", "reference_type": "pipeline", "reference_name": "p"}],
        "attachments": [
            attach("inner", ("pipeline_start", "station", "humidity")),
            attach("pipeline_end", ("inner", "message")),
        ],
    }
    shown = api.ok("POST", f"{pipelines}/outer/versions", inside)["objects"][0]
    assert (shown["reference_type"], shown["output_fields"]) == ("pipeline", MESSAGE)
    inside["objects"][0]["reference_name"] = "outer"
    assert "would be a cycle" in api.fails(400, "POST", f"{path}/versions", {**inside, "version": "v2"})
    assert "is used by version v1 of pipeline outer" in api.fails(400, "DELETE", path)
    api.ok("DELETE", f"{pipelines}/outer")
    api.ok("DELETE", path)


def test_what_a_pipeline_uses_cannot_be_deleted(api: Any, path: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    assert "is used by version v1 of pipeline p" in api.fails(400, "DELETE", f"{api.project}/deployments/d")
    assert "is used by version v1" in api.fails(400, "DELETE", f"{api.project}/deployments/d/versions/v1")
    api.ok("DELETE", f"{path}/versions/v1")
    api.ok("DELETE", f"{api.project}/deployments/d/versions/v1")
    api.ok("DELETE", f"{api.project}/deployments/d")


def test_objects_follow_what_they_refer_to_when_it_is_renamed(api: Any, path: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    api.ok("PATCH", f"{api.project}/deployments/d", {"name": "e"})
    assert api.ok("GET", f"{path}/versions/v1")["objects"][0]["reference_name"] == "e"


def test_changes_of_objects_are_in_the_audit_log_of_the_pipeline(api: Any, path: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    api.ok("PATCH", f"{path}/versions/v1", {"objects": [{**OBJECTS[0], "version": "v1"}, WRITE]})
    api.ok("PATCH", f"{path}/versions/v1", {"objects": [], "attachments": []})
    api.ok("DELETE", f"{path}/versions/v1")
    events = api.ok("GET", f"{path}/audit")
    assert [event["event"] for event in reversed(events)] == [
        "Created pipeline p",
        "Created pipeline object forecast in version v1 of pipeline p",
        "Created pipeline object write in version v1 of pipeline p",
        "Created version v1 for pipeline p",
        "Updated pipeline object forecast in version v1 of pipeline p",
        "Updated version v1 for pipeline p",
        "Deleted pipeline object forecast in version v1 of pipeline p",
        "Deleted pipeline object write in version v1 of pipeline p",
        "Updated version v1 for pipeline p",
        "Deleted version v1 for pipeline p",
    ]
    assert events[-1]["object_type"] == "pipeline"
    assert [event["action"] for event in api.ok("GET", f"{path}/audit?action=delete")] == ["delete"] * 3


def test_the_variables_of_an_object_are_those_of_its_deployment_version(api: Any, path: str) -> None:
    api.ok("POST", f"{path}/versions", VERSION)
    api.variable(f"{api.project}/deployments/d", "COUNTRY", "NL")
    api.variable(f"{api.project}/deployments/d/versions/v1", "MODEL", "x", secret=True)
    found = api.ok("GET", f"{path}/versions/v1/objects/forecast/environment-variables")
    assert [(one["name"], one["value"], one["inheritance_type"], one["inheritance_name"]) for one in found] == [
        ("COUNTRY", "NL", "deployment", "d"),
        ("MODEL", None, "version", "v1"),
    ]
    assert api.ok("GET", f"{path}/versions/v1/objects/write/environment-variables") == []
    assert "not found" in api.fails(404, "GET", f"{path}/versions/v1/objects/x/environment-variables")

"""Deployments: creation, details, lists, updates and deletion."""

from __future__ import annotations

from typing import Any

import pytest

STRUCTURED = {"input_type": "structured", "output_type": "structured"}
WIDGET = {"type": "slider", "configuration": {"min": 0, "max": 1.5, "steps": [1, 2], "name": "é"}}


def test_a_new_deployment_has_given_and_default_values(api: Any) -> None:
    created = api.ok("POST", f"{api.project}/deployments", {"name": "d", "input_type": "plain", "output_type": "plain"})
    shown = {**created, "id": None, "creation_date": None, "last_updated": None}
    assert shown == {
        "id": None,
        "name": "d",
        "project": api.project.rpartition("/")[2],
        "description": "",
        "supports_request_format": True,
        "input_type": "plain",
        "output_type": "plain",
        "input_fields": [],
        "output_fields": [],
        "labels": {},
        "creation_date": None,
        "last_updated": None,
    }
    assert created["creation_date"] == created["last_updated"]
    assert created["creation_date"].endswith("Z")
    assert api.ok("GET", f"{api.project}/deployments/d") == {**created, "default_version": None}


def test_widgets_are_shown_in_details_but_not_in_lists(api: Any) -> None:
    fields = [{"name": "a", "data_type": "double", "widget": WIDGET}, {"name": "b", "data_type": "array_file"}]
    path = api.deployment(**STRUCTURED, input_fields=fields, output_fields=[])
    assert api.ok("GET", path)["input_fields"] == [fields[0], {**fields[1], "widget": {}}]
    listed = api.ok("GET", f"{api.project}/deployments")[0]
    assert listed["input_fields"] == [{"name": "a", "data_type": "double"}, {"name": "b", "data_type": "array_file"}]
    assert "default_version" not in listed


def test_the_configuration_of_a_widget_is_optional(api: Any) -> None:
    path = api.deployment(
        **STRUCTURED, input_fields=[], output_fields=[{"name": "a", "data_type": "int", "widget": {"type": "textbox"}}]
    )
    assert api.ok("GET", path)["output_fields"][0]["widget"] == {"type": "textbox", "configuration": {}}


def test_a_name_is_unique_in_its_project(api: Any) -> None:
    api.deployment("d")
    again = {"name": "d", "input_type": "plain", "output_type": "plain"}
    assert "'d' already exists" in api.fails(409, "POST", f"{api.project}/deployments", again)
    other = api.deployment("e")
    assert "'d' already exists" in api.fails(409, "PATCH", other, {"name": "d"})
    assert api.ok("POST", f"{api.project}-other/deployments", again)["name"] == "d"


def test_deployments_are_listed_in_the_order_of_their_creation(api: Any) -> None:
    for name in ("c", "a", "b"):
        api.deployment(name)
    assert [one["name"] for one in api.ok("GET", f"{api.project}/deployments")] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "one two three"),
        ("labels=", "one two three"),
        ("labels=a:1", "one"),
        ("labels=a:1,b:1", "one two"),
        ("labels=a:3", ""),
        ("labels=c:x:y", "three"),
        ("labels=c%3Ax%3Ay", "three"),
        ("labels=d:", "three"),
    ],
)
def test_one_matching_label_is_enough(api: Any, wanted: str, found: str) -> None:
    for name, labels in {"one": {"a": "1"}, "two": {"a": "2", "b": "1"}, "three": {"c": "x:y", "d": ""}}.items():
        api.deployment(name, labels=labels)
    assert [one["name"] for one in api.ok("GET", f"{api.project}/deployments?{wanted}")] == found.split()


@pytest.mark.parametrize("wanted", ["a", "a:1,b", ":1", "a:1,"])
def test_a_malformed_label_filter_is_rejected(api: Any, wanted: str) -> None:
    assert "label:value" in api.fails(400, "GET", f"{api.project}/deployments?labels={wanted}")


def test_an_update_replaces_given_fields_and_keeps_the_others(api: Any) -> None:
    path = api.deployment(description="First", labels={"a": "1"}, **STRUCTURED, input_fields=[], output_fields=[])
    before = api.ok("GET", path)
    api.emulator.clock.advance(1)
    field = {"name": "f", "data_type": "bool", "widget": {}}
    changes = {"labels": {"b": "2"}, "input_fields": [{"name": "f", "data_type": "bool"}]}
    after = api.ok("PATCH", path, changes)
    assert after == {
        **before,
        "labels": {"b": "2"},
        "input_fields": [field],
        "last_updated": after["last_updated"],
    }
    assert after["last_updated"] > before["last_updated"]
    assert api.ok("GET", path) == after


def test_an_update_without_a_change_changes_nothing(api: Any) -> None:
    path = api.deployment()
    before = api.ok("GET", path)
    api.emulator.clock.advance(1)
    assert api.ok("PATCH", path, {}) == before
    assert api.ok("PATCH", path, {"name": "d", "description": ""}) == before
    assert len(api.ok("GET", f"{path}/audit")) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "x" * 65}, "name must have at most 64 characters"),
        ({"name": "a b"}, "not a valid name"),
        ({"description": "x" * 401}, "description must have at most 400"),
        ({"input_fields": [{"name": "a", "data_type": "int"}]}, "input_type is plain"),
        ({"default_version": None}, "default_version must be a string, not null"),
    ],
)
def test_an_update_is_validated_like_a_new_deployment(api: Any, changes: dict[str, Any], reason: str) -> None:
    path = api.deployment()
    before = api.ok("GET", path)
    assert reason in api.fails(400, "PATCH", path, changes)
    assert api.ok("GET", path) == before


def test_a_renamed_deployment_keeps_its_id_and_contents(api: Any, good: bytes) -> None:
    old = api.deployment("old")
    revision = api.build(api.version(old), good)
    api.variable(old, "A")
    before = api.ok("GET", old)
    after = api.ok("PATCH", old, {"name": "new"})
    assert after == {**before, "name": "new", "last_updated": after["last_updated"]}
    api.fails(404, "GET", old)
    new = old.replace("old", "new")
    version = api.ok("GET", f"{new}/versions/v1")
    assert (version["deployment"], version["active_revision"]) == ("new", revision)
    assert [one["name"] for one in api.ok("GET", f"{new}/environment-variables")] == ["A"]
    assert {one["object_name"] for one in api.ok("GET", f"{new}/audit")} == {"new", "v1"}
    api.deployment("old")


def test_only_an_available_version_becomes_the_default(api: Any, good: bytes, bad: bytes) -> None:
    path = api.deployment()
    first, second = api.version(path, "v1"), api.version(path, "v2")
    assert api.ok("GET", path)["default_version"] == "v1"
    refusal = "Default cannot be set to an unavailable version"
    assert api.fails(400, "PATCH", path, {"default_version": "v2"}) == refusal
    api.build(second, bad)
    assert api.fails(400, "PATCH", path, {"default_version": "v2"}) == refusal
    api.upload(second, good)
    assert api.fails(400, "PATCH", path, {"default_version": "v2"}) == refusal
    api.emulator.clock.advance(30)
    assert api.ok("PATCH", path, {"default_version": "v2"})["default_version"] == "v2"
    assert [api.ok("GET", version)["default"] for version in (first, second)] == [False, True]
    assert api.fails(404, "PATCH", path, {"default_version": "v3"}) == "Deployment version was not found"


def test_the_present_default_can_be_set_again(api: Any) -> None:
    path = api.deployment()
    api.version(path)
    assert api.ok("PATCH", path, {"default_version": "v1", "description": "New"})["default_version"] == "v1"


def test_a_deployment_whose_default_is_deleted_has_none(api: Any) -> None:
    path = api.deployment()
    first = api.version(path, "v1")
    second = api.version(path, "v2")
    api.ok("DELETE", first)
    assert api.ok("GET", path)["default_version"] is None
    api.version(path, "v3")
    assert api.ok("GET", path)["default_version"] is None
    api.ok("DELETE", second)
    api.ok("DELETE", f"{path}/versions/v3")
    api.version(path, "v4")
    assert api.ok("GET", path)["default_version"] == "v4"


def test_deletion_removes_everything_that_belongs_to_the_object(api: Any, good: bytes) -> None:
    path = api.deployment()
    version = api.version(path)
    revision = api.build(version, good)
    variables = api.variable(path, "A"), api.variable(version, "B")
    api.ok("DELETE", path)
    for gone in (path, version, f"{version}/revisions/{revision}", *variables, f"{path}/audit"):
        assert api.fails(404, "GET", gone) == "Deployment was not found"
    api.fails(404, "DELETE", path)
    api.deployment()
    assert api.ok("GET", f"{path}/versions") == []
    assert api.ok("GET", f"{path}/environment-variables") == []
    assert [one["event"] for one in api.ok("GET", f"{path}/audit")] == ["Created deployment d"]


def test_a_deployment_without_the_request_format_has_neither_input_nor_output_type(api: Any) -> None:
    path = f"{api.project}/deployments"
    created = api.ok("POST", path, {"name": "web", "supports_request_format": False})
    assert (created["supports_request_format"], created["input_type"], created["output_type"]) == (False, None, None)
    fields = {"input_fields": [{"name": "a", "data_type": "int"}]}
    assert "input_type" in api.fails(400, "POST", path, {"name": "w", "supports_request_format": False, **fields})
    api.deployment("plain")
    for given, names in (("False", ["web"]), ("true", ["plain"])):
        assert [one["name"] for one in api.ok("GET", f"{path}?supports_request_format={given}")] == names


def test_the_types_of_a_deployment_that_takes_requests_are_required(api: Any) -> None:
    error = api.fails(400, "POST", f"{api.project}/deployments", {"name": "d", "input_type": None})
    assert error == "input_type is required; output_type is required"

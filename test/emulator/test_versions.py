"""Versions: defaults, hardware, environments, updates and deletion."""

from __future__ import annotations

from typing import Any

import pytest

DEFAULTS = {
    "default": True,
    "description": "",
    "environment": "python3-11",
    "environment_display_name": "Python 3.11",
    "status": "unavailable",
    "active_revision": None,
    "latest_revision": None,
    "maximum_instances": 5,
    "minimum_instances": 0,
    "maximum_idle_time": 300,
    "labels": {},
    "request_retention_time": 604800,
    "request_retention_mode": "full",
    "maximum_queue_size_express": 100,
    "maximum_queue_size_batch": 100000,
    "static_ip": False,
    "restart_request_interruption": False,
    "ports": [],
    "instance_type": "512mb",
    "scaling_strategy": "default",
    "instance_processes": 1,
    "instance_type_group_id": "f48b02d7-9e61-4a5c-b3d0-7c1e6a95f208",
    "instance_type_group_name": "512 MB + 0.125 vCPU",
    "last_file_upload": None,
    "has_request_method": None,
    "has_requests_method": None,
}
ONLY_IN_DETAILS = {
    "health_check",
    "command",
    "args",
    "instance_type_group_id",
    "instance_type_group_name",
    "last_file_upload",
    "has_request_method",
    "has_requests_method",
}
GIVEN = {
    "environment": "python3-12",
    "instance_type_group_name": "1024 MB + 0.25 vCPU",
    "maximum_instances": 3,
    "minimum_instances": 1,
    "maximum_idle_time": 600,
    "description": "A version",
    "labels": {"a": "b"},
    "request_retention_time": 3600,
    "request_retention_mode": "none",
    "maximum_queue_size_express": 10,
    "maximum_queue_size_batch": 20,
    "static_ip": True,
    "restart_request_interruption": True,
    "ports": [{"public_port": 2222, "deployment_port": 22, "protocol": "tcp"}],
    "scaling_strategy": "moderate",
    "instance_processes": 4,
}
GPU = "16384 MB + 4 vCPU + NVIDIA Tesla T4"


def test_a_new_version_has_the_default_settings(api: Any) -> None:
    path = api.deployment()
    created = api.ok("POST", f"{path}/versions", {"version": "v1"})
    assert {name: created[name] for name in DEFAULTS} == DEFAULTS
    assert (created["deployment"], created["version"]) == ("d", "v1")
    assert created["creation_date"] == created["last_updated"]
    assert api.ok("GET", f"{path}/versions/v1") == created
    listed = {name: value for name, value in created.items() if name not in ONLY_IN_DETAILS}
    assert api.ok("GET", f"{path}/versions") == [listed]


def test_given_settings_are_kept(api: Any) -> None:
    shown = api.ok("GET", api.version(api.deployment(), **GIVEN))
    assert {name: shown[name] for name in GIVEN} == GIVEN


def test_an_update_replaces_given_fields_and_keeps_the_others(api: Any) -> None:
    path = api.version(api.deployment(), **GIVEN)
    before = api.ok("GET", path)
    api.emulator.clock.advance(1)
    after = api.ok("PATCH", path, {"labels": {"c": "d"}, "ports": [], "maximum_instances": 9})
    assert after == {
        **before,
        "labels": {"c": "d"},
        "ports": [],
        "maximum_instances": 9,
        "last_updated": after["last_updated"],
    }
    assert after["last_updated"] > before["last_updated"]
    assert api.ok("PATCH", path, {"labels": {"c": "d"}}) == after


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"version": "x" * 65}, "version must have at most 64 characters, it has 65"),
        ({"version": "a b"}, "version 'a b' is not a valid name"),
        ({"description": "x" * 401}, "description must have at most 400 characters"),
        ({"environment": "python2-7"}, "there is no environment 'python2-7'"),
        ({"environment": "python3-11 "}, "there is no environment"),
        ({"instance_type_group_name": "1 TB"}, "there is no instance type group with the name '1 TB'; there are"),
        (
            {"instance_type_group_id": "00000000-0000-4000-8000-000000000000"},
            "there is no instance type group with the id '00000000-0000-4000-8000-000000000000'; there are '3c9e50b7",
        ),
        ({"instance_type_group_id": "512mb"}, 'instance_type_group_id must be a UUID, not "512mb"'),
        ({"instance_type": "1tb"}, "there is no instance type '1tb'; there are '256mb', '512mb', "),
        ({"maximum_idle_time": 9}, "maximum_idle_time must be 10 or more, not 9"),
        ({"maximum_idle_time": 3601}, "maximum_idle_time must be 3600 or less, not 3601"),
        ({"maximum_idle_time": 60, "instance_type_group_name": GPU}, "on instances with a GPU it must be at least 300"),
        ({"minimum_instances": 6}, "minimum_instances (6) must not be above maximum_instances (5)"),
        ({"maximum_instances": -1}, "maximum_instances must be 0 or more, not -1"),
        ({"maximum_instances": 1.5}, "maximum_instances must be an integer, not a decimal number"),
        ({"maximum_instances": "5"}, "maximum_instances must be an integer, not a string"),
        ({"maximum_instances": True}, "maximum_instances must be an integer, not true"),
        ({"request_retention_mode": "some"}, "request_retention_mode must be one of none, metadata, full"),
        ({"scaling_strategy": "wild"}, "scaling_strategy must be one of default, moderate"),
        ({"static_ip": "yes"}, "static_ip must be true or false, not a string"),
        ({"ports": [{"public_port": 1}]}, "ports[0].deployment_port is required; ports[0].protocol is required"),
        (
            {"ports": [{"public_port": 0, "deployment_port": 65536, "protocol": "tcp"}]},
            "ports[0].deployment_port must be 65535 or less, not 65536; ports[0].public_port must be 1 or more",
        ),
        (
            {"ports": [{"public_port": 1, "deployment_port": 2, "protocol": "tcp"}] * 2},
            "ports has more than one entry for the public port 1 (tcp)",
        ),
    ],
)
def test_settings_are_validated_by_create_and_update(api: Any, settings: dict[str, Any], reason: str) -> None:
    path = api.deployment()
    assert reason in api.fails(400, "POST", f"{path}/versions", {"version": "v1", **settings})
    version = api.version(path)
    before = api.ok("GET", version)
    assert reason in api.fails(400, "PATCH", version, settings)
    assert api.ok("GET", version) == before


def test_an_update_is_validated_together_with_the_other_settings(api: Any) -> None:
    path = api.version(api.deployment(), maximum_idle_time=60, minimum_instances=3)
    assert "GPU" in api.fails(400, "PATCH", path, {"instance_type_group_name": GPU})
    assert "minimum_instances (3)" in api.fails(400, "PATCH", path, {"maximum_instances": 2})
    assert (
        api.ok("PATCH", path, {"instance_type_group_name": GPU, "maximum_idle_time": 300})["maximum_idle_time"] == 300
    )


@pytest.mark.parametrize(
    "way",
    [
        {"instance_type_group_id": "2b6d8e14-f0a7-4c39-8b52-5e9c7d1a0f43"},
        {"instance_type_group_id": "2B6D8E14-F0A7-4C39-8B52-5E9C7D1A0F43"},
        {"instance_type_group_name": "1024 MB + 0.25 vCPU"},
        {"instance_type": "1024mb"},
        {"instance_type_group_id": "2b6d8e14-f0a7-4c39-8b52-5e9c7d1a0f43", "instance_type_group_name": GPU},
        {"instance_type_group_name": "1024 MB + 0.25 vCPU", "instance_type": "256mb"},
    ],
)
def test_the_most_reliable_of_three_ways_to_choose_hardware_wins(api: Any, way: dict[str, str]) -> None:
    path = api.deployment()
    for version in (api.version(path, **way), api.version(path, "v2")):
        shown = api.ok("PATCH", version, way)
        assert shown["instance_type_group_id"] == "2b6d8e14-f0a7-4c39-8b52-5e9c7d1a0f43"
        assert shown["instance_type_group_name"] == "1024 MB + 0.25 vCPU"
        assert shown["instance_type"] == "1024mb"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("python3-8", "Python 3.8"),
        ("python3-13", "Python 3.13"),
        ("r4-0", "R 4.0"),
        ("python3-11-cuda", "Python 3.11 + CUDA"),
        ("ubuntu22-04-python3-11-cuda11-7-1", "Ubuntu 22.04 + Python 3.11 + CUDA 11.7.1"),
    ],
)
def test_environments_have_display_names(api: Any, name: str, shown: str) -> None:
    assert api.ok("GET", api.version(api.deployment(), environment=name))["environment_display_name"] == shown


def test_a_name_is_unique_in_its_deployment(api: Any) -> None:
    path = api.deployment()
    api.version(path, "v1")
    assert "'v1' already exists" in api.fails(409, "POST", f"{path}/versions", {"version": "v1"})
    assert "'v1' already exists" in api.fails(409, "PATCH", api.version(path, "v2"), {"version": "v1"})
    api.version(api.deployment("e"), "v1")


def test_a_renamed_version_keeps_its_id_and_contents(api: Any, good: bytes) -> None:
    deployment = api.deployment()
    old = api.version(deployment, "old")
    revision = api.build(old, good)
    api.variable(old, "A")
    before = api.ok("GET", old)
    after = api.ok("PATCH", old, {"version": "new"})
    assert after == {**before, "version": "new", "last_updated": after["last_updated"]}
    assert api.fails(404, "GET", old) == "Deployment version was not found"
    new = f"{deployment}/versions/new"
    assert api.ok("GET", f"{new}/revisions/{revision}")["version"] == "new"
    assert [one["name"] for one in api.ok("GET", f"{new}/environment-variables")] == ["A"]
    assert api.ok("GET", deployment)["default_version"] == "new"


def test_objects_are_filtered_by_label(api: Any) -> None:
    path = api.deployment()
    for name, labels in {"v1": {"a": "1"}, "v2": {"a": "2"}, "v3": {}}.items():
        api.version(path, name, labels=labels)

    def found(query: str) -> list[str]:
        return [one["version"] for one in api.ok("GET", f"{path}/versions{query}")]

    assert found("") == ["v1", "v2", "v3"]
    assert found("?labels=a:2,b:1") == ["v2"]
    assert found("?labels=a:1,a:2") == ["v1", "v2"]


def test_deletion_removes_everything_that_belongs_to_the_object(api: Any, good: bytes) -> None:
    deployment = api.deployment()
    path = api.version(deployment)
    revision = api.build(path, good)
    api.variable(path, "A")
    api.ok("DELETE", path)
    for gone in (path, f"{path}/revisions/{revision}", f"{path}/environment-variables"):
        assert api.fails(404, "GET", gone) == "Deployment version was not found"
    api.version(deployment)
    assert api.ok("GET", f"{path}/revisions") == []
    assert api.ok("GET", f"{path}/environment-variables") == []


def test_a_version_shows_its_settings_by_the_names_of_both_generations(api: Any) -> None:
    health_check = {"interval": 30, "path": "/health"}
    settings = {"environment_name": "python3-12", "environment_tag": "v1", "health_check": health_check}
    version = api.version(api.deployment(), maximum_queue_size=7, **settings)
    found = api.ok("GET", version)
    assert found["environment"] == found["environment_name"] == "python3-12"
    assert (found["environment_tag"], found["health_check"], found["maximum_queue_size"]) == ("v1", health_check, 7)
    changed = api.ok("PATCH", version, {"environment": "python3-13"})
    assert changed["environment_name"] == changed["environment"] == "python3-13"
    assert "no environment" in api.fails(400, "PATCH", version, {"environment_name": "none-such"})

"""Instance types, and groups of them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def types(api: Any) -> dict[str, str]:
    """The ids of the instance types by their names."""
    return {one["name"]: one["id"] for one in api.ok("GET", f"{api.project}/instance-types")["results"]}


def group(api: Any, *identifiers: str, **settings: Any) -> Any:
    body = {"instance_types": [{"id": one} for one in identifiers], **settings}
    return api.ok("POST", f"{api.project}/instance-type-groups", body)


def test_sizes_and_prices_of_types_follow_their_memory(api: Any) -> None:
    listed = {one["name"]: one for one in api.ok("GET", f"{api.project}/instance-types")["results"]}
    assert {"256mb", "512mb", "16384mb", "16384mb_t4"} <= set(listed)
    small = listed["512mb"]
    assert (small["cpu"], small["memory"], small["storage"], small["credit_rate"]) == (0.125, 512.0, 2048.0, 0.5)
    assert (small["accelerator"], listed["16384mb_t4"]["accelerator"]) == (0.0, 1.0)
    assert small["display_name"] == "512 MB + 0.125 vCPU"


def test_every_project_has_a_group_for_each_type(api: Any, types: dict[str, str]) -> None:
    listed = api.ok("GET", f"{api.project}/instance-type-groups")["results"]
    assert [one["instance_types"][0]["name"] for one in listed] == list(types)
    version = api.ok("GET", api.version(api.deployment()))
    path = f"{api.project}/instance-type-groups/{version['instance_type_group_id']}"
    assert api.ok("GET", path)["name"] == version["instance_type_group_name"]
    for method, data in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert "exists in every project" in api.fails(400, method, path, data)


def test_a_version_runs_on_a_group_of_its_project(api: Any, types: dict[str, str]) -> None:
    created = group(api, types["4096mb"], types["512mb"], name="Large, else small")
    assert [(one["name"], one["priority"], one["schedule_timeout"]) for one in created["instance_types"]] == [
        ("4096mb", 0, 3600),
        ("512mb", 1, 3600),
    ]
    path = f"{api.project}/instance-type-groups/{created['id']}"
    assert api.ok("GET", path) == created
    assert api.ok("GET", f"{api.project}/instance-type-groups")["results"][-1] == created
    deployment = api.deployment()
    by_id = api.ok("GET", api.version(deployment, "v1", instance_type_group_id=created["id"].upper()))
    by_name = api.ok("GET", api.version(deployment, "v2", instance_type_group_name="Large, else small"))
    for version in (by_id, by_name):
        assert version["instance_type_group_id"] == created["id"]
        assert (version["instance_type_group_name"], version["instance_type"]) == ("Large, else small", "4096mb")
    usage = api.ok("GET", f"{path}/usage")["results"]
    assert [(one["deployment"], one["version"]) for one in usage] == [("d", "v1"), ("d", "v2")]
    assert "used by version v1 of deployment d" in api.fails(409, "DELETE", path)
    changes = {"name": "Small", "instance_types": [{"id": types["512mb"], "priority": 5, "schedule_timeout": 60}]}
    assert api.ok("PATCH", path, changes)["instance_types"][0]["schedule_timeout"] == 60
    assert api.ok("GET", f"{deployment}/versions/v1")["instance_type"] == "512mb"
    # A version can leave the group, and one of another project can't use it.
    for name in ("v1", "v2"):
        api.ok("PATCH", f"{deployment}/versions/{name}", {"instance_type": "256mb"})
    assert api.ok("GET", f"{path}/usage")["results"] == []
    other = type(api)(api.emulator, "another-project-with-groups")
    other.deployment(f"d-{created['id'][:8]}")
    other.fails(
        400,
        "POST",
        f"{other.project}/deployments/d-{created['id'][:8]}/versions",
        {"version": "v", "instance_type_group_id": created["id"]},
    )
    assert api.send("DELETE", path).status == 204
    assert api.fails(404, "GET", path) == "Instance type group was not found"


def test_the_priority_decides_the_order(api: Any, types: dict[str, str]) -> None:
    items = [{"id": types["256mb"], "priority": 2}, {"id": types["512mb"], "priority": 1}]
    created = api.ok("POST", f"{api.project}/instance-type-groups", {"name": "a", "instance_types": items})
    assert [one["name"] for one in created["instance_types"]] == ["512mb", "256mb"]


def test_a_group_without_a_name_is_named_after_its_types(api: Any, types: dict[str, str]) -> None:
    assert group(api, types["512mb"])["name"] == "512 MB + 0.125 vCPU (own)"
    assert group(api, types["512mb"], types["256mb"])["name"] == "512 MB + 0.125 vCPU, else 256 MB + 0.0625 vCPU"


def test_invalid_groups_are_rejected(api: Any, types: dict[str, str]) -> None:
    path = f"{api.project}/instance-type-groups"
    one = {"id": types["512mb"]}
    group(api, types["512mb"], name="taken")
    unknown = {"id": "00000000-0000-4000-8000-000000000000"}
    for body, reason in (
        ({"name": "a", "instance_types": []}, "at least one"),
        ({"name": "a", "instance_types": [one, one]}, "only once"),
        ({"name": "a", "instance_types": [unknown]}, "there is no instance type"),
        ({"name": "taken", "instance_types": [one]}, "already exists"),
        ({"name": "512 MB + 0.125 vCPU", "instance_types": [one]}, "already exists in every project"),
        ({"name": "a"}, "instance_types is required"),
        ({"name": "x" * 257, "instance_types": [one]}, "at most 256"),
    ):
        assert reason in api.fails(400, "POST", path, body)
    other = group(api, types["512mb"], name="other")
    assert "already exists" in api.fails(400, "PATCH", f"{path}/{other['id']}", {"name": "taken"})


def test_lists_are_read_page_by_page(api: Any) -> None:
    path = f"{api.project}/instance-types"
    everything = api.ok("GET", path)
    assert (everything["next"], everything["previous"]) == (None, None)
    found: list[Any] = []
    cursor, previous = "", None
    while cursor is not None:
        page = api.ok("GET", f"{path}?limit=4&cursor={cursor}")
        assert (page["previous"] is None) == (not found)
        found += page["results"]
        cursor, previous = page["next"], page["previous"]
    assert found == everything["results"]
    assert api.ok("GET", f"{path}?limit=4&cursor={previous}")["results"] == found[4:8]
    assert api.ok("GET", f"{path}?limit=0")["results"] == []
    for bad in ("x", "%25", "cD0tMQ==", "é"):
        assert "cursor" in api.fails(400, "GET", f"{path}?cursor={bad}")

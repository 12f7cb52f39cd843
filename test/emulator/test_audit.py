"""The audit log lists all changes, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest


def test_every_change_is_logged(api: Any, good: bytes) -> None:
    deployment = api.deployment()
    version = api.version(deployment)
    api.ok("PATCH", deployment, {"description": "New"})
    api.ok("PATCH", version, {"description": "New"})
    revision = api.build(version, good)
    api.ok("POST", f"{version}/revisions/{revision}/rebuild", {})
    variable = api.variable(deployment, "A")
    api.ok("PATCH", variable, {"name": "B", "value": "1", "secret": False})
    api.ok("POST", f"{version}/copy-environment-variables", {"source_deployment": "d"})
    api.ok("DELETE", variable)
    api.variable(version, "C")
    api.ok("PATCH", version, {"version": "v2"})
    api.ok("PATCH", deployment, {"name": "e"})
    deployment = deployment[:-1] + "e"
    api.version(deployment, "v3")
    api.ok("DELETE", f"{deployment}/versions/v3")
    events = api.ok("GET", f"{deployment}/audit")
    assert [(one["action"], one["event"], one["object_type"], one["object_name"]) for one in reversed(events)] == [
        ("create", "Created deployment d", "deployment", "e"),
        ("create", "Created version v1 for deployment d", "deployment", "e"),
        ("update", "Updated deployment d", "deployment", "e"),
        ("update", "Updated version v1 for deployment d", "deployment_version", "v2"),
        ("create", f"Created revision {revision} for version v1 of deployment d", "deployment_version", "v2"),
        (
            "info",
            f"Triggered rebuild of revision {revision} for version v1 of deployment d",
            "deployment_version",
            "v2",
        ),
        ("create", "Created environment variable A for deployment d", "deployment", "e"),
        ("update", "Updated environment variable A for deployment d, now B", "deployment", "e"),
        (
            "update",
            "Copied environment variables B from deployment d for version v1 of deployment d",
            "deployment_version",
            "v2",
        ),
        ("delete", "Deleted environment variable B for deployment d", "deployment", "e"),
        ("create", "Created environment variable C for version v1 of deployment d", "deployment_version", "v2"),
        ("update", "Updated version v1 for deployment d, now v2", "deployment_version", "v2"),
        ("update", "Updated deployment d, now e", "deployment", "e"),
        ("create", "Created version v3 for deployment e", "deployment", "e"),
        ("delete", "Deleted version v3 for deployment e", "deployment", "e"),
    ]
    assert {one["user"] for one in events} == {"user@example.com"}
    assert len({one["id"] for one in events}) == len(events)


def test_events_of_a_deleted_version_have_no_object_name(api: Any) -> None:
    deployment = api.deployment()
    version = api.version(deployment)
    api.variable(version, "A")
    assert api.ok("GET", f"{deployment}/audit")[0]["object_name"] == "v1"
    api.ok("DELETE", version)
    api.version(deployment)
    shown = {one["event"]: one["object_name"] for one in api.ok("GET", f"{deployment}/audit")}
    assert shown["Created environment variable A for version v1 of deployment d"] == ""
    assert shown["Deleted version v1 for deployment d"] == "d"


def test_rejected_requests_and_reads_are_not_logged(api: Any) -> None:
    deployment = api.deployment()
    api.fails(400, "POST", f"{deployment}/versions", {"version": "v1", "environment": "no-such"})
    api.fails(409, "POST", f"{api.project}/deployments", {"name": "d", "input_type": "plain", "output_type": "plain"})
    api.ok("GET", deployment)
    assert len(api.ok("GET", f"{deployment}/audit")) == 1


@pytest.fixture
def log(api: Any) -> str:
    """The path of a log with 60 events: 1 of the deployment, 59 of variables."""
    deployment = api.deployment()
    for number in range(59):
        api.variable(deployment, "A_" + chr(ord("a") + number % 26) * (1 + number // 26))
        api.emulator.clock.advance(0.001)
    return f"{deployment}/audit"


def test_limit_and_offset_select_a_page(api: Any, log: str) -> None:
    everything = api.ok("GET", f"{log}?limit=1000")
    assert len(everything) == 60
    assert api.ok("GET", log) == everything[:50]
    assert api.ok("GET", f"{log}?offset=50") == everything[50:]
    assert api.ok("GET", f"{log}?limit=3&offset=2") == everything[2:5]
    assert api.ok("GET", f"{log}?limit=0") == []
    assert api.ok("GET", f"{log}?offset=60") == []
    assert api.ok("GET", f"{log}?limit={10**25}&offset=59") == everything[59:]
    assert api.ok("GET", f"{log}?offset={10**25}") == []


def test_the_newest_event_comes_first(api: Any, log: str) -> None:
    dates = [datetime.fromisoformat(one["date"]) for one in api.ok("GET", log)]
    assert dates == sorted(dates, reverse=True)


def test_events_are_filtered_by_action(api: Any, log: str) -> None:
    api.ok("PATCH", log[: -len("/audit")], {"description": "New"})
    assert [one["event"] for one in api.ok("GET", f"{log}?action=update")] == ["Updated deployment d"]
    assert len(api.ok("GET", f"{log}?action=create&limit=100")) == 60
    assert api.ok("GET", f"{log}?action=info") == []
    assert len(api.ok("GET", f"{log}?action=create&limit=5&offset=58")) == 2

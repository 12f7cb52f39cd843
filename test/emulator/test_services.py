"""Services, and limits of their users."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def service(api: Any) -> str:
    """The path of a service of the default version of a deployment."""
    api.version(api.deployment())
    api.ok("POST", f"{api.project}/services", {"name": "web", "deployment": "d", "port": 8080, "labels": {"a": "b"}})
    return f"{api.project}/services/web"


def test_a_service_is_created_changed_and_deleted(api: Any, service: str) -> None:
    created = api.ok("GET", service)
    assert (created["deployment"], created["version"], created["port"]) == ("d", None, 8080)
    assert (created["authentication_required"], created["rate_limit"], created["endpoint"]) == (True, None, None)
    (listed,) = api.ok("GET", f"{api.project}/services")
    assert listed == {name: created[name] for name in listed}
    assert "already exists" in api.fails(
        409, "POST", f"{api.project}/services", {"name": "web", "deployment": "d", "port": 1}
    )
    changed = api.ok("PATCH", service, {"version": "v1", "port": 9000, "rate_limit": 5, "name": "site"})
    assert (changed["version"], changed["port"], changed["rate_limit"]) == ("v1", 9000, 5)
    path = f"{api.project}/services/site"
    # The names of deployment and version follow those.
    api.ok("PATCH", f"{api.project}/deployments/d/versions/v1", {"version": "v2"})
    api.ok("PATCH", f"{api.project}/deployments/d", {"name": "e"})
    found = api.ok("GET", path)
    assert (found["deployment"], found["version"]) == ("e", "v2")
    assert api.ok("PATCH", path, {"version": None})["version"] is None
    assert api.send("DELETE", path).status == 204
    assert api.fails(404, "GET", path) == "Service was not found"


def test_a_service_goes_to_another_deployment(api: Any, service: str) -> None:
    api.version(api.deployment("other"), "w")
    api.ok("PATCH", service, {"version": "v1"})
    moved = api.ok("PATCH", service, {"deployment": "other"})
    assert (moved["deployment"], moved["version"]) == ("other", None)
    assert api.ok("PATCH", service, {"deployment": "d", "version": "v1"})["version"] == "v1"
    api.ok("DELETE", f"{api.project}/deployments/d")
    assert api.fails(404, "GET", service) == "Service was not found"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deployment": "unknown"}, "Deployment was not found"),
        ({"version": "unknown"}, "Deployment version was not found"),
        ({"port": 0}, "port must be between 1 and 65535"),
        ({"port": 65536}, "port must be between"),
        ({"rate_limit": 0}, "rate_limit must be 1 or more"),
        ({"name": "a b"}, "is not a valid name"),
    ],
)
def test_invalid_settings_are_rejected(api: Any, service: str, changes: Any, reason: str) -> None:
    body = {"name": "new", "deployment": "d", "port": 1, **changes}
    assert reason in api.fails(400, "POST", f"{api.project}/services", body)
    assert reason in api.fails(400, "PATCH", service, changes)


def test_a_service_needs_a_deployment(api: Any) -> None:
    error = api.fails(400, "POST", f"{api.project}/services", {"name": "web", "port": 1})
    assert error == "deployment is required"


def test_services_are_filtered_by_labels_and_versions(api: Any, service: str) -> None:
    path = f"{api.project}/services"
    first = api.ok("GET", f"{api.project}/deployments/d/versions/v1")["id"]
    second = api.ok("GET", api.version(f"{api.project}/deployments/d", "v2"))["id"]
    api.ok("POST", path, {"name": "two", "deployment": "d", "version": "v2", "port": 1})
    assert [one["name"] for one in api.ok("GET", f"{path}?labels=a:b")] == ["web"]
    # Without a version it is the default one.
    assert [one["name"] for one in api.ok("GET", f"{path}?deployment_version_ids={first}")] == ["web"]
    assert [one["name"] for one in api.ok("GET", f"{path}?deployment_version_ids={second}")] == ["two"]
    assert len(api.ok("GET", f"{path}?deployment_version_ids={first},{second}")) == 2


def test_no_service_is_ready(api: Any, service: str) -> None:
    identifier = api.ok("GET", service)["id"]
    assert api.ok("GET", f"{service}/status") == {"id": identifier, "ready": False, "instances_ready": 0}


@pytest.mark.parametrize("kind", ["rate", "concurrency"])
def test_users_have_limits_of_their_own(api: Any, service: str, kind: str) -> None:
    path = f"{service}/user-{kind}-limits"
    me = api.ok("GET", "/user")
    program = api.ok("POST", f"{api.project}/service-users", {})
    created = api.ok("POST", path, {"user_id": me["id"].upper(), "limit": 5})
    assert created == {"id": created["id"], "user_id": me["id"], "user_email": me["email"], "limit": 5}
    other = api.ok("POST", path, {"user_id": program["id"], "limit": 1})
    assert other["user_email"] == program["email"]
    assert api.ok("GET", path) == [created, other]
    one = f"{path}/{me['id']}"
    assert api.ok("GET", one) == created
    assert api.ok("PATCH", one, {"limit": 6}) == {**created, "limit": 6}
    assert api.ok("PATCH", one, {}) == {**created, "limit": 6}
    assert "already exists" in api.fails(409, "POST", path, {"user_id": me["id"], "limit": 5})
    assert "limit must be 1 or more" in api.fails(400, "PATCH", one, {"limit": 0})
    assert "limit must be 1 or more" in api.fails(400, "PATCH", one, {"limit": 2**70})
    assert "is the id of no user" in api.fails(400, "POST", path, {"user_id": "x", "limit": 5})
    assert api.send("DELETE", one).status == 204
    assert api.fails(404, "GET", one) == f"User {kind} limit was not found"
    assert api.ok("GET", path) == [other]

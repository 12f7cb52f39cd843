"""Organizations, their members, accounts, and the sign-in of the command line."""

from __future__ import annotations

from typing import Any

import pytest

import ubiops.emulator


@pytest.fixture
def organization(api: Any, project_name: str) -> str:
    """The path of a new organization."""
    api.ok("POST", "/organizations", {"name": f"org-{project_name}"})
    return f"/organizations/org-{project_name}"


def account(api: Any, name: str, project_name: str) -> str:
    email = f"{name}@{project_name}.example.com"
    api.ok("POST", "/user", {"email": email, "password": "12345678"})
    return email


def test_one_organization_exists_from_the_start(api: Any) -> None:
    local = api.ok("GET", "/organizations")[0]
    assert (local["name"], local["status"]) == ("local", "active")
    assert api.ok("GET", "/organizations/local") == {**local, "subscription": "free", "overage_usage": False}
    assert api.fails(404, "GET", "/organizations/unknown") == "Organization was not found"


def test_an_organization_is_created_and_changed(api: Any, organization: str) -> None:
    name = organization.rpartition("/")[2]
    assert "already exists" in api.fails(409, "POST", "/organizations", {"name": name})
    assert api.ok("PATCH", organization, {"two_factor_authentication_forced": True})["two_factor_authentication_forced"]
    project = {"name": f"in-{name}", "organization_name": name}
    api.ok("POST", "/projects", project)
    renamed = api.ok("PATCH", organization, {"name": f"{name}-new"})
    assert renamed["two_factor_authentication_forced"]
    assert api.ok("GET", f"/projects/in-{name}")["organization_name"] == f"{name}-new"
    assert [one["name"] for one in api.ok("GET", f"/projects?organization={name}-new")] == [f"in-{name}"]
    for field in ("subscription", "subscription_end_date", "subscription_start_date"):
        error = api.fails(403, "PATCH", f"{organization}-new", {field: "2024-12-31"})
        assert "operator of the platform" in error


@pytest.mark.parametrize("name", ["", "Meteo", "1a", "a_b", "x" * 65])
def test_an_invalid_name_is_rejected(api: Any, organization: str, name: str) -> None:
    assert "name" in api.fails(400, "POST", "/organizations", {"name": name})
    assert "name" in api.fails(400, "PATCH", organization, {"name": name})


def test_the_creator_is_the_first_admin(api: Any, organization: str) -> None:
    (member,) = api.ok("GET", f"{organization}/users")
    assert member["admin"] is True
    assert member["id"] == api.ok("GET", "/user")["id"]
    path = f"{organization}/users/{member['id']}"
    for method, data in (("DELETE", None), ("PATCH", {"admin": False})):
        assert "last admin" in api.fails(400, method, path, data)
    assert api.ok("PATCH", path, {}) == member


def test_members_come_and_go(api: Any, organization: str, project_name: str) -> None:
    users = f"{organization}/users"
    email = f"nobody@{project_name}.example.com"
    assert "there is no account" in api.fails(400, "POST", users, {"email": email})
    email = account(api, "ada", project_name)
    added = api.ok("POST", users, {"email": email})
    assert (added["email"], added["admin"], added["status"]) == (email, False, "active")
    assert "already exists" in api.fails(409, "POST", users, {"email": email})
    path = f"{users}/{added['id']}"
    assert api.ok("GET", path) == added
    promoted = api.ok("PATCH", path, {"admin": True})
    assert promoted == {**added, "admin": True}
    (first, _) = api.ok("GET", users)
    # With a second admin, the first one may go.
    assert api.send("DELETE", f"{users}/{first['id']}").status == 204
    assert api.ok("GET", users) == [promoted]
    assert "last admin" in api.fails(400, "DELETE", path)
    assert api.fails(404, "GET", f"{users}/{first['id']}") == "User was not found"


def test_objects_of_all_projects_are_counted(api: Any, organization: str, project_name: str) -> None:
    for suffix in ("a", "b"):
        project = {"name": f"{project_name}-{suffix}", "organization_name": organization.rpartition("/")[2]}
        api.ok("POST", "/projects", project)
        client = type(api)(api.emulator, project["name"])
        client.version(client.deployment())
    counts = api.ok("GET", f"{organization}/resources")
    assert {name: counts[name] for name in ("projects", "users", "deployments", "deployment_versions")} == {
        "projects": 2,
        "users": 1,
        "deployments": 2,
        "deployment_versions": 2,
    }
    empty = api.ok("POST", "/organizations", {"name": f"{project_name}-empty"})
    assert api.ok("GET", f"/organizations/{empty['name']}/resources")["deployments"] == 0


def test_an_account_is_created_once(api: Any, project_name: str) -> None:
    body = {"email": f"ada@{project_name}.example.com", "password": "12345678", "name": "Ada", "surname": "L"}
    assert api.ok("POST", "/user", body) == {"email": body["email"], "name": "Ada", "surname": "L", "phone": None}
    assert "already exists" in api.fails(409, "POST", "/user", body)
    assert "at least 8" in api.fails(400, "POST", "/user", {**body, "password": "1234567"})
    assert "e-mail" in api.fails(400, "POST", "/user", {**body, "email": "ada"})


def post(api: Any, path: str, data: Any) -> Any:
    response = api.pool.request("POST", f"{api.origin}{path}", json=data)
    return response.status, response.json()


def test_the_command_line_program_signs_in_with_any_password(api: Any) -> None:
    status, found = post(api, "/v2/oauth/sign-in", {"email": "ada@example.com"})
    assert (status, found["provider"]) == (200, "ubiops")
    assert found["url"]
    status, found = post(api, "/v2/authorize", {"email": "ada@example.com", "password": "x"})
    assert status == 200
    response = api.send("GET", "/user", token=f"Bearer {found['access']}")
    assert response.status == 200
    for path in ("/v2/oauth/sign-in", "/v2/authorize"):
        for data in ({}, [], {"email": 5}):
            assert post(api, path, data) == (400, {"error": "email is required"})


def test_the_password_is_a_token_if_not_every_token_is_accepted(api: Any) -> None:
    with ubiops.emulator.start(tokens=["sesame"]) as emulator:
        client = type(api)(emulator)
        status, found = post(client, "/v2.1/authorize", {"email": "ada@example.com", "password": "sesame"})
        assert (status, found["access"]) == (200, "sesame")
        status, found = post(client, "/v2/authorize", {"email": "ada@example.com", "password": "Token sesame"})
        assert (status, found["access"]) == (200, "sesame")
        status, found = post(client, "/v2.1/authorize", {"email": "ada@example.com", "password": "open"})
        assert status == 401
        assert "open" not in found["error"]
        client.pool.clear()

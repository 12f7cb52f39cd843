"""Permissions, roles and their assignments."""

from __future__ import annotations

from typing import Any

import pytest

MISSING_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def project(api: Any) -> str:
    """The path of a project with fine-grained permissions."""
    api.ok("PATCH", api.project, {"advanced_permissions": True})
    return str(api.project)


def role(api: Any, project: str, name: str = "caller", *permissions: str) -> Any:
    return api.ok("POST", f"{project}/roles", {"name": name, "permissions": [*permissions]})


def test_permissions_name_an_object_and_a_verb(api: Any) -> None:
    names = [one["name"] for one in api.ok("GET", "/permissions")]
    assert {"deployments.list", "deployments.get", "deployments.versions.requests.create"} <= set(names)
    assert sorted(set(names)) == names


def test_built_in_roles_exist_in_every_project(api: Any) -> None:
    listed = {one["name"]: one for one in api.ok("GET", f"{api.project}/roles")}
    expected = {"project-viewer", "project-editor", "project-admin", "deployment-request-user", "files-reader"}
    assert expected <= set(listed)
    assert all(one["default"] is True for one in listed.values())
    permissions = {
        level: set(api.ok("GET", f"{api.project}/roles/project-{level}")["permissions"])
        for level in ("viewer", "editor", "admin")
    }
    assert permissions["viewer"] < permissions["editor"] < permissions["admin"]
    assert permissions["admin"] == {one["name"] for one in api.ok("GET", "/permissions")}
    assert api.ok("GET", f"{api.project}/roles/files-reader")["id"] == listed["files-reader"]["id"]
    for method, data in (("PATCH", {"permissions": []}), ("DELETE", None)):
        error = api.fails(400, method, f"{api.project}/roles/files-reader", data)
        assert error == "the built-in role 'files-reader' can be neither changed nor deleted"


def test_a_role_is_created_changed_and_deleted(api: Any, project: str) -> None:
    created = role(api, project, "caller", "deployments.get")
    assert created == {
        "id": created["id"],
        "name": "caller",
        "default": False,
        "permissions": ["deployments.get"],
    }
    assert api.ok("GET", f"{project}/roles")[-1] == {"id": created["id"], "name": "caller", "default": False}
    assert "already exists" in api.fails(409, "POST", f"{project}/roles", {"name": "caller", "permissions": []})
    changed = api.ok("PATCH", f"{project}/roles/caller", {"permissions": ["deployments.list"], "name": "reader"})
    assert changed == {**created, "name": "reader", "permissions": ["deployments.list"]}
    assert api.ok("GET", f"{project}/roles/reader") == changed
    assert api.fails(404, "GET", f"{project}/roles/caller") == "Role was not found"
    assert api.send("DELETE", f"{project}/roles/reader").status == 204
    assert api.fails(404, "DELETE", f"{project}/roles/reader") == "Role was not found"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"name": "Caller", "permissions": []}, 400, "name"),
        ({"name": "x" * 65, "permissions": []}, 400, "name"),
        ({"name": "files-reader", "permissions": []}, 409, "already exists in every project"),
        ({"name": "a", "permissions": ["fly"]}, 400, "there is no permission 'fly'"),
        ({"name": "a"}, 400, "permissions is required"),
    ],
)
def test_an_invalid_role_is_rejected(api: Any, project: str, body: Any, status: int, reason: str) -> None:
    assert reason in api.fails(status, "POST", f"{project}/roles", body)


def test_own_roles_need_advanced_permissions(api: Any) -> None:
    error = api.fails(400, "POST", f"{api.project}/roles", {"name": "a", "permissions": []})
    assert "advanced_permissions" in error


def test_the_caller_is_an_admin_of_the_project(api: Any, project_name: str) -> None:
    (assignment,) = api.ok("GET", f"{api.project}/role-assignments")
    assert assignment == {
        "id": assignment["id"],
        "role": "project-admin",
        "assignee": api.ok("GET", "/user")["id"],
        "assignee_type": "user",
        "resource": project_name,
        "resource_type": "project",
    }
    assert api.ok("GET", f"{api.project}/role-assignments/{assignment['id']}") == assignment
    api.ok("DELETE", f"{api.project}/role-assignments/{assignment['id']}")
    assert api.ok("GET", f"{api.project}/role-assignments") == []


def test_roles_are_assigned_listed_and_taken_away(api: Any, project: str, project_name: str) -> None:
    path = f"{project}/role-assignments"
    api.deployment()
    program = api.ok("POST", f"{project}/service-users", {})["id"]
    role(api, project)
    bodies = [
        {"role": "caller", "assignee": program, "assignee_type": "user"},
        {
            "role": "caller",
            "assignee": program,
            "assignee_type": "user",
            "resource": "d",
            "resource_type": "deployment",
        },
        {
            "role": "files-reader",
            "assignee": "d",
            "assignee_type": "deployment",
            "resource": "default",
            "resource_type": "bucket",
        },
    ]
    created = [api.ok("POST", path, body) for body in bodies]
    assert (created[0]["resource"], created[0]["resource_type"]) == (project_name, "project")
    assert created[1] == {"id": created[1]["id"], **bodies[1]}
    assert api.ok("GET", f"{path}?assignee={program}") == created[:2]
    assert api.ok("GET", f"{path}?assignee_type=deployment") == created[2:]
    assert api.ok("GET", f"{path}?resource=d&resource_type=deployment") == created[1:2]
    assert "resource_type" in api.fails(400, "GET", f"{path}?resource=d")
    assert "already exists" in api.fails(409, "POST", path, bodies[0])
    api.ok("PATCH", f"{project}/roles/caller", {"name": "reader"})
    assert api.ok("GET", f"{path}/{created[0]['id']}")["role"] == "reader"
    # A role takes its assignments along, and so does a service user.
    api.ok("DELETE", f"{project}/roles/reader")
    assert api.ok("GET", f"{path}?assignee={program}") == []
    api.ok("POST", path, {**bodies[0], "role": "project-viewer"})
    api.ok("DELETE", f"{project}/service-users/{program}")
    assert api.ok("GET", f"{path}?assignee={program}") == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"role": "unknown"}, "there is no role 'unknown'"),
        ({"assignee": MISSING_ID}, "is the id of no user or service user"),
        ({"assignee": "d", "assignee_type": "deployment"}, "there is no deployment 'd'"),
        ({"resource": "d"}, "must be given together"),
        ({"resource_type": "deployment"}, "must be given together"),
        ({"resource": "d", "resource_type": "deployment"}, "there is no deployment 'd'"),
        ({"resource": "other", "resource_type": "project"}, "there is no project 'other'"),
        ({"resource": "b", "resource_type": "bucket"}, "there is no bucket 'b'"),
        ({"assignee": None}, "assignee"),
    ],
)
def test_an_assignment_needs_existing_objects(api: Any, changes: Any, reason: str) -> None:
    (mine,) = api.ok("GET", f"{api.project}/role-assignments")
    body = {"role": "project-viewer", "assignee": mine["assignee"], "assignee_type": "user", **changes}
    assert reason in api.fails(400, "POST", f"{api.project}/role-assignments", body)


def test_a_role_and_its_holder_are_required(api: Any) -> None:
    path = f"{api.project}/role-assignments"
    assert "role is required" in api.fails(400, "POST", path, {})
    error = api.fails(400, "POST", path, {"role": "project-viewer"})
    assert error == "assignee is required; assignee_type is required"

"""Projects: created, named, renamed, deleted with everything in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from ubiops.emulator.core import projects
from ubiops.emulator.core.context import RequestContext


def names(api: Any, query: str = "") -> set[str]:
    return {project["name"] for project in api.ok("GET", f"/projects{query}")}


def create(api: Any, name: str, **settings: Any) -> Any:
    return api.ok("POST", "/projects", {"name": name, "organization_name": "local", **settings})


def test_a_created_project_has_the_given_and_the_default_settings(api: Any, project_name: str) -> None:
    created = create(api, project_name, labels={"team": "x"}, credits=5.5, cors_origins=["https://a.example"])
    assert created == {
        "id": created["id"],
        "name": project_name,
        "creation_date": created["creation_date"],
        "advanced_permissions": False,
        "credits": 5.5,
        "organization_name": "local",
        "labels": {"team": "x"},
        "suspended": False,
        "suspended_reason": None,
        "cors_origins": ["https://a.example"],
    }
    assert api.ok("GET", api.project) == created
    (listed,) = (one for one in api.ok("GET", "/projects") if one["name"] == project_name)
    assert listed == {name: created[name] for name in listed}
    assert "already exists in the emulator" in api.fails(
        409, "POST", "/projects", {"name": project_name, "organization_name": "local"}
    )


@pytest.mark.parametrize("name", ["", "Weather", "1-weather", "-a", "a_b", "a.b", "ä", "x" * 65, "a\n"])
def test_an_invalid_name_is_rejected(api: Any, name: str) -> None:
    assert "name" in api.fails(400, "POST", "/projects", {"name": name, "organization_name": "local"})
    assert "name" in api.fails(400, "PATCH", api.project, {"name": name})


def test_an_unknown_organization_is_rejected(api: Any, project_name: str) -> None:
    error = api.fails(400, "POST", "/projects", {"name": project_name, "organization_name": "unknown"})
    assert "there is no organization 'unknown'; there are 'local'" in error


def test_a_project_is_created_by_the_first_object_in_it(api: Any, project_name: str) -> None:
    assert project_name not in names(api)
    # Reading what is in a project doesn't create it.
    assert api.ok("GET", f"{api.project}/deployments") == []
    assert project_name not in names(api)
    api.deployment()
    assert project_name in names(api)
    assert api.ok("GET", api.project)["organization_name"] == "local"


def test_getting_a_project_by_a_valid_name_creates_it(api: Any, project_name: str) -> None:
    first = api.ok("GET", api.project)
    assert api.ok("GET", api.project) == first
    assert project_name in names(api)
    for name in ("Invalid", "x" * 65, "a%2Fb"):
        assert api.fails(404, "GET", f"/projects/{name}") == "Project was not found"


def test_a_project_with_another_name_can_be_got_once_it_is_used(api: Any) -> None:
    variable = {"name": "A", "value": "1", "secret": False}
    api.ok("POST", "/projects/Some_Project/environment-variables", variable)
    assert api.ok("GET", "/projects/Some_Project")["name"] == "Some_Project"


def test_projects_are_filtered_by_labels_and_organization(api: Any, project_name: str) -> None:
    create(api, project_name, labels={"project": project_name, "stage": "test"})
    create(api, f"{project_name}-b", labels={"project": f"{project_name}-b"})
    assert names(api, f"?labels=project:{project_name}") == {project_name}
    assert names(api, f"?labels=project:{project_name},project:{project_name}-b") == {project_name, f"{project_name}-b"}
    assert names(api, "?labels=project:unknown") == set()
    assert project_name in names(api, "?organization=local")
    assert names(api, "?organization=unknown") == set()
    assert "labels must be pairs" in api.fails(400, "GET", "/projects?labels=x")


def test_an_update_changes_what_is_given(api: Any) -> None:
    before = api.ok("GET", api.project)
    changes = {"credits": 10, "labels": {"a": "b"}, "cors_origins": ["https://a.example"], "advanced_permissions": True}
    assert api.ok("PATCH", api.project, changes) == {**before, **changes}
    assert api.ok("PATCH", api.project, {"credits": None}) == {**before, **changes, "credits": None}
    suspended = api.ok("PATCH", api.project, {"suspend": True})
    assert (suspended["suspended"], suspended["suspended_reason"]) == (True, "Suspended by a user")
    resumed = api.ok("PATCH", api.project, {"suspend": False})
    assert (resumed["suspended"], resumed["suspended_reason"]) == (False, None)


def test_a_renamed_project_keeps_everything(api: Any, project_name: str, good: bytes) -> None:
    version = api.version(api.deployment())
    revision = api.build(version, good)
    api.variable(api.project, "A")
    api.emulator._backend.logs.write(project_name, "line")
    before = api.ok("GET", api.project)
    new = f"/projects/{project_name}-new"
    assert api.ok("PATCH", api.project, {"name": f"{project_name}-new"}) == {**before, "name": f"{project_name}-new"}
    assert api.ok("GET", f"{new}/deployments/d/versions/v1")["active_revision"] == revision
    assert api.send("GET", f"{new}/deployments/d/versions/v1/revisions/{revision}/download").data == good
    assert [one["name"] for one in api.ok("GET", f"{new}/environment-variables")] == ["A"]
    assert "line" in [one["log"] for one in api.ok("GET", f"{new}/logs")]
    events = [one["event"] for one in api.ok("GET", f"{new}/audit")]
    assert events[0] == f"Updated project {project_name}, now {project_name}-new"
    assert len(events) > 3
    assert api.ok("GET", f"{api.project}/deployments") == []
    # The old name is free again.
    assert api.ok("GET", api.project)["id"] != before["id"]
    assert "already exists" in api.fails(409, "PATCH", new, {"name": project_name})


def test_a_deleted_project_takes_everything_along(api: Any, project_name: str, good: bytes) -> None:
    version = api.version(api.deployment())
    api.build(version, good)
    for owner in (api.project, f"{api.project}/deployments/d", version):
        api.variable(owner, "A")
    api.emulator._backend.logs.write(project_name, "line")
    files = api.emulator._backend.files._folder
    kept = api.version(type(api)(api.emulator, f"{project_name}-b").deployment())
    api.upload(kept, good)
    before = len(list(files.iterdir()))
    assert api.send("DELETE", api.project).status == 204
    assert api.fails(404, "GET", api.project) == "Project was not found"
    assert api.fails(404, "DELETE", api.project) == "Project was not found"
    assert api.fails(404, "PATCH", api.project, {}) == "Project was not found"
    assert project_name not in names(api)
    for what in ("deployments", "environment-variables", "logs", "audit"):
        assert api.ok("GET", f"{api.project}/{what}") == []
    assert len(list(files.iterdir())) == before - 1
    assert len(api.ok("GET", f"{kept}/revisions")) == 1
    with api.emulator._storage.reading() as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        left = (
            db.execute("SELECT count(*) FROM versions").fetchone()[0],
            db.execute(
                "SELECT count(*) FROM versions JOIN deployments ON deployments.pk = versions.deployment"
            ).fetchone()[0],
        )
    assert left[0] == left[1]


def test_a_deleted_project_can_be_created_again(api: Any, project_name: str) -> None:
    first = api.ok("GET", api.project)["id"]
    api.emulator._backend.logs.write(project_name, "old")
    api.ok("DELETE", api.project)
    api.emulator.clock.advance(1)
    # An instance that was still running may write a last line.
    api.emulator._backend.logs.write(project_name, "late")
    api.emulator.clock.advance(1)
    api.deployment()
    again = api.ok("GET", api.project)
    assert again["id"] != first
    assert api.ok("GET", f"{api.project}/logs") == []
    api.ok("DELETE", api.project)
    create(api, project_name)
    assert api.ok("GET", api.project)["name"] == project_name


def test_a_project_that_was_never_named_is_not_deleted(api: Any) -> None:
    assert api.fails(404, "DELETE", api.project) == "Project was not found"


def test_the_audit_log_of_a_project_holds_the_events_of_everything_in_it(api: Any, project_name: str) -> None:
    create(api, project_name)
    api.version(api.deployment())
    api.ok("DELETE", api.variable(api.project, "A"))
    api.ok("PATCH", api.project, {"credits": 1})
    events = api.ok("GET", f"{api.project}/audit")
    assert [(one["action"], one["event"], one["object_type"], one["object_name"]) for one in reversed(events)] == [
        ("create", f"Created project {project_name}", "project", project_name),
        ("create", "Created deployment d", "deployment", "d"),
        ("create", "Created version v1 for deployment d", "deployment", "d"),
        ("create", f"Created environment variable A for project {project_name}", "project", project_name),
        ("delete", f"Deleted environment variable A for project {project_name}", "project", project_name),
        ("update", f"Updated project {project_name}", "project", project_name),
    ]
    assert [one["event"] for one in api.ok("GET", f"{api.project}/audit?limit=1&offset=1&action=create")] == [
        "Created version v1 for deployment d"
    ]


def test_objects_are_counted(api: Any, project_name: str) -> None:
    deployment = api.deployment()
    api.version(deployment)
    api.version(deployment, "v2")
    counts = api.ok("GET", f"{api.project}/resources")
    assert (counts["deployments"], counts["deployment_versions"], counts["pipelines"]) == (1, 2, 0)


def test_there_are_no_quotas(api: Any) -> None:
    quotas = {one["resource"]: one["quota"] for one in api.ok("GET", f"{api.project}/quotas")}
    assert quotas == {"memory_standard": None, "cpu_standard": None, "accelerator_standard": None}


# Variables


def test_a_variable_of_a_project_is_created_read_replaced_and_deleted(api: Any) -> None:
    path = api.variable(api.project, "REGION", "eu")
    identifier = path.rpartition("/")[2]
    shown = {"id": identifier, "name": "REGION", "value": "eu", "secret": False}
    assert api.ok("GET", path) == shown
    assert api.ok("GET", f"{api.project}/environment-variables") == [shown]
    secret = api.ok("PATCH", path, {"name": "KEY", "value": "sesame", "secret": True})
    assert secret == {"id": identifier, "name": "KEY", "value": None, "secret": True}
    deployment = api.deployment()
    (inherited,) = api.ok("GET", f"{deployment}/environment-variables")
    assert (inherited["name"], inherited["inheritance_type"]) == ("KEY", "project")
    assert "already exists" in api.fails(
        409, "POST", f"{api.project}/environment-variables", {"name": "KEY", "value": "1", "secret": False}
    )
    # Those of a deployment are not those of its project.
    own = api.variable(deployment, "B").rpartition("/")[2]
    api.fails(404, "GET", f"{api.project}/environment-variables/{own}")
    assert len(api.ok("GET", f"{api.project}/environment-variables")) == 1
    assert api.send("DELETE", path).status == 204
    assert api.ok("GET", f"{deployment}/environment-variables")[0]["name"] == "B"


def test_a_variable_is_addressed_by_its_name_as_well(api: Any) -> None:
    deployment = api.deployment()
    for owner in (api.project, deployment, api.version(deployment)):
        path = api.variable(owner, "A")
        named = f"{owner}/environment-variables/A"
        assert api.ok("GET", named) == api.ok("GET", path)
        changed = api.ok("PATCH", named, {"name": "B", "value": "2", "secret": False})
        assert changed["id"] == path.rpartition("/")[2]
        assert api.fails(404, "GET", named) == "Environment variable was not found"
        assert api.send("DELETE", f"{owner}/environment-variables/B").status == 204
        assert api.fails(404, "DELETE", path) == "Environment variable was not found"
        # An inherited one has no such address.
        api.variable(api.project, "C") if owner == api.project else api.fails(
            404, "GET", f"{owner}/environment-variables/C"
        )


# Users


def account(api: Any, name: str, project_name: str) -> str:
    email = f"{name}@{project_name}.example.com"
    api.ok("POST", "/user", {"email": email, "password": "12345678", "name": "Ada"})
    return email


def test_the_caller_is_a_user_of_each_project(api: Any) -> None:
    me = api.ok("GET", "/user")
    assert me["email"] == "user@example.com"
    (user,) = api.ok("GET", f"{api.project}/users")
    assert user == {name: me[name] for name in ("id", "email", "name", "surname")}
    assert api.ok("GET", f"{api.project}/users?user_type=user") == [user]
    assert api.ok("GET", f"{api.project}/users?user_type=service_user") == []


def test_a_member_of_the_organization_gets_access_and_loses_it(api: Any, project_name: str) -> None:
    email = account(api, "ada", project_name)
    member = api.ok("POST", "/organizations/local/users", {"email": email})
    users = f"{api.project}/users"
    added = api.ok("POST", users, {"user_id": member["id"].upper()})
    assert added == {"id": member["id"], "email": email, "name": "Ada", "surname": ""} or added["surname"] is None
    assert "already exists" in api.fails(409, "POST", users, {"user_id": member["id"]})
    assert api.ok("GET", f"{users}/{member['id']}") == added
    assert len(api.ok("GET", users)) == 2
    assert api.send("DELETE", f"{users}/{member['id']}").status == 204
    assert api.fails(404, "GET", f"{users}/{member['id']}") == "User was not found"
    api.ok("POST", users, {"user_id": member["id"]})
    # Whoever leaves the organization leaves its projects.
    api.ok("DELETE", f"/organizations/local/users/{member['id']}")
    assert len(api.ok("GET", users)) == 1
    stranger = "00000000-0000-4000-8000-000000000000"
    assert "is not a member of organization local" in api.fails(400, "POST", users, {"user_id": stranger})


# What areas add


class Recorder:
    """A runner that runs nothing and keeps the versions that were changed."""

    def __init__(self) -> None:
        self.versions: list[int] = []

    def submit(self, job: Any) -> Any:
        raise AssertionError("no test here submits a job")

    def cancel(self, request_id: str) -> bool:
        return False

    def changed(self, version: int) -> None:
        self.versions.append(version)

    def take(self) -> list[int]:
        """Returns the versions since the last call."""
        found, self.versions = self.versions, []
        return found


@pytest.fixture
def runner(api: Any) -> Iterator[Recorder]:
    """The runner of the emulator."""
    backend = api.emulator._backend
    before, recorder = backend.runner, Recorder()
    backend.runner = recorder
    yield recorder
    backend.runner = before


def keys(api: Any, *paths: str) -> list[int]:
    """Returns the keys of versions."""
    identifiers = [api.ok("GET", path)["id"] for path in paths]
    with api.emulator._storage.reading() as db:
        query = "SELECT pk FROM versions WHERE id = ?"
        return [db.execute(query, (identifier,)).fetchone()["pk"] for identifier in identifiers]


def test_instances_get_changed_variables(api: Any, runner: Recorder, project_name: str) -> None:
    deployment, other = api.deployment(), api.deployment("e")
    first, second, third = api.version(deployment), api.version(deployment, "v2"), api.version(other)
    one, two, three = keys(api, first, second, third)
    runner.take()
    of_project = api.variable(api.project, "A")
    assert runner.take() == [one, two, three]
    api.ok("PATCH", of_project, {"name": "A", "value": "2", "secret": False})
    assert runner.take() == [one, two, three]
    api.variable(deployment, "A")
    assert runner.take() == [one, two]
    of_version = api.variable(first, "A")
    assert runner.take() == [one]
    api.ok("DELETE", of_version)
    assert runner.take() == [one]
    api.ok("POST", f"{second}/copy-environment-variables", {"source_deployment": "d"})
    assert runner.take() == [two]
    api.fails(404, "DELETE", of_version)
    assert runner.take() == []
    api.emulator.set_project_variable(project_name, "B", "1")
    assert runner.take() == [one, two, three]


def test_instances_of_a_renamed_or_deleted_project_stop(api: Any, runner: Recorder, project_name: str) -> None:
    versions = keys(api, api.version(api.deployment()))
    runner.take()
    api.ok("PATCH", api.project, {"credits": 1})
    assert runner.take() == []
    api.ok("PATCH", api.project, {"name": f"{project_name}-new"})
    assert set(runner.take()) == set(versions)
    api.ok("DELETE", f"{api.project}-new")
    assert set(runner.take()) == set(versions)


def test_an_area_is_told_before_a_project_is_deleted(
    api: Any, project_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "_DELETE_HOOKS", [])
    seen = []

    @projects.on_project_delete
    def count(db: sqlite3.Connection, context: RequestContext, name: str) -> None:
        found = db.execute("SELECT count(*) FROM deployments WHERE project = ?", (name,)).fetchone()[0]
        seen.append((name, context.user, found))

    api.deployment()
    api.ok("DELETE", api.project)
    assert seen == [(project_name, "user@example.com", 1)]

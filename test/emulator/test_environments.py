"""Environments of platform and projects, and the versions that run on them."""

from __future__ import annotations

from typing import Any

import pytest
from custom_environments import REQUIREMENTS, create, upload


@pytest.fixture(autouse=True)
def without_installer(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets all builds follow the clock."""
    monkeypatch.setattr(api.emulator._backend, "installer", None)


@pytest.fixture
def environments(api: Any) -> str:
    return f"{api.project}/environments"


@pytest.fixture
def packages(zipped: Any) -> bytes:
    """Lists of packages that build."""
    packed: bytes = zipped({"environment_package/requirements.txt": REQUIREMENTS})
    return packed


# Environments of the platform


@pytest.mark.parametrize(
    ("name", "shown", "gpu"),
    [
        ("python3-9", "Python 3.9", False),
        ("python3-13", "Python 3.13", False),
        ("r4-0", "R 4.0", False),
        ("python3-11-cuda", "Python 3.11 + CUDA", True),
        ("ubiops-ubuntu24-04-python3-13", "Ubuntu 24.04 + Python 3.13", False),
        ("ubiops-ubuntu24-04-python3-12-cuda12-8-1", "Ubuntu 24.04 + Python 3.12 + CUDA 12.8.1", True),
    ],
)
def test_environments_of_the_platform_have_all_fields(
    api: Any, environments: str, name: str, shown: str, gpu: bool
) -> None:
    found = api.ok("GET", f"{environments}/{name}")
    assert (found["name"], found["display_name"], found["gpu_required"]) == (name, shown, gpu)
    assert (found["system"], found["project"], found["base_environment"]) == (True, None, None)
    assert (found["hidden"], found["latest_build"], found["latest_revision"]) == (False, None, None)
    assert found in api.ok("GET", environments)
    assert api.ok("GET", f"/v2{environments}/{name}") == found
    (tag,) = api.ok("GET", f"{environments}/{name}/tags")
    assert (tag["name"], tag["status"], tag["built"], tag["environment"]) == ("v1", "success", True, name)
    assert api.ok("GET", f"{environments}/{name}/tags/v1") == tag
    assert api.ok("GET", f"{environments}/{name}/revisions") == []
    assert api.ok("GET", f"{environments}/{name}/tags/v1/secrets") == []
    assert api.ok("GET", f"{environments}/{name}/tags/v1/dependency-files") == []
    assert api.fails(404, "GET", f"{environments}/{name}/tags/v2") == "Environment tag was not found"


def test_an_environment_of_the_platform_may_be_hidden(api: Any, environments: str) -> None:
    found = api.ok("GET", f"{environments}/ubuntu22-04-python3-8")
    assert (found["hidden"], found["deprecated"]) == (True, True)
    assert found["name"] not in [one["name"] for one in api.ok("GET", environments)]


@pytest.mark.parametrize(
    ("method", "rest", "data"),
    [
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "", None),
        ("POST", "/tags", {"name": "x"}),
        ("PATCH", "/tags/v1", {"supports_request_format": False}),
        ("DELETE", "/tags/v1", None),
        ("POST", "/tags/v1/rebuild", {}),
        ("POST", "/tags/v1/secrets", {"name": "A", "value": "1", "secret": True}),
    ],
)
def test_environments_of_the_platform_can_not_be_changed(
    api: Any, environments: str, method: str, rest: str, data: Any
) -> None:
    error = api.fails(400, method, f"{environments}/python3-12{rest}", data)
    assert error == "environment 'python3-12' belongs to the platform and can't be changed"
    fields = {"file": ("a.zip", b"x")}
    assert "belongs to" in api.fails(400, "POST", f"{environments}/python3-12/revisions", fields=fields)


def test_environments_are_selected_by_kind_and_label(api: Any, environments: str) -> None:
    create(api, "one", labels={"team": "a"})
    create(api, "two", labels={"team": "b"})

    def names(query: str) -> set[str]:
        return {one["name"] for one in api.ok("GET", f"{environments}?{query}")}

    assert names("environment_type=custom") == names("system=False") == {"one", "two"}
    base = names("environment_type=base")
    assert base == names("system=true")
    assert {"python3-9", "python3-13", "r4-0", "ubiops-ubuntu24-04-python3-13"} <= base
    assert names("environment_type=all") == names("") == base | {"one", "two"}
    assert names("labels=team:b,no:x") == {"two"}
    assert names("system=true&environment_type=custom") == set()


# Environments of a project


def test_an_environment_starts_empty(api: Any, environments: str) -> None:
    path = create(api, "own", description="d", labels={"a": "b"})
    found = api.ok("GET", path)
    assert found == api.ok("GET", f"{environments}?environment_type=custom")[0]
    assert (found["display_name"], found["base_environment"]) == ("own", "python3-11")
    assert found["base_environment_display_name"] == "Python 3.11"
    assert (found["system"], found["project"]) == (False, api.project.rpartition("/")[2])
    assert (found["description"], found["labels"], found["status"]) == ("d", {"a": "b"}, "unavailable")
    for name in ("active_revision", "active_build", "latest_revision", "latest_build"):
        assert found[name] is None
    assert api.ok("GET", f"{path}/tags") == []
    assert api.ok("GET", f"{path}/usage") == []


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"name": "own"}, 409, "already exists in project"),
        ({"name": "python3-11"}, 409, "already exists in the platform"),
        ({"name": "with space"}, 400, "not a valid name"),
        ({"name": "x" * 1025}, 400, "at most 1024"),
        ({"name": "new", "base_environment": "python2-7"}, 400, "no base environment 'python2-7'"),
        ({"name": "new", "base_environment": "own"}, 400, "no base environment 'own'"),
        ({"name": "new", "description": "x" * 401}, 400, "at most 400"),
        ({}, 400, "name is required"),
    ],
)
def test_environments_are_checked(api: Any, environments: str, body: dict[str, Any], status: int, reason: str) -> None:
    create(api)
    assert reason in api.fails(status, "POST", environments, body)


def test_an_environment_is_changed_and_deleted(api: Any, environments: str, packages: bytes) -> None:
    path = create(api)
    before = len(list(api.emulator._backend.files.path("").iterdir()))
    upload(api, path, packages)
    assert len(list(api.emulator._backend.files.path("").iterdir())) == before + 1
    changed = api.ok("PATCH", path, {"display_name": "Shown", "labels": {"x": "y"}})
    assert (changed["display_name"], changed["labels"]) == ("Shown", {"x": "y"})
    api.ok("DELETE", path)
    assert api.fails(404, "GET", path) == "Environment was not found"
    assert len(list(api.emulator._backend.files.path("").iterdir())) == before


def test_versions_follow_an_environment_that_is_renamed(api: Any, environments: str, packages: bytes) -> None:
    path = create(api)
    upload(api, path, packages)
    create(api, "taken")
    version = api.version(api.deployment(), environment="own")
    assert "already exists" in api.fails(409, "PATCH", path, {"name": "taken"})
    assert "already exists" in api.fails(409, "PATCH", path, {"name": "r4-0"})
    assert api.ok("GET", version)["environment"] == "own"
    assert api.ok("PATCH", path, {"name": "new"})["name"] == "new"
    assert api.ok("GET", version)["environment"] == "new"
    assert [one["version"] for one in api.ok("GET", f"{environments}/new/usage")] == ["v1"]
    assert api.fails(404, "GET", path) == "Environment was not found"


# Versions


def test_a_version_runs_on_an_environment_of_the_project(api: Any, good: bytes, packages: bytes) -> None:
    path = create(api, display_name="Shown")
    version = api.version(api.deployment(), environment="own")
    shown = api.ok("GET", version)
    assert (shown["environment"], shown["environment_name"], shown["environment_tag"]) == ("own", "own", "v1")
    assert shown["environment_display_name"] == "Shown"
    upload(api, path, packages)
    api.build(version, good)
    (usage,) = api.ok("GET", f"{path}/usage")
    assert usage == {
        "id": shown["id"],
        "deployment": "d",
        "version": "v1",
        "environment": "own",
        "environment_display_name": "Shown",
        "status": "available",
    }
    assert api.ok("GET", f"{path}/usage?environment_type=base") == []
    error = api.fails(400, "DELETE", path)
    assert error == "environment 'own' is used by version 'v1' of deployment 'd', so it can't be deleted"
    api.version(f"{api.project}/deployments/d", "v2", environment="own")
    assert "'v1' of deployment 'd' and 1 more" in api.fails(400, "DELETE", path)
    api.ok("PATCH", version, {"environment": "python3-12"})
    api.ok("DELETE", f"{api.project}/deployments/d/versions/v2")
    api.ok("DELETE", path)


def test_usage_of_an_environment_of_the_platform_is_that_of_the_project(api: Any, environments: str) -> None:
    api.version(api.deployment(), environment="python3-12")
    (usage,) = api.ok("GET", f"{environments}/python3-12/usage")
    assert (usage["version"], usage["environment_display_name"]) == ("v1", "Python 3.12")
    (usage,) = api.ok("GET", f"{environments}/python3-12/tags/v1/usage")
    assert (usage["environment_name"], usage["environment_tag"]) == ("python3-12", "v1")
    assert api.ok("GET", f"{environments}/python3-12/usage?environment_type=custom") == []
    assert api.ok("GET", f"{environments}/python3-10/usage") == []


def test_code_is_inspected_for_the_base_of_an_environment(api: Any, good: bytes) -> None:
    create(api, "in-r", "r4-0")
    create(api, "in-python", "python3-12")
    deployment = api.deployment()
    in_r = api.version(deployment, "r", environment="in-r")
    revision = api.build(in_r, good)
    assert "does not run in the environment r4-0" in api.ok("GET", f"{in_r}/revisions/{revision}")["error_message"]
    in_python = api.version(deployment, "python", environment="in-python")
    revision = api.build(in_python, good)
    assert api.ok("GET", f"{in_python}/revisions/{revision}")["error_message"] == ""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"environment": "none-such"}, "there is no environment 'none-such'"),
        ({"environment_name": "none-such"}, "there is no environment 'none-such'"),
        ({"environment": "python3-12", "environment_tag": "v2"}, "'python3-12' has no tag 'v2'; it has 'v1'"),
        ({"environment": "own", "environment_tag": "v2"}, "environment 'own' has no tag 'v2'"),
        ({"environment": "own", "environment_name": "python3-12"}, "must be the same"),
        ({"environment_tag": "v2"}, "has no tag 'v2'"),
    ],
)
def test_a_version_needs_an_environment_that_exists(api: Any, settings: dict[str, str], reason: str) -> None:
    create(api)
    deployment = api.deployment()
    assert reason in api.fails(400, "POST", f"{deployment}/versions", {"version": "v1", **settings})
    assert api.ok("GET", f"{deployment}/versions") == []
    version = api.version(deployment)
    assert reason in api.fails(400, "PATCH", version, settings)
    assert api.ok("GET", version)["environment"] == "python3-11"


def test_environments_belong_to_a_project(api: Any) -> None:
    other = type(api)(api.emulator, f"{api.project.rpartition('/')[2]}-other")
    create(other, "theirs")
    body = {"version": "v1", "environment": "theirs"}
    assert "no environment 'theirs'" in api.fails(400, "POST", f"{api.deployment()}/versions", body)
    assert api.fails(404, "GET", f"{api.project}/environments/theirs") == "Environment was not found"
    other.pool.clear()

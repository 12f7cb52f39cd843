"""Tags of environments: builds, secrets, and the versions that run on them."""

from __future__ import annotations

from typing import Any

import pytest
from custom_environments import REQUIREMENTS, create, events, finish, logs

BASE = "base_environment_name=ubiops-ubuntu24-04-python3-13&base_environment_tag=v1"


@pytest.fixture(autouse=True)
def without_installer(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets all builds follow the clock."""
    monkeypatch.setattr(api.emulator._backend, "installer", None)


@pytest.fixture
def packages(zipped: Any) -> bytes:
    packed: bytes = zipped({"environment_package/requirements.txt": REQUIREMENTS})
    return packed


@pytest.fixture
def environment(api: Any) -> str:
    """An environment as ``/v2`` creates it: without a base."""
    return create(api, "own", None)


def tag(api: Any, environment: str, name: str = "t1", **settings: Any) -> str:
    created = api.ok("POST", f"/v2{environment}/tags", {"name": name, **settings})
    assert (created["name"], created["status"], created["built"]) == (name, "pending", False)
    return f"{environment}/tags/{name}"


def build(api: Any, path: str, content: bytes, query: str = BASE) -> None:
    response = api.ok("POST", f"{path}/build?{query}", fields={"file": ("packages.zip", content)})
    assert response == {"success": True}


def test_a_tag_is_built_by_the_clock(api: Any, environment: str, packages: bytes) -> None:
    path, seen = tag(api, environment), []
    build(api, path, packages)
    for _ in range(4):
        shown = api.ok("GET", f"/v2{path}")
        seen.append((shown["status"], shown["built"], shown["size"]))
        api.emulator.clock.advance(api.state)
    assert seen == [
        ("queued", False, None),
        ("building", False, None),
        ("building", False, None),
        ("success", True, len(packages)),
    ]
    assert shown["base_environment_name"] == "ubiops-ubuntu24-04-python3-13"
    assert shown["base_environment_tag"] == "v1"
    assert shown["error_message"] is None
    assert api.ok("GET", f"{environment}/tags") == [shown]
    assert api.send("GET", f"{path}/download").data == packages
    assert api.ok("GET", f"{path}/dependency-files") == [{"name": "requirements.txt", "content": REQUIREMENTS}]
    # The other generation sees a revision with a build.
    (revision,) = api.ok("GET", f"{environment}/revisions")
    found = api.ok("GET", environment)
    assert (found["status"], found["active_revision"]) == ("available", revision["id"])


def test_a_bare_list_of_packages_is_accepted(api: Any, environment: str) -> None:
    path = tag(api, environment)
    build(api, path, REQUIREMENTS.encode())
    finish(api)
    assert api.ok("GET", path)["built"] is True
    assert api.ok("GET", f"{path}/dependency-files")[0]["content"] == REQUIREMENTS


def test_a_tag_that_is_built_stays_as_it_is(api: Any, environment: str, packages: bytes) -> None:
    path = tag(api, environment)
    fields = {"file": ("a.zip", packages)}
    assert "has no file to build again" in api.fails(400, "POST", f"{path}/rebuild")
    assert "was not built" in api.fails(400, "GET", f"{path}/download")
    build(api, path, packages)
    assert "is being built" in api.fails(400, "POST", f"{path}/build?{BASE}", fields=fields)
    assert "is being built" in api.fails(400, "POST", f"{path}/rebuild")
    assert "was not built" in api.fails(400, "GET", f"{path}/download")
    finish(api)
    assert "create another tag" in api.fails(400, "POST", f"{path}/build?{BASE}", fields=fields)
    assert "create another tag" in api.fails(400, "POST", f"{path}/rebuild")


def test_a_tag_that_failed_or_was_cancelled_is_built_again(api: Any, environment: str, packages: bytes) -> None:
    path = tag(api, environment)
    build(api, path, b"")
    finish(api)
    shown = api.ok("GET", path)
    assert (shown["status"], shown["error_message"], shown["built"]) == ("failed", "the file is empty", False)
    assert api.ok("POST", f"{path}/rebuild") == {"success": True}
    finish(api)
    assert api.ok("GET", path)["status"] == "failed"
    build(api, path, packages)
    cancelled = api.ok("PATCH", path, {"status": "cancelled"})
    assert (cancelled["status"], cancelled["error_message"]) == ("cancelled", None)
    assert "no build to cancel" in api.fails(400, "PATCH", path, {"status": "cancelled"})
    assert "only be changed to 'cancelled'" in api.fails(400, "PATCH", path, {"status": "success"})
    build(api, path, packages)
    finish(api)
    assert api.ok("GET", path)["status"] == "success"
    assert ("update", "Cancelled the build of tag t1 for environment own", "environment_tag", "t1") in events(api)


def test_a_tag_without_a_base_is_a_docker_image(api: Any, environment: str) -> None:
    path = tag(api, environment)
    build(api, path, b"any archive", "")
    finish(api)
    shown = api.ok("GET", path)
    assert (shown["status"], shown["base_environment_name"], shown["base_environment_tag"]) == ("success", "", "")
    assert "The emulator does not run docker images: this one is stored only" in logs(api, environment_tag="t1")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("base_environment_name=python3-13", "go together"),
        ("base_environment_tag=v1", "go together"),
        ("base_environment_name=own&base_environment_tag=v1", "no base environment 'own'"),
        ("base_environment_name=python3-13&base_environment_tag=v2", "no tag 'v2'; it has 'v1'"),
    ],
)
def test_a_base_is_one_of_the_platform(api: Any, environment: str, packages: bytes, query: str, reason: str) -> None:
    path = tag(api, environment)
    fields = {"file": ("a.zip", packages)}
    assert reason in api.fails(400, "POST", f"{path}/build?{query}", fields=fields)
    assert api.ok("GET", path)["status"] == "pending"


def test_a_file_is_copied_from_another_tag_with_its_base(api: Any, environment: str, packages: bytes) -> None:
    first, second = tag(api, environment), tag(api, environment, "t2")
    fields = {"source_environment": "own", "source_tag": "t1"}
    assert "no file to copy" in api.fails(400, "POST", f"{second}/build", fields=fields)
    build(api, first, packages)
    api.ok("POST", f"{second}/build", fields=fields)
    finish(api)
    assert api.send("GET", f"{second}/download").data == packages
    assert api.ok("GET", second)["base_environment_name"] == "ubiops-ubuntu24-04-python3-13"
    third = tag(api, environment, "t3")
    for wrong in ({}, {"source_tag": "t1"}, {"source_environment": "own"}, {**fields, "file": ("a.zip", b"x")}):
        api.fails(400, "POST", f"{third}/build", fields={"unknown": "x", **wrong})
    assert api.fails(404, "POST", f"{third}/build", fields={**fields, "source_environment": "no"}).startswith("Env")


def test_a_tag_without_a_name_gets_the_next_number(api: Any, environment: str) -> None:
    names = [api.ok("POST", f"{environment}/tags", {})["name"] for _ in range(2)]
    assert names == ["v1", "v2"]
    assert "already exists" in api.fails(409, "POST", f"{environment}/tags", {"name": "v1"})
    assert "at most 128" in api.fails(400, "POST", f"{environment}/tags", {"name": "x" * 129})


def test_tags_are_filtered_by_what_they_support(api: Any, environment: str) -> None:
    path = tag(api, environment, "yes")
    tag(api, environment, "no", supports_request_format=False)

    def names(value: str) -> list[str]:
        return [one["name"] for one in api.ok("GET", f"{environment}/tags?supports_request_format={value}")]

    assert (names("True"), names("false")) == (["yes"], ["no"])
    assert api.ok("PATCH", path, {"supports_request_format": False})["supports_request_format"] is False
    assert names("false") == ["yes", "no"]


def test_a_version_runs_on_a_tag(api: Any, environment: str) -> None:
    tag(api, environment)
    other = tag(api, environment, "t2")
    deployment = api.deployment()
    version = api.version(deployment, environment_name="own", environment_tag="t1")
    shown = api.ok("GET", f"/v2{version}")
    assert (shown["environment_name"], shown["environment_tag"], shown["environment"]) == ("own", "t1", "own")
    changed = api.ok("PATCH", version, {"environment_tag": "t2"})
    assert (changed["environment_name"], changed["environment_tag"]) == ("own", "t2")
    (usage,) = api.ok("GET", f"{other}/usage")
    assert usage == {
        "id": shown["id"],
        "deployment": "d",
        "version": "v1",
        "environment_name": "own",
        "environment_tag": "t2",
        "status": "unavailable",
    }
    assert api.ok("GET", f"{environment}/tags/t1/usage") == []
    error = api.fails(400, "DELETE", other)
    assert error == "tag 't2' of environment 'own' is used by version 'v1' of deployment 'd', so it can't be deleted"
    api.ok("DELETE", f"{environment}/tags/t1")
    changed = api.ok("PATCH", version, {"environment": "python3-12"})
    assert (changed["environment_name"], changed["environment_tag"]) == ("python3-12", "v1")
    api.ok("DELETE", other)
    assert api.ok("GET", f"{environment}/tags") == []


def test_a_version_without_a_tag_runs_on_the_latest_build(api: Any, environment: str, packages: bytes) -> None:
    version = api.version(api.deployment(), environment="own")
    for name in ("t1", "t2"):
        path = tag(api, environment, name)
        build(api, path, packages)
        finish(api)
        assert api.ok("GET", version)["environment_tag"] == name
        assert [one["version"] for one in api.ok("GET", f"{path}/usage")] == ["v1"]
        assert "is used by" in api.fails(400, "DELETE", path)


def test_deployment_and_tag_agree_on_requests(api: Any, environment: str) -> None:
    tag(api, environment, "requests")
    tag(api, environment, "services", supports_request_format=False)
    with_requests = api.deployment("a")
    services = f"{api.project}/deployments/b"
    api.ok("POST", f"{api.project}/deployments", {"name": "b", "supports_request_format": False})
    for deployment, good, bad in ((with_requests, "requests", "services"), (services, "services", "requests")):
        body = {"version": "v1", "environment_name": "own", "environment_tag": bad}
        error = api.fails(400, "POST", f"{deployment}/versions", body)
        assert "must be equal" in error
        assert f"environment 'own:{bad}'" in error
        version = api.version(deployment, environment_name="own", environment_tag=good)
        assert "must be equal" in api.fails(400, "PATCH", version, {"environment_tag": bad})
    assert "must be equal" in api.fails(400, "POST", f"{services}/versions", {"version": "v2"})
    # An image of /v2.1 doesn't say.
    create(api, "image", None)
    for deployment in (with_requests, services):
        api.version(deployment, "v3", environment="image")


# Secrets


def test_secrets_are_created_shown_replaced_and_deleted(api: Any, environment: str) -> None:
    path = f"{tag(api, environment)}/secrets"
    secret = api.ok("POST", path, {"name": "TOKEN", "value": "sesame", "secret": True})
    plain = api.ok("POST", path, {"name": "INDEX_URL", "value": "https://example.com", "secret": False})
    assert (secret["value"], plain["value"]) == (None, "https://example.com")
    assert api.ok("GET", path) == [plain, secret]
    assert api.ok("GET", f"{path}/{secret['id'].upper()}") == secret
    assert api.ok("GET", f"{path}/TOKEN") == secret
    changed = api.ok("PATCH", f"{path}/INDEX_URL", {"name": "URL", "value": "x", "secret": True})
    assert changed == {"id": plain["id"], "name": "URL", "value": None, "secret": True}
    error = api.fails(400, "PATCH", f"{path}/{plain['id']}", {"name": "URL", "value": "x", "secret": False})
    assert "stays a secret" in error
    assert "already exists" in api.fails(409, "POST", path, {"name": "TOKEN", "value": "", "secret": False})
    api.ok("DELETE", f"{path}/{secret['id']}")
    assert api.fails(404, "GET", f"{path}/{secret['id']}") == "Environment tag secret was not found"
    assert [one["name"] for one in api.ok("GET", path)] == ["URL"]
    texts = [event for _, event, _, _ in events(api)]
    assert "Created secret TOKEN for tag t1 of environment own" in texts
    assert "Updated secret INDEX_URL for tag t1 of environment own, now URL" in texts
    assert "sesame" not in str(texts)


def test_secrets_are_copied_from_another_tag(api: Any, environment: str) -> None:
    source, target = tag(api, environment), tag(api, environment, "t2")
    for path, name, value, secret in (
        (source, "A", "1", True),
        (source, "B", "2", False),
        (target, "B", "old", True),
        (target, "C", "3", False),
    ):
        api.ok("POST", f"{path}/secrets", {"name": name, "value": value, "secret": secret})
    body = {"source_environment": "own", "source_tag": "t1"}
    copied = api.ok("POST", f"{target}/copy-secrets", body)
    assert [(one["name"], one["value"], one["secret"]) for one in copied] == [
        ("A", None, True),
        ("B", None, True),
        ("C", "3", False),
    ]
    assert api.fails(404, "POST", f"{target}/copy-secrets", {**body, "source_tag": "no"}).startswith("Environment tag")
    assert "Copied secrets A, B from tag t1 of environment own for tag t2 of environment own" in [
        event for _, event, _, _ in events(api)
    ]

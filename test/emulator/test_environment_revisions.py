"""Revisions of environments and their builds, without an installation."""

from __future__ import annotations

from typing import Any

import pytest
from custom_environments import REQUIREMENTS, create, events, finish, logs, upload


@pytest.fixture(autouse=True)
def without_installer(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets all builds follow the clock."""
    monkeypatch.setattr(api.emulator._backend, "installer", None)


@pytest.fixture
def packages(zipped: Any) -> bytes:
    """Lists of packages that build."""
    packed: bytes = zipped({"environment_package/requirements.txt": REQUIREMENTS})
    return packed


def test_an_upload_is_built_by_the_clock(api: Any, packages: bytes) -> None:
    path = create(api)
    revision, build = upload(api, path, packages)
    seen = []
    for _ in range(4):
        shown, environment = api.ok("GET", build), api.ok("GET", path)
        (tag,) = api.ok("GET", f"{path}/tags")
        seen.append((shown["status"], environment["status"], tag["status"], tag["built"]))
        api.emulator.clock.advance(api.state)
    assert seen == [
        ("queued", "building", "queued", False),
        ("processing", "building", "building", False),
        ("processing", "building", "building", False),
        ("success", "available", "success", True),
    ]
    assert (shown["trigger"], shown["error_message"]) == ("Environment file upload", "")
    assert revision.endswith(shown["revision"])
    assert environment["active_build"] == environment["latest_build"] == shown["id"]
    assert environment["active_revision"] == environment["latest_revision"] == shown["revision"]
    assert (tag["name"], tag["size"]) == ("v1", len(packages))
    assert (tag["base_environment_name"], tag["base_environment_tag"]) == ("python3-11", "v1")


def test_the_build_in_use_stays_when_a_new_one_fails(api: Any, packages: bytes, zipped: Any) -> None:
    path = create(api)
    first, good = upload(api, path, packages)
    finish(api)
    second, bad = upload(api, path, zipped({"readme.txt": "nothing"}))
    api.emulator.clock.advance(2 * api.state)
    assert api.ok("GET", bad)["status"] == "failed"
    environment = api.ok("GET", path)
    assert environment["status"] == "available"
    assert good.endswith(environment["active_build"])
    assert bad.endswith(environment["latest_build"])
    listed = api.ok("GET", f"{path}/revisions")
    assert [f"{path}/revisions/{one['id']}" for one in listed] == [second, first]
    assert listed[0] == api.ok("GET", second)
    assert (listed[0]["environment"], listed[0]["created_by"]) == ("own", "user@example.com")
    assert listed[0]["expired"] is False


def test_a_revision_is_built_again(api: Any, packages: bytes) -> None:
    path = create(api)
    revision, first = upload(api, path, packages)
    finish(api)
    rebuilt = api.ok("POST", f"{revision}/rebuild")
    assert (rebuilt["status"], rebuilt["trigger"], rebuilt["error_message"]) == ("queued", "Rebuild triggered", None)
    assert [one["id"] for one in api.ok("GET", f"{revision}/builds")] == [rebuilt["id"], first.rpartition("/")[2]]
    assert api.ok("GET", path)["active_build"] == first.rpartition("/")[2]
    finish(api)
    assert api.ok("GET", path)["active_build"] == rebuilt["id"]


def test_a_build_is_cancelled_before_it_ends(api: Any, packages: bytes) -> None:
    path = create(api)
    _, build = upload(api, path, packages)
    assert "must be one of cancelled" in api.fails(400, "PATCH", build, {"status": "success"})
    cancelled = api.ok("PATCH", build, {"status": "cancelled"})
    assert (cancelled["status"], cancelled["error_message"]) == ("cancelled", None)
    finish(api)
    assert api.ok("GET", build) == cancelled
    assert api.ok("GET", path)["status"] == "unavailable"
    assert "the latest one is cancelled" in api.fails(400, "PATCH", build, {"status": "cancelled"})
    _, build = upload(api, path, packages)
    finish(api)
    assert "the latest one is success" in api.fails(400, "PATCH", build, {"status": "cancelled"})


def test_downloads_are_the_uploaded_bytes(api: Any, packages: bytes) -> None:
    path = create(api)
    for content, name, shown in (
        (packages, "own.zip", "own.zip"),
        (REQUIREMENTS.encode(), "requirements.txt", "requirements.txt"),
    ):
        revision, _ = upload(api, path, content, name)
        response = api.send("GET", f"{revision}/download")
        assert response.data == content
        assert f'filename="{shown}"' in response.headers["content-disposition"]


def test_a_file_is_copied_from_another_environment(api: Any, packages: bytes) -> None:
    source, target = create(api, "source"), create(api, "target", "python3-12")
    fields = {"source_environment": "source"}
    assert "no file to copy" in api.fails(400, "POST", f"{target}/revisions", fields=fields)
    upload(api, source, b"old", "old.txt")
    upload(api, source, packages)
    revision = api.ok("POST", f"{target}/revisions", fields=fields)["revision"]
    api.ok("DELETE", source)
    assert api.send("GET", f"{target}/revisions/{revision}/download").data == packages
    for wrong, status in (
        ({}, 400),
        ({"source_environment": "gone"}, 404),
        ({"source_environment": "target", "file": ("a.zip", b"x")}, 400),
    ):
        api.fails(status, "POST", f"{target}/revisions", fields={"unknown": "x", **wrong})


@pytest.mark.parametrize(
    ("base", "files", "found"),
    [
        ("python3-11", {"requirements.txt": "a\n", "ubiops.yaml": "apt:\n  packages: []\n"}, "requirements.txt"),
        ("python3-11", {"any/ubiops.yaml": "apt:\n  packages: [curl]\n"}, "ubiops.yaml"),
        ("python3-11", {"environment_package/environment.yaml": "x"}, "environment.yaml"),
        ("r4-0", {"environment_package/renv.lock": "{}"}, "renv.lock"),
        ("r4-0", {"install_packages.R": ""}, "install_packages.R"),
    ],
)
def test_lists_of_packages_are_found_and_shown(
    api: Any, zipped: Any, base: str, files: dict[str, str], found: str
) -> None:
    path = create(api, base=base)
    _, build = upload(api, path, zipped(files))
    finish(api)
    assert api.ok("GET", build)["error_message"] == ""
    shown = {one["name"]: one["content"] for one in api.ok("GET", f"{build}/dependency-files")}
    assert found in shown
    assert shown == {name.rpartition("/")[2]: content for name, content in files.items()}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"readme.txt": "x"}, "there is neither requirements.txt nor ubiops.yaml"),
        ({"a/requirements.txt": "x", "b/x": ""}, "there is neither"),
        ({"renv.lock": "{}"}, "there is neither"),
        ({"requirements.txt": b"\xff\xfe"}, "requirements.txt is not valid UTF-8"),
        ({"requirements.txt": "=="}, "requirements.txt, line 1: "),
        ({"ubiops.yaml": "\tapt: x"}, "ubiops.yaml, line 1: the line is indented with a tab"),
        (b"", "the file is empty"),
        (b"PK not really", "zip archive"),
        (b"\0\1\2", "neither a zip archive nor a requirements.txt"),
        (b"x" * 2_000_000, "requirements.txt is larger than"),
    ],
)
def test_builds_of_other_files_fail(api: Any, zipped: Any, content: Any, reason: str) -> None:
    path = create(api)
    _, build = upload(api, path, zipped(content) if isinstance(content, dict) else content)
    api.emulator.clock.advance(2 * api.state)
    shown = api.ok("GET", build)
    assert shown["status"] == "failed"
    assert reason in shown["error_message"]
    assert any(reason in line for line in logs(api, environment_build_id=shown["id"]))
    assert api.ok("GET", f"{path}/tags/v1")["error_message"] == shown["error_message"]


def test_a_docker_image_is_stored_and_the_log_says_that_it_is_not_run(api: Any) -> None:
    path = create(api, "image", None)
    assert api.ok("GET", path)["base_environment"] is None
    _, build = upload(api, path, b"\x1f\x8b any archive", "image.tar.gz")
    finish(api)
    shown = api.ok("GET", build)
    assert shown["status"] == "success"
    assert "The emulator does not run docker images: this one is stored only" in logs(
        api, environment_build_id=shown["id"]
    )


def test_the_log_of_a_build_has_the_labels_of_both_generations(api: Any, packages: bytes) -> None:
    _, build = upload(api, create(api), packages)
    labels = {
        "environment_name": "own",
        "environment_tag": "v1",
        "environment_build_id": build.rpartition("/")[2],
    }
    assert logs(api, **labels) == [
        "Build of environment own:v1 was queued",
        "The emulator does not install the requirements: they were only read",
    ]


def test_changes_are_in_the_audit_log(api: Any, packages: bytes) -> None:
    path, project = create(api), api.project.rpartition("/")[2]
    revision, build = upload(api, path, packages)
    api.ok("PATCH", build, {"status": "cancelled"})
    api.ok("POST", f"{revision}/rebuild")
    api.ok("PATCH", path, {"name": "new"})
    api.ok("DELETE", f"{api.project}/environments/new")
    identifier = revision.rpartition("/")[2]
    assert events(api) == [
        ("create", f"Created environment own for project {project}", "environment", "own"),
        ("create", f"Created revision {identifier} for environment own", "environment", "own"),
        (
            "update",
            f"Cancelled build {build.rpartition('/')[2]} of environment own for project {project}",
            "environment",
            "own",
        ),
        ("info", f"Triggered rebuild of revision {identifier} for environment own", "environment", "own"),
        ("update", f"Updated environment own for project {project}, now new", "environment", "own"),
        ("delete", f"Deleted environment new for project {project}", "environment", ""),
    ]


def test_objects_of_other_environments_are_not_found(api: Any, packages: bytes) -> None:
    one, other = create(api, "one"), create(api, "other")
    revision, build = upload(api, other, packages)
    wrong = f"{one}/revisions/{revision.rpartition('/')[2]}"
    for method, path in (
        ("GET", wrong),
        ("GET", f"{wrong}/download"),
        ("POST", f"{wrong}/rebuild"),
        ("GET", f"{wrong}/builds"),
        ("GET", f"{wrong}/builds/{build.rpartition('/')[2]}"),
    ):
        assert api.fails(404, method, path) == "Environment revision was not found"
    assert api.fails(404, "GET", f"{revision}/builds/no-id") == "Environment build was not found"
    assert api.fails(404, "GET", f"{one}/tags/v1") == "Environment tag was not found"

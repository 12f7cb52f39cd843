"""Revisions and builds: uploads, status by the clock, and the status of the version."""

from __future__ import annotations

import importlib.resources
import io
import zipfile
from typing import Any

import pytest

from ubiops.emulator.areas.deployments.templates import TEMPLATES


def states(api: Any, version: str, revision: str) -> tuple[str, str, str]:
    build = api.ok("GET", f"{version}/builds/{revision}")
    shown = api.ok("GET", f"{version}/revisions/{revision}")
    assert build["error_message"] == shown["error_message"]
    return build["status"], shown["status"], api.ok("GET", version)["status"]


def test_a_valid_package_is_built_step_by_step(api: Any, good: bytes) -> None:
    path = api.version(api.deployment())
    revision = api.upload(path, good)
    seen = [states(api, path, revision)]
    for _ in range(3):
        api.emulator.clock.advance(api.state - 0.1)
        assert states(api, path, revision) == seen[-1]
        api.emulator.clock.advance(0.1)
        seen.append(states(api, path, revision))
    assert seen == [
        ("queued", "queued", "building"),
        ("building", "building", "building"),
        ("validating", "building", "building"),
        ("success", "success", "available"),
    ]
    shown = api.ok("GET", f"{path}/revisions/{revision}")
    assert (shown["created_by"], shown["error_message"]) == ("user@example.com", "")
    assert (shown["has_request_method"], shown["has_requests_method"]) == (True, False)
    version = api.ok("GET", path)
    assert version["active_revision"] == version["latest_revision"] == revision
    assert (version["has_request_method"], version["has_requests_method"]) == (True, False)
    assert version["last_file_upload"] is not None


def test_a_package_without_code_fails_while_building(api: Any, bad: bytes) -> None:
    path = api.version(api.deployment())
    revision = api.upload(path, bad)
    assert states(api, path, revision) == ("queued", "queued", "building")
    api.emulator.clock.advance(api.state)
    assert states(api, path, revision) == ("building", "building", "building")
    assert api.ok("GET", f"{path}/builds/{revision}")["error_message"] == ""
    api.emulator.clock.advance(api.state)
    assert states(api, path, revision) == ("failed", "failed", "unavailable")
    assert "there is no deployment.py" in api.ok("GET", f"{path}/builds/{revision}")["error_message"]


def test_invalid_code_fails_while_validating(api: Any, zipped: Any) -> None:
    path = api.version(api.deployment())
    revision = api.upload(path, zipped({"deployment.py": "def request(data): pass"}))
    api.emulator.clock.advance(2 * api.state)
    assert states(api, path, revision) == ("validating", "building", "building")
    api.emulator.clock.advance(api.state)
    assert states(api, path, revision) == ("failed", "failed", "unavailable")
    assert "there is no class Deployment" in api.ok("GET", f"{path}/builds/{revision}")["error_message"]


def test_the_active_revision_stays_while_a_new_one_is_built_or_fails(
    api: Any, good: bytes, bad: bytes, zipped: Any, code: str
) -> None:
    path = api.version(api.deployment())
    first = api.build(path, good)
    second = api.upload(path, bad)
    for _ in range(4):
        version = api.ok("GET", path)
        assert (version["status"], version["active_revision"], version["latest_revision"]) == (
            "available",
            first,
            second,
        )
        api.emulator.clock.advance(api.state)
    assert version["has_request_method"] is False
    third = api.build(path, zipped({"deployment.py": code.replace("def request(", "def requests(")}))
    version = api.ok("GET", path)
    assert (version["status"], version["active_revision"], version["latest_revision"]) == ("available", third, third)
    assert (version["has_request_method"], version["has_requests_method"]) == (False, True)


def test_revisions_are_listed_newest_first(api: Any, good: bytes, bad: bytes) -> None:
    path = api.version(api.deployment())
    assert api.ok("GET", f"{path}/revisions") == []
    uploaded = [api.upload(path, package) for package in (good, bad, good)]
    listed = api.ok("GET", f"{path}/revisions")
    assert [one["id"] for one in listed] == uploaded[::-1]
    assert listed[0] == api.ok("GET", f"{path}/revisions/{uploaded[2]}")


def test_a_build_is_found_by_its_id_and_that_of_its_revision(api: Any, good: bytes) -> None:
    path = api.version(api.deployment())
    revision = api.upload(path, good)
    build = api.ok("GET", f"{path}/builds/{revision}")
    assert (build["revision"], build["trigger"]) == (revision, "Deployment file upload")
    assert build["id"] != revision
    assert api.ok("GET", f"{path}/builds/{build['id']}") == build
    assert api.ok("GET", f"{path}/builds/{build['id'].upper()}") == build


def test_a_rebuild_adds_a_build_to_the_revision(api: Any, good: bytes) -> None:
    path = api.version(api.deployment())
    revision = api.build(path, good)
    first = api.ok("GET", f"{path}/builds/{revision}")
    rebuilt = api.ok("POST", f"{path}/revisions/{revision}/rebuild", {"any": "thing"})
    assert (rebuilt["id"], rebuilt["status"]) == (revision, "queued")
    second = api.ok("GET", f"{path}/builds/{revision}")
    assert (second["id"] == first["id"], second["trigger"], second["status"]) == (False, "Rebuild triggered", "queued")
    assert api.ok("GET", f"{path}/builds/{first['id']}") == first
    assert api.ok("GET", path)["status"] == "available"
    api.emulator.clock.advance(3 * api.state)
    assert states(api, path, revision) == ("success", "success", "available")
    assert len(api.ok("GET", f"{path}/revisions")) == 1


def test_a_rebuild_uses_the_present_environment_of_the_version(api: Any, good: bytes) -> None:
    path = api.version(api.deployment(), environment="r4-0")
    revision = api.build(path, good)
    assert "does not run in the environment r4-0" in api.ok("GET", f"{path}/revisions/{revision}")["error_message"]
    api.ok("PATCH", path, {"environment": "python3-12"})
    api.ok("POST", f"{path}/revisions/{revision}/rebuild", {})
    api.emulator.clock.advance(3 * api.state)
    shown = api.ok("GET", f"{path}/revisions/{revision}")
    assert (shown["status"], shown["error_message"], shown["has_request_method"]) == ("success", "", True)


def test_the_latest_successful_build_becomes_active(api: Any, good: bytes) -> None:
    path = api.version(api.deployment())
    first, second = api.build(path, good), api.build(path, good)
    assert api.ok("GET", path)["active_revision"] == second
    api.ok("POST", f"{path}/revisions/{first}/rebuild", {})
    assert api.ok("GET", path)["active_revision"] == second
    api.emulator.clock.advance(3 * api.state)
    version = api.ok("GET", path)
    assert (version["active_revision"], version["latest_revision"]) == (first, second)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "revisions/{}", "Revision"),
        ("GET", "revisions/{}/download", "Revision"),
        ("POST", "revisions/{}/rebuild", "Revision"),
        ("GET", "builds/{}", "Build"),
    ],
)
def test_revisions_and_builds_of_other_versions_are_not_found(
    api: Any, good: bytes, method: str, path: str, kind: str
) -> None:
    deployment = api.deployment()
    one, other = api.version(deployment, "one"), api.version(deployment, "other")
    data = {} if method == "POST" else None
    for identifier in (api.upload(other, good), "00000000-0000-4000-8000-000000000000", "no-id"):
        assert api.fails(404, method, f"{one}/{path.format(identifier)}", data) == f"{kind} was not found"


def test_a_download_returns_the_uploaded_bytes(api: Any, good: bytes) -> None:
    path = api.version(api.deployment())
    for package in (good, b"this is no zip file", b"", bytes(range(256)) * 10_000):
        revision = api.upload(path, package, "code.zip")
        response = api.send("GET", f"{path}/revisions/{revision}/download")
        assert response.data == package
        assert response.headers["content-disposition"] == 'attachment; filename="code.zip"'
        assert response.headers["content-length"] == str(len(package))


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ("code.zip", 'attachment; filename="code.zip"'),
        ("my code.zip", 'attachment; filename="my code.zip"'),
        ("/etc/passwd", 'attachment; filename="passwd.zip"'),
        ("..\\..\\evil.zip", 'attachment; filename="evil.zip"'),
        ("..", 'attachment; filename="deployment_package.zip"'),
        ("", 'attachment; filename="deployment_package.zip"'),
        ("Überfluß.zip", "attachment; filename=\"?berflu?.zip\"; filename*=UTF-8''%C3%9Cberflu%C3%9F.zip"),
        ("50%.zip", "attachment; filename=\"50_.zip\"; filename*=UTF-8''50%25.zip"),
        ("x" * 300 + ".zip", f'attachment; filename="{"x" * 196}.zip"'),
    ],
)
def test_a_file_keeps_the_safe_part_of_its_name(api: Any, good: bytes, given: str, header: str) -> None:
    path = api.version(api.deployment())
    body = (
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{given}"\r\n\r\n'.encode()
        + good
        + b"\r\n--b--\r\n"
    )
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    revision = api.ok("POST", f"{path}/revisions", body=body, headers=form)["revision"]
    response = api.send("GET", f"{path}/revisions/{revision}/download")
    assert (response.data, response.headers["content-disposition"]) == (good, header)


def test_code_is_copied_from_the_latest_revision_of_another_version(api: Any, good: bytes, bad: bytes) -> None:
    source = api.version(api.deployment("source"))
    target = api.version(api.deployment("target"))
    from_source = {"source_deployment": "source", "source_version": "v1"}
    assert "no deployment file to copy" in api.fails(400, "POST", f"{target}/revisions", fields=from_source)
    api.upload(source, bad, "old.zip")
    api.upload(source, good, "new.zip")
    copied = api.ok("POST", f"{target}/revisions", fields=from_source)["revision"]
    api.ok("DELETE", source)
    response = api.send("GET", f"{target}/revisions/{copied}/download")
    assert response.data == good
    assert "new.zip" in response.headers["content-disposition"]
    api.emulator.clock.advance(3 * api.state)
    assert states(api, target, copied) == ("success", "success", "available")
    assert api.ok("GET", f"{target}/builds/{copied}")["trigger"] == "Deployment file upload"


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({}, 400, "the form has none of them"),
        ({"source_deployment": "d"}, 400, "source_version is missing"),
        ({"source_version": "v1"}, 400, "source_deployment is missing"),
        ({"source_deployment": "", "source_version": "v1"}, 400, "source_deployment must not be empty"),
        ({"source_deployment": "e", "source_version": "v1"}, 404, "Deployment was not found"),
        ({"source_deployment": "d", "source_version": "v2"}, 404, "Deployment version was not found"),
        ({"template_deployment_id": "multiply"}, 400, 'template_deployment_id must be a UUID, not "multiply"'),
        ({"template_deployment_id": "00000000-0000-4000-8000-000000000000"}, 404, "Template deployment was not found"),
        (
            {"file": ("a.zip", b"x"), "template_deployment_id": "7c5e2b90-6a1d-4f38-9d04-c1b8a3e7f562"},
            400,
            "one of these",
        ),
        ({"file": ("a.zip", b"x"), "source_deployment": "d", "source_version": "v1"}, 400, "one of these"),
    ],
)
def test_code_comes_from_exactly_one_source(api: Any, fields: dict[str, Any], status: int, reason: str) -> None:
    path = api.version(api.deployment())
    assert reason in api.fails(status, "POST", f"{path}/revisions", fields={"unknown": "field", **fields})
    assert api.ok("GET", f"{path}/revisions") == []


def test_templates_are_data_files_that_are_packed_as_they_are() -> None:
    folder = importlib.resources.files("ubiops.emulator") / "templates"
    assert {file.name for file in folder.iterdir()} == {template.folder for template in TEMPLATES}
    for template in TEMPLATES:
        files = {file.name: file.read_bytes() for file in (folder / template.folder).iterdir() if file.is_file()}
        assert "__init__.py" not in files
        with zipfile.ZipFile(io.BytesIO(template.pack())) as archive:
            packed = {name: archive.read(name) for name in archive.namelist()}
        assert packed == {f"{template.folder}/{name}": content for name, content in files.items()}
        assert template.pack() == template.pack()


def test_every_template_can_be_deployed(api: Any) -> None:
    templates = api.ok("GET", "/template-deployments")
    assert len(templates) >= 2
    for template in templates:
        details = template["details"]
        settings = details.pop("version")
        deployment = api.ok("POST", f"{api.project}/deployments", details)
        path = f"{api.project}/deployments/{deployment['name']}"
        numbers = {name: int(value) for name, value in settings.items() if str(value).isdecimal()}
        version = api.version(path, settings.pop("name"), **{**settings, **numbers})
        fields = {"template_deployment_id": template["id"].upper()}
        revision = api.ok("POST", f"{version}/revisions", fields=fields)["revision"]
        api.emulator.clock.advance(3 * api.state)
        assert states(api, version, revision) == ("success", "success", "available")
        download = api.send("GET", f"{version}/revisions/{revision}/download")
        assert download.data[:2] == b"PK"
        assert b"__init__.py" not in download.data

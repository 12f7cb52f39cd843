"""ubiops-cli runs on this library and on the emulator, as users type it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ubiops
import ubiops.emulator
import ubiops.emulator.areas
from ubiops.emulator.core.handlers import HANDLERS

from .cli import Program, prepare

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

CODE = "class Deployment:\n    def request(self, data):\n        return {'words': len(data['text'].split())}\n"
DEPLOYMENT = """
deployment_name: word-count
input_type: structured
input_fields:
  - name: text
    data_type: string
output_type: structured
output_fields:
  - name: words
    data_type: int
"""
VERSION = "\nenvironment: python3-11\nminimum_instances: 0\nmaximum_instances: 2\n"
# Signing in asks for these.
SIGN_IN = ("user_get", "projects_list", "projects_get")

signed_in_only = pytest.mark.skipif(
    not HANDLERS.keys() >= set(SIGN_IN), reason="the emulator does not have the operations that signing in needs"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory: a package and its settings."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "code").mkdir()
    (folder / "code" / "deployment.py").write_text(CODE, encoding="utf-8")
    (folder / "deployment.yaml").write_text(DEPLOYMENT, encoding="utf-8")
    (folder / "version.yaml").write_text(DEPLOYMENT + VERSION, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def program(work: Path) -> Program:
    return Program(prepare(), work)


@pytest.fixture(scope="module")
def cli(running: Emulator, program: Program) -> Iterator[Program]:
    """The program, signed in, with a current project that has a deployment."""
    api = running.api()
    if "projects_create" in HANDLERS:
        api.projects_create({"name": "project-1", "organization_name": api.organizations_list()[0].name})
    host = running.host.replace("/v2.1", "/v2")
    token = running.configuration().api_key["Authorization"]
    signed = program("signin", "--token", "-p", token, "--api", host)
    assert "Welcome to UbiOps" in signed.output
    program("current_project", "set", "project-1")
    program("deployments", "create", "-f", "deployment.yaml")
    yield program
    program("signout")


def test_it_starts(program: Program) -> None:
    assert "2.32.0" in program("--version").output
    for group in ("deployments", "versions", "revisions", "env", "files", "pipelines", "run_local"):
        assert "Usage" in program(group, "--help").output


def test_it_runs_code_locally(program: Program) -> None:
    printed = program("run_local", "-dir", "code", "--data", '{"text": "a b c"}').output
    assert "Status: completed" in printed
    assert "{'words': 3}" in printed.replace('"', "'")
    assert "Status: failed" in program("run_local", "-dir", "code", "--data", "{}").output


def test_it_validates_files(program: Program, work: Path) -> None:
    (work / "ubiops.yaml").write_text("apt:\n  packages: []\n", encoding="utf-8")
    program("validate", "yaml", "ubiops.yaml")
    (work / "broken.yaml").write_text("other: 1\n", encoding="utf-8")
    assert "other" in program("validate", "yaml", "broken.yaml", code=1).errors


@signed_in_only
def test_it_is_signed_in(cli: Program) -> None:
    assert "Authorized" in cli("status").output
    assert "project-1" in cli("current_project", "get").output
    assert "project-1" in cli("projects", "list").output


@signed_in_only
def test_deployments(cli: Program) -> None:
    assert "word-count" in cli("deployments", "list").output
    found = cli("deployments", "get", "word-count", "-fmt", "json").json
    assert found["name"] == "word-count"
    assert found["supports_request_format"] is True
    assert found["input_fields"][0]["name"] == "text"
    cli("deployments", "get", "word-count", "-o", "again.yaml")
    assert "deployment_name: word-count" in (cli.work / "again.yaml").read_text(encoding="utf-8")
    assert "Error (409): " in cli("deployments", "create", "-f", "deployment.yaml", code=1).output
    cli("deployments", "create", "-f", "again.yaml", "--overwrite")
    assert "Error (404): " in cli("deployments", "get", "nothing", code=1).output


@signed_in_only
def test_versions(cli: Program) -> None:
    cli("versions", "create", "v1", "-d", "word-count", "-f", "version.yaml")
    cli("versions", "create", "limits", "-d", "word-count", "-min", "0", "-max", "2", "-qs", "7")
    found = cli("versions", "get", "limits", "-d", "word-count", "-fmt", "json").json
    assert (found["minimum_instances"], found["maximum_instances"], found["maximum_queue_size"]) == (0, 2, 7)
    assert found["environment_name"].startswith("python3-")
    listed = cli("versions", "list", "-d", "word-count").output
    assert "v1 [DEFAULT]" in listed
    assert "limits" in listed
    cli("versions", "update", "limits", "-d", "word-count", "-max", "3")
    assert cli("versions", "get", "limits", "-d", "word-count", "-fmt", "json").json["maximum_instances"] == 3
    cli("versions", "delete", "limits", "-d", "word-count", "-y")


@signed_in_only
def test_deploy_and_revisions(cli: Program, running: Emulator) -> None:
    printed = cli("deployments", "deploy", "word-count", "-v", "v2", "-dir", "code").output
    assert "Deployment was successfully deployed" in printed
    cli("deployments", "package", "-d", "word-count", "-dir", "code", "-o", "package.zip")
    cli("deployments", "upload", "word-count", "-v", "v2", "-z", "package.zip", "--overwrite")
    assert cli("revisions", "upload", "-d", "word-count", "-v", "v2", "-z", "package.zip", "-fmt", "json").json[
        "revision"
    ]
    revisions = running.api().revisions_list("project-1", "word-count", "v2")
    assert len(revisions) == 3
    listed = cli("revisions", "list", "-d", "word-count", "-v", "v2").output
    assert all(one.id in listed for one in revisions)
    assert "success" in cli("revisions", "wait", revisions[0].id, "-d", "word-count", "-v", "v2").output
    assert "success" in cli("versions", "wait", "v2", "-d", "word-count").output
    cli("revisions", "download", revisions[0].id, "-d", "word-count", "-v", "v2", "-o", "downloaded.zip")
    with zipfile.ZipFile(cli.work / "downloaded.zip") as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        assert archive.read(names["deployment.py"]).decode() == CODE


@signed_in_only
@pytest.mark.parametrize("level", [("-d", "word-count"), ()], ids=["deployment", "project"])
def test_environment_variables(level: tuple[Any, ...], cli: Program) -> None:
    if not level and "project_environment_variables_create" not in HANDLERS:
        pytest.skip("the emulator has no variables of projects")
    cli("env", "create", "LANGUAGE", "--value", "en", *level)
    assert cli("env", "list", *level, "-fmt", "json").json[0]["value"] == "en"
    cli("env", "create", "LANGUAGE", "--value", "nl", "--overwrite", *level)
    assert "value: nl" in cli("env", "get", "LANGUAGE", *level).output
    cli("env", "create", "PASSWORD", "--value", "5ecret", "--secret", *level)
    assert "5ecret" not in cli("env", "list", *level).output
    cli("env", "delete", "PASSWORD", *level, "-y")
    assert "PASSWORD" not in cli("env", "list", *level).output


@signed_in_only
def test_audit_events(cli: Program) -> None:
    assert "word-count" in cli("audit", "list", "-d", "word-count").output
    if "project_audit_events_list" in HANDLERS:
        assert "word-count" in cli("audit", "list").output

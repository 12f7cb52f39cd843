"""ubiops-cli runs on this library, on the official client that it pins, and on the
emulator, as users type it: signing in, settings, projects, and what needs no API.

The other modules of this name test the rest; the last one that nothing was left out.
"""

from __future__ import annotations

import os
import subprocess
import zipfile

import pytest

from .cli import Session, prepare
from .clients import THIS, variables

UNKNOWN = "2aae90dd-057b-4dfd-8502-f9074aa1be0f"


def test_it_starts() -> None:
    program = str(prepare() / ("Scripts" if os.name == "nt" else "bin") / "ubiops")
    for arguments, expected in ((("--version",), "2.32.0"), (("deployments", "--help"), "Usage")):
        done = subprocess.run(
            [program, *arguments], env=variables(THIS), capture_output=True, text=True, timeout=60, check=False
        )
        assert expected in done.stdout, done.stderr


def test_it_runs_code_locally(session: Session) -> None:
    cli = session.cli
    printed = cli("run_local", "-dir", "code", "--data", '{"text": "a b c"}').output
    assert "Status: completed" in printed
    assert '"words": 3' in printed
    assert "Status: failed" in cli("run_local", "-dir", "code", "--data", "{}").output
    assert (
        "Status: completed"
        in cli("run_local", "-dir", "code", "-f", session.file("input.json", '[{"text": "a"}]')).output
    )


def test_it_validates_files(session: Session) -> None:
    cli = session.cli
    assert "valid" in cli("validate", "yaml", session.file("ubiops.yaml", "apt:\n  packages: []\n")).output
    assert "not valid" in cli.refuses("validate", "yaml", session.file("broken.yaml", "other: 1\n"))
    assert "valid" in cli("validate", "requirements", session.file("requirements.txt", "# nothing\n")).output
    assert "not valid" in cli.refuses("validate", "requirements", session.file("broken.txt", "a package\n"))


def test_completion_scripts(session: Session) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "ubiops" in session.cli("complete", shell).output


def test_settings(session: Session) -> None:
    cli = session.cli
    assert cli("user", "get").output == "user@example.com\n"
    cli("config", "set", "default.colour", "green")
    assert cli("config", "get", "default.colour").output == "green\n"
    listed = cli("config", "list").output
    assert "default.colour: green" in listed
    assert session.token.split()[-1] not in listed
    cli("config", "delete", "default.colour")
    assert cli("config", "get", "default.colour").output == ""
    cli("user", "set", "other@example.com")
    assert cli("user", "get").output == "other@example.com\n"


def test_signing_in_and_out(session: Session) -> None:
    cli = session.cli
    cli("signout")
    assert "Unauthorized" in cli("status").output
    assert "Unauthorized" in cli.refuses("deployments", "list")
    with_password = ("signin", "-e", "someone@example.com", "--api", session.address, "-p")
    signed = cli(*with_password, session.token.split()[-1]).output
    assert "Welcome to UbiOps!" in signed
    assert "Selected project: texts" in signed
    assert "Authorized" in cli("status").output
    assert "word-count" in cli("deployments", "list").output
    assert "Welcome" in cli("signin", "--token", "-p", session.token, "--api", session.address).output
    printed = cli("status").output
    assert "project: texts" in printed
    assert session.address in printed


def test_projects(session: Session) -> None:
    cli = session.cli
    made = cli("projects", "create", "other", "-fmt", "json").json
    assert (made["name"], made["organization_name"]) == ("other", "local")
    assert "other" in cli("current_project", "get").output
    assert "Error (4" in cli.refuses("projects", "create", "other")
    cli("projects", "create", "other", "--overwrite")
    assert "other" in cli("projects", "get", "other").output
    listed = cli("projects", "list", "-o", "local").output
    assert "other" in listed
    assert "texts" in listed
    assert "successfully deleted" in cli("projects", "delete", "other", "-y").output
    cli("current_project", "set", "texts")
    assert "texts" in cli("cprj", "get").output
    assert "other" not in cli("projects", "list").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("instances", "get", UNKNOWN, "-d", "word-count", "-v", "v1"),
        ("instances", "events", UNKNOWN, "-d", "word-count", "-v", "v1"),
        ("project_instances", "get", UNKNOWN),
        ("exports", "get", UNKNOWN),
        ("exports", "download", UNKNOWN, "-o", "export.zip"),
        ("exports", "delete", UNKNOWN, "-y"),
        ("imports", "get", UNKNOWN),
        ("imports", "confirm", UNKNOWN, "-f", "export.yaml"),
        ("imports", "download", UNKNOWN, "-o", "import.zip"),
        ("imports", "delete", UNKNOWN, "-y"),
    ],
)
def test_what_does_not_exist_is_said(arguments: tuple[str, ...], session: Session) -> None:
    session.file("export.yaml", "deployments: {word-count: {versions: {v1: {}}}}\n")
    assert "Error (404)" in session.cli.refuses(*arguments)


def test_instances_exports_and_imports(session: Session) -> None:
    cli = session.cli
    session.file("export.yaml", "deployments: {word-count: {versions: {v1: {}}}}\n")
    with zipfile.ZipFile(session.work / "import.zip", "w") as archive:
        archive.writestr("import.json", "{}")
    # Nothing runs before the first request.
    assert "STATUS" in cli("instances", "list", "-d", "word-count", "-v", "v1").output
    assert "STATUS" in cli("project_instances", "list").output
    exported = cli("exports", "create", "-f", "export.yaml", "-fmt", "json").json["id"]
    session.wait(lambda: cli("exports", "get", exported, "-fmt", "json").json["status"] == "completed")
    assert exported in cli("exports", "list").output
    cli("exports", "download", exported, "-o", "export.zip")
    with zipfile.ZipFile(session.work / "export.zip") as archive:
        assert any(name.endswith("info.yaml") for name in archive.namelist())
    cli("exports", "delete", exported, "-y")
    # This archive is none of an export.
    imported = cli("imports", "create", "-z", "import.zip", "-fmt", "json").json["id"]
    session.wait(lambda: cli("imports", "get", imported, "-fmt", "json").json["status"] == "failed")
    assert imported in cli("imports", "list").output
    cli("imports", "delete", imported, "-y")

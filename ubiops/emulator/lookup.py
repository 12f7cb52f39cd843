"""Finding the objects that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.errors import DEPLOYMENT, REVISION, VERSION, not_found

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.call import Call


def deployment_named(db: sqlite3.Connection, project: str, name: str) -> sqlite3.Row:
    """The deployment of this name in a project."""
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM deployments WHERE project = ? AND name = ?", (project, name)
    ).fetchone()
    if found is None:
        raise not_found(DEPLOYMENT)
    return found


def version_named(db: sqlite3.Connection, deployment: sqlite3.Row, name: str) -> sqlite3.Row:
    """The version of this name of a deployment."""
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM versions WHERE deployment = ? AND name = ?", (deployment["number"], name)
    ).fetchone()
    if found is None:
        raise not_found(VERSION)
    return found


def find_deployment(db: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """The deployment that the path names."""
    return deployment_named(db, call.project, call.path["deployment_name"])


def find_version(db: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """The version that the path names."""
    return version_named(db, find_deployment(db, call), call.path["version"])


def find_revision(db: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """The revision that the path names."""
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM revisions WHERE version = ? AND id = ?",
        (find_version(db, call)["number"], call.path["revision_id"].lower()),
    ).fetchone()
    if found is None:
        raise not_found(REVISION)
    return found

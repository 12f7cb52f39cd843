"""Finds the objects that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployments.kinds import DEPLOYMENT, REVISION, VERSION
from ubiops.emulator.core.lookup import get_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


def deployment_named(db: sqlite3.Connection, project: str, name: str) -> sqlite3.Row:
    """Returns the deployment of this name in a project."""
    return get_row(db, DEPLOYMENT, "deployments", {"project": project, "name": name})


def version_named(db: sqlite3.Connection, deployment: sqlite3.Row, name: str) -> sqlite3.Row:
    """Returns the version of this name of a deployment."""
    return get_row(db, VERSION, "versions", {"deployment": deployment["pk"], "name": name})


def find_deployment(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the deployment that the path names."""
    return deployment_named(db, context.project, context.path["deployment_name"])


def find_version(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the version that the path names."""
    return version_named(db, find_deployment(db, context), context.path["version"])


def find_revision(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the revision that the path names."""
    version = find_version(db, context)
    return get_row(db, REVISION, "revisions", {"version": version["pk"], "id": context.path["revision_id"].lower()})

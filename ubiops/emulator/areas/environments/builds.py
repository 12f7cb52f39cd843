"""Builds of environments: start, list, get, cancel.

Without an installer, a build only reads the lists of packages, and its status follows
from the clock. With one, it is built in the background.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.environments.installation import build_in_background, is_installed
from ubiops.emulator.areas.environments.kinds import BUILD
from ubiops.emulator.areas.environments.lookup import find_custom, find_revision
from ubiops.emulator.areas.environments.states import FINAL, contents_of, error_of_build, status_of_build
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.environments.packages import Contents
    from ubiops.emulator.core.context import RequestContext

UPLOADED = "Environment file upload"
REBUILT = "Rebuild triggered"


def start(db: sqlite3.Connection, context: RequestContext, revision: int, cause: str, contents: Contents) -> str:
    """Adds a build of a revision and returns its id.

    Call `announce` after the transaction.
    """
    seconds, identifier = context.backend.settings.build_seconds, new_id()
    processing = context.now + seconds.queued
    finished: float | None = processing + seconds.building
    if is_installed(context.backend, contents):
        finished = None
    elif not contents.error:
        finished = processing + seconds.building + seconds.validating
    db.execute(
        "INSERT INTO environment_builds (id, revision, created, processing, finished, cause, error, contents)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (identifier, revision, context.now, processing, finished, cause, contents.error, json.dumps(contents.files)),
    )
    return identifier


def announce(context: RequestContext, tag: str, build: str, contents: Contents) -> None:
    """Writes what there is to say about a build, and lets it be installed."""
    labels = {
        "environment_name": context.path["environment_name"],
        "environment_tag": tag,
        "environment_build_id": build,
    }
    lines = [f"Build of environment {labels['environment_name']}:{tag} was queued", *contents.notes]
    installed = is_installed(context.backend, contents)
    if contents.requirements and not installed and not contents.error:
        lines.append("The emulator does not install the requirements: they were only read")
    context.backend.logs.write(context.project, *lines, system=True, **labels)
    if contents.error:
        context.backend.logs.write(context.project, contents.error, system=True, level="error", **labels)
    if installed:
        build_in_background(context.backend, build)


def cancel(db: sqlite3.Connection, context: RequestContext, build: sqlite3.Row | None) -> None:
    """Cancels a build.

    Raises:
        ApiError: There is none that has not ended.
    """
    status = "none" if build is None else status_of_build(build, context.now)
    if build is None or status in FINAL:
        raise bad_request(f"there is no build to cancel: the status of the latest one is {status}")
    db.execute("UPDATE environment_builds SET cancelled = ? WHERE pk = ?", (context.now, build["pk"]))


def serialize(build: sqlite3.Row, revision: str, now: float) -> dict[str, Any]:
    """Returns a build as the API shows it."""
    return {
        "id": build["id"],
        "revision": revision,
        "creation_date": in_microseconds(build["created"]),
        "status": status_of_build(build, now),
        "error_message": error_of_build(build, now),
        "trigger": build["cause"],
    }


def _find(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    revision = find_revision(db, context)
    found: sqlite3.Row | None = db.execute(
        "SELECT * FROM environment_builds WHERE revision = ? AND id = ?",
        (revision["pk"], context.path["build_id"].lower()),
    ).fetchone()
    if found is None:
        raise not_found(BUILD)
    return found


@handler("environment_builds_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the builds of a revision, newest first."""
    with context.reading() as db:
        revision = find_revision(db, context)
        rows = db.execute(
            "SELECT * FROM environment_builds WHERE revision = ? ORDER BY pk DESC", (revision["pk"],)
        ).fetchall()
    return [serialize(row, revision["id"], context.now) for row in rows]


@handler("environment_builds_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one build."""
    with context.reading() as db:
        return serialize(_find(db, context), context.path["revision_id"].lower(), context.now)


@handler("environment_builds_update")
def update(context: RequestContext) -> dict[str, Any]:
    """Cancels a build; that is all that can be changed."""
    with context.transaction() as db:
        build = _find(db, context)
        cancel(db, context, build)
        name = find_custom(db, context)["name"]
        event = f"Cancelled build {build['id']} of environment {name} for project {context.project}"
        audit.record(db, context, "update", event, Subject(object_type="environment", object_name=name))
        return serialize(_find(db, context), context.path["revision_id"].lower(), context.now)


@handler("environment_build_dependencies_list")
def list_dependencies(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the files from which a build installed packages."""
    with context.reading() as db:
        return dependencies(db, _find(db, context))


def dependencies(db: sqlite3.Connection, build: sqlite3.Row | None) -> list[dict[str, Any]]:
    """Returns the lists of packages of a build, by name."""
    files = contents_of(db, build)
    return [{"name": name, "content": files[name]} for name in sorted(files)]

"""Builds and their status.

The status is computed from the clock. A build that has to install something has no time
of its end until that is done; it is resumed when the emulator starts again.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.areas.deployments.kinds import BUILD
from ubiops.emulator.areas.deployments.lookup import find_version
from ubiops.emulator.core.clock import in_milliseconds
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ubiops.emulator.areas.deployments.package import Inspection
    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext
    from ubiops.emulator.core.settings import BuildSeconds

UPLOADED = "Deployment file upload"
REBUILT = "Rebuild triggered"
UNFINISHED = 1e18
"""The end of a build that is not known yet: later than any time of the clock."""
_LONGEST_ERROR = 1024


class Times(NamedTuple):
    """When a build passes from one state to the next.

    One that fails while it is built is never validated.
    """

    building: float
    validating: float | None
    finished: float


def plan(now: float, seconds: BuildSeconds, inspection: Inspection) -> Times:
    """Returns what will happen to a build that is requested now."""
    building = now + seconds.queued
    validating = building + seconds.building
    if inspection.error and inspection.fails_in_building:
        return Times(building, None, validating)
    return Times(building, validating, validating + seconds.validating)


def start(
    db: sqlite3.Connection,
    context: RequestContext,
    revision: int,
    cause: str,
    inspection: Inspection,
    takes_long: bool = False,
) -> int:
    """Adds a build of a revision and returns its key.

    Args:
        db: The transaction.
        context: The request.
        revision: The key of the revision.
        cause: Why it is built.
        inspection: What is known of the package.
        takes_long: Whether only its work tells when it ends.
    """
    times = plan(context.now, context.backend.settings.build_seconds, inspection)
    if takes_long and not inspection.error:
        times = Times(times.building, None, UNFINISHED)
    added = db.execute(
        "INSERT INTO builds (id, revision, created, building, validating, finished, cause, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (new_id(), revision, context.now, *times, cause, inspection.error),
    )
    return added.lastrowid or 0


def launch(backend: Backend, build: int) -> None:
    """Does the work of a build in the background, if the emulator builds at all."""
    if backend.builder is not None and backend.background is not None:
        backend.background.submit(functools.partial(_work, backend, build, backend.builder.build))


def resume(backend: Backend) -> None:
    """Takes up the builds that a kill of the emulator interrupted."""
    with backend.storage.reading() as db:
        found = db.execute("SELECT pk FROM builds WHERE finished = ?", (UNFINISHED,)).fetchall()
    for row in found:
        if backend.builder is None:
            # It was started to run no code, so there is nothing to wait for.
            finish(backend, row["pk"], "")
        else:
            launch(backend, row["pk"])


def _work(backend: Backend, build: int, work: Callable[[int], str | None]) -> None:
    try:
        error = work(build)
    except Exception as failure:
        finish(backend, build, f"The emulator could not build the revision: {failure}")
        raise
    if error is not None:
        finish(backend, build, error)


def finish(backend: Backend, build: int, error: str) -> None:
    """Sets the end of a build whose work is done, not before its planned time.

    A build whose end is known already stays as it is.
    """
    seconds = backend.settings.build_seconds
    with backend.storage.transaction() as db:
        row = db.execute("SELECT * FROM builds WHERE pk = ? AND finished = ?", (build, UNFINISHED)).fetchone()
        if row is None:
            return
        built = max(row["created"] + seconds.queued + seconds.building, backend.clock.now())
        validating, finished = (None, built) if error else (built, built + seconds.validating)
        db.execute(
            "UPDATE builds SET validating = ?, finished = ?, error = ? WHERE pk = ?",
            (validating, finished, error[:_LONGEST_ERROR], build),
        )


def status_of_build(build: sqlite3.Row, now: float) -> str:
    """Returns the status of a build at a time."""
    if now >= build["finished"]:
        return "failed" if build["error"] else "success"
    if build["validating"] is not None and now >= build["validating"]:
        return "validating"
    return "building" if now >= build["building"] else "queued"


def status_of_revision(build: sqlite3.Row, now: float) -> str:
    """Returns the status of the revision whose latest build this is."""
    status = status_of_build(build, now)
    return "building" if status == "validating" else status


def error_of(build: sqlite3.Row, now: float) -> str:
    """Returns why a build has failed, or an empty text as long as it has not."""
    return str(build["error"]) if now >= build["finished"] else ""


@handler("builds_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one build of a version.

    The response to an upload holds the id of the revision where older clients expect
    that of a build. The id of a revision is therefore accepted too, for its latest
    build.
    """
    with context.reading() as db:
        version = find_version(db, context)
        build = db.execute(
            "SELECT builds.*, revisions.id AS revision_id, has_request, has_requests"
            " FROM builds JOIN revisions ON revisions.pk = builds.revision"
            " WHERE revisions.version = :version AND (builds.id = :id OR revisions.id = :id)"
            " ORDER BY builds.pk DESC LIMIT 1",
            {"version": version["pk"], "id": context.path["build_id"].lower()},
        ).fetchone()
    if build is None:
        raise not_found(BUILD)
    now = context.now
    return {
        "id": build["id"],
        "revision": build["revision_id"],
        "creation_date": in_milliseconds(build["created"]),
        "status": status_of_build(build, now),
        "error_message": error_of(build, now),
        "trigger": build["cause"],
        "has_request_method": bool(build["has_request"]),
        "has_requests_method": bool(build["has_requests"]),
    }

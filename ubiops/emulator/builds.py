"""The life of a build, read off the clock: nothing runs in the background, so nothing can be lost or late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.clock import in_milliseconds
from ubiops.emulator.errors import BUILD, not_found
from ubiops.emulator.lookup import find_version
from ubiops.emulator.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.call import Call
    from ubiops.emulator.package import Inspection
    from ubiops.emulator.settings import BuildSeconds

UPLOADED = "Deployment file upload"
REBUILT = "Rebuild triggered"


class Times(NamedTuple):
    """When a build passes from one state to the next. One that fails while it is built is never validated."""

    building: float
    validating: float | None
    finished: float


def plan(now: float, seconds: BuildSeconds, inspection: Inspection) -> Times:
    """What will happen to a build that is asked for now."""
    building = now + seconds.queued
    validating = building + seconds.building
    if inspection.error and inspection.fails_in_building:
        return Times(building, None, validating)
    return Times(building, validating, validating + seconds.validating)


def begin(db: sqlite3.Connection, call: Call, revision: int, cause: str, inspection: Inspection) -> None:
    """Adds a build of a revision."""
    now = call.world.clock.now()
    times = plan(now, call.world.settings.build_seconds, inspection)
    db.execute(
        "INSERT INTO builds (id, revision, created, building, validating, finished, cause, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (new_id(), revision, now, *times, cause, inspection.error),
    )


def status_of_build(build: sqlite3.Row, now: float) -> str:
    """The state in which a build is at a time."""
    if now >= build["finished"]:
        return "failed" if build["error"] else "success"
    if build["validating"] is not None and now >= build["validating"]:
        return "validating"
    return "building" if now >= build["building"] else "queued"


def status_of_revision(build: sqlite3.Row, now: float) -> str:
    """The state of a revision whose latest build this is."""
    status = status_of_build(build, now)
    return "building" if status == "validating" else status


def error_of(build: sqlite3.Row, now: float) -> str:
    """Why a build has failed; nothing as long as it has not."""
    return str(build["error"]) if now >= build["finished"] else ""


def builds_get(call: Call) -> dict[str, Any]:
    """One build of a version.

    An upload answers the id of its revision where older clients expect that of a build. Therefore the id of a revision
    is taken too, and leads to its latest build.
    """
    with call.world.storage.reading() as db:
        version = find_version(db, call)
        build = db.execute(
            "SELECT builds.*, revisions.id AS revision_id, has_request, has_requests"
            " FROM builds JOIN revisions ON revisions.number = builds.revision"
            " WHERE revisions.version = :version AND (builds.id = :id OR revisions.id = :id)"
            " ORDER BY builds.number DESC LIMIT 1",
            {"version": version["number"], "id": call.path["build_id"].lower()},
        ).fetchone()
    if build is None:
        raise not_found(BUILD)
    now = call.world.clock.now()
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

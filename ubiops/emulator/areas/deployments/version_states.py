"""The state of versions, as it follows from their revisions and builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3


class VersionState(NamedTuple):
    """The state of a version at a time."""

    status: str = "unavailable"
    active_revision: str | None = None
    latest_revision: str | None = None
    last_upload: float | None = None
    has_request: bool | None = None
    has_requests: bool | None = None


def states_of_versions(
    db: sqlite3.Connection, now: float, deployment: int, version: int | None = None
) -> dict[int, VersionState]:
    """Returns the states of all versions of a deployment, or of one, by their keys.

    The active revision is that of the build that was the last to succeed. While there
    is one, the version is available, whatever becomes of newer revisions.
    """
    versions = "SELECT :version AS pk"
    if version is None:
        versions = "SELECT pk FROM versions WHERE deployment = :deployment"
    keys = {"deployment": deployment, "version": version}
    states = {row["pk"]: VersionState() for row in db.execute(versions, keys)}
    latest = db.execute(
        f"SELECT * FROM revisions WHERE pk IN (SELECT max(pk) FROM revisions WHERE version IN ({versions})"  # noqa: S608  # nosec B608
        " GROUP BY version)",
        keys,
    )
    for row in latest:
        states[row["version"]] = VersionState(
            latest_revision=row["id"],
            last_upload=row["created"],
            has_request=bool(row["has_request"]),
            has_requests=bool(row["has_requests"]),
        )
    builds = db.execute(
        "SELECT revisions.version, revisions.id, builds.finished, builds.error"  # noqa: S608  # nosec B608
        " FROM builds JOIN revisions ON revisions.pk = builds.revision"
        f" WHERE revisions.version IN ({versions}) ORDER BY builds.finished, builds.pk",
        keys,
    )
    for row in builds:
        state = states[row["version"]]
        if row["finished"] > now:
            if state.status == "unavailable":
                states[row["version"]] = state._replace(status="building")
        elif not row["error"]:
            states[row["version"]] = state._replace(status="available", active_revision=row["id"])
    return states


def active_revision(db: sqlite3.Connection, now: float, version: int) -> sqlite3.Row | None:
    """Returns the revision that a version runs: that of the last successful build."""
    found: sqlite3.Row | None = db.execute(
        "SELECT revisions.* FROM builds JOIN revisions ON revisions.pk = builds.revision"
        " WHERE revisions.version = ? AND builds.finished <= ? AND builds.error = ''"
        " ORDER BY builds.finished DESC, builds.pk DESC LIMIT 1",
        (version, now),
    ).fetchone()
    return found


def is_building(db: sqlite3.Connection, now: float, version: int) -> bool:
    """Returns whether a build of a version has not finished."""
    found = db.execute(
        "SELECT 1 FROM builds JOIN revisions ON revisions.pk = builds.revision"
        " WHERE revisions.version = ? AND builds.finished > ? LIMIT 1",
        (version, now),
    ).fetchone()
    return found is not None

"""The state of builds, tags and environments at a time.

The status of a build follows from the clock, unless packages are really installed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

FINAL = ("success", "failed", "cancelled")
# What is shown before a build has ended is a guess for tags.
NOT_BUILT = "pending"
_OF_TAG = {"processing": "building"}


def status_of_build(build: sqlite3.Row, now: float) -> str:
    """Returns the status of a build at a time."""
    if build["cancelled"] is not None:
        return "cancelled"
    if build["finished"] is not None and now >= build["finished"]:
        return "failed" if build["error"] else "success"
    return "processing" if now >= build["processing"] else "queued"


def error_of_build(build: sqlite3.Row, now: float) -> str | None:
    """Returns why a build has failed, an empty text if it hasn't, or None before."""
    status = status_of_build(build, now)
    if status == "failed":
        return str(build["error"])
    return "" if status == "success" else None


class State(NamedTuple):
    """The state of an environment or tag: its latest build, and the one in use."""

    latest: sqlite3.Row | None = None
    active: sqlite3.Row | None = None

    def id(self, which: str, of: str) -> str | None:
        """Returns the id of the latest or active build or revision."""
        build = self.latest if which == "latest" else self.active
        found: str | None = build[f"{of}_id"] if build else None
        return found

    def status_of_tag(self, now: float) -> str:
        """Returns the status that a tag shows."""
        if self.latest is None:
            return NOT_BUILT
        status = status_of_build(self.latest, now)
        return _OF_TAG.get(status, status)

    def status_of_environment(self, now: float) -> str:
        """Returns the status that an environment shows in ``/v2.1``.

        A guess: the documentation shows ``active``, but a program of the platform's
        makers waits for ``available``.
        """
        if self.active is not None:
            return "available"
        running = self.latest is not None and status_of_build(self.latest, now) not in FINAL
        return "building" if running else "unavailable"


# Without their contents, which may be large.
_BUILDS = (
    "SELECT environment_builds.pk, revision, processing, finished, cancelled, error,"
    " environment_builds.id AS build_id, environment_revisions.id AS revision_id,"
    " environment_revisions.size AS size, environment_tags.pk AS tag, environment_tags.name AS tag_name"
    " FROM environment_builds JOIN environment_revisions ON environment_revisions.pk = environment_builds.revision"
    " JOIN environment_tags ON environment_tags.pk = environment_revisions.tag"
    " WHERE environment_tags.environment = ? ORDER BY environment_builds.pk"
)


def builds_of(db: sqlite3.Connection, environment: int) -> list[Any]:
    """Returns all builds of an environment, the oldest first."""
    return db.execute(_BUILDS, (environment,)).fetchall()


def contents_of(db: sqlite3.Connection, build: sqlite3.Row | None) -> dict[str, str]:
    """Returns the lists of packages of a build by their names."""
    if build is None:
        return {}
    row = db.execute("SELECT contents FROM environment_builds WHERE pk = ?", (build["pk"],)).fetchone()
    found: dict[str, str] = json.loads(row["contents"])
    return found


def state_of(builds: Sequence[sqlite3.Row], now: float) -> State:
    """Returns the state that follows from these builds, the oldest first."""
    done = [build for build in builds if status_of_build(build, now) == "success"]
    active = max(done, key=lambda build: (build["finished"], build["pk"]), default=None)
    return State(builds[-1] if builds else None, active)

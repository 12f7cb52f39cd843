"""Decides what becomes of the requests that an emulator left unfinished."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.deployment_requests.active import Active
from ubiops.emulator.areas.deployment_requests.destination import Destination, destination_with_key
from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED, CANCELLED_PENDING, FAILED, PROCESSING
from ubiops.emulator.core.interfaces import Outcome

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend

INTERRUPTED = "The request was interrupted, because the emulator was stopped"


class Unfinished(NamedTuple):
    """A request that had not ended.

    Attributes:
        request: The request.
        outcome: How it ends now. None if it waits to be processed.
        interrupted: Whether it was being processed.
    """

    request: Active
    outcome: Outcome | None
    interrupted: bool


def unfinished(backend: Backend, started: set[str]) -> list[Unfinished]:
    """Returns all requests that had not ended, in the order of their creation.

    Batch requests that were waiting wait again, and so do those that were being
    processed if their version restarts interrupted requests. All others have failed.

    Args:
        backend: The emulator.
        started: The ids of requests that were started, even if the database doesn't
            say so.
    """
    destinations: dict[int, Destination] = {}
    found = []
    with backend.storage.reading() as db:
        rows = db.execute("SELECT * FROM deployment_requests WHERE completed IS NULL ORDER BY pk").fetchall()
        for row in rows:
            version = row["version"]
            if version not in destinations:
                destinations[version] = destination_with_key(db, version)
            found.append(_decide(row, _request(row, destinations[version]), started))
    return found


def _request(row: sqlite3.Row, destination: Destination) -> Active:
    """Returns a request with the retention that it was created with."""
    return Active(
        id=row["id"],
        destination=destination.keeping(row["retention"], row["retention_time"]),
        many=bool(row["many"]),
        mode=row["mode"],
        durable=bool(row["durable"]),
        user=row["user"],
        timeout=row["timeout"],
        priority=row["priority"],
        context=json.loads(row["context"]) if row["context"] else None,
        created=row["created"],
        started=row["started"],
    )


def _decide(row: sqlite3.Row, request: Active, started: set[str]) -> Unfinished:
    interrupted = row["status"] == PROCESSING or row["id"] in started
    if row["status"] == CANCELLED_PENDING:
        return Unfinished(request, Outcome(CANCELLED), interrupted)
    if not request.durable or (interrupted and not request.destination.restarts):
        return Unfinished(request, Outcome(FAILED, error_message=INTERRUPTED), interrupted)
    request.started = None
    return Unfinished(request, None, interrupted)

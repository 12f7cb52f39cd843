"""Decides what becomes of the requests that an emulator left unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ubiops.emulator.areas.deployment_requests.kinds import FAILED, PENDING
from ubiops.emulator.areas.deployment_requests.recorder import Change
from ubiops.emulator.areas.deployment_requests.recovery import INTERRUPTED
from ubiops.emulator.areas.pipeline_requests.active import Active, Ended
from ubiops.emulator.areas.pipeline_requests.changes import Again, Finished
from ubiops.emulator.areas.pipeline_requests.destination import destination_with_keys
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.interfaces import Outcome

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.backend import Backend


def recover(backend: Backend, record: Callable[[Change], None]) -> list[Active]:
    """Returns the batch requests that run again, in the order of their creation.

    They run from their beginning, so what had been a part of them is deleted. Direct
    requests have failed, because their callers have been disconnected.
    """
    waiting, broken = [], []
    with backend.storage.reading() as db:
        rows = db.execute("SELECT * FROM pipeline_requests WHERE completed IS NULL ORDER BY pk").fetchall()
        durable = {row["id"] for row in rows if row["durable"]}
        parents = {row["id"]: row["parent"] for row in rows}
        for row in rows:
            if not row["durable"] and _root(row["id"], parents) in durable:
                continue
            try:
                request = _request(db, row)
            except ApiError as error:
                broken.append((FAILED, backend.clock.now(), error.message, row["id"]))
                record(Again(row["id"]))
                continue
            if request.durable:
                waiting.append(request)
                if row["status"] != PENDING:
                    record(Again(request.id))
            else:
                outcome = Outcome(FAILED, error_message=INTERRUPTED)
                record(Finished(request, Ended(request, outcome, backend.clock.now())))
    if broken:
        record(Broken(broken))
    return waiting


class Broken(Change):
    """Requests whose pipelines can't handle them any more have failed."""

    def __init__(self, ends: Sequence[tuple[str, float, str, str]]) -> None:
        self._ends = ends

    def write(self, db: sqlite3.Connection) -> None:
        """Stores how they ended."""
        query = "UPDATE pipeline_requests SET status = ?, completed = ?, error_message = ? WHERE id = ?"
        db.executemany(query, self._ends)


def _root(identifier: str, parents: dict[str, str | None]) -> str:
    while (parent := parents.get(identifier)) is not None:
        identifier = parent
    return identifier


def _request(db: sqlite3.Connection, row: sqlite3.Row) -> Active:
    """Returns a request with the retention that it was created with."""
    destination = destination_with_keys(db, row["pipeline"], row["version"])
    return Active(
        id=row["id"],
        destination=destination.keeping(row["retention"], row["retention_time"]),
        mode="batch" if row["durable"] else "express",
        durable=bool(row["durable"]),
        user=row["user"],
        timeout=row["timeout"],
        priority=row["priority"],
        created=row["created"],
        parent=row["parent"],
    )

"""What is stored of a request, from its creation to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Callable

from ubiops.emulator.areas.deployment_requests import data
from ubiops.emulator.areas.deployment_requests.events import RequestEvent, notify
from ubiops.emulator.areas.deployment_requests.inputs import encode
from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED_PENDING, COMPLETED, FAILED, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.recorder import Change
from ubiops.emulator.core.interfaces import Outcome

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.deployment_requests.active import Active, Ended
    from ubiops.emulator.areas.deployment_requests.inputs import Inputs
    from ubiops.emulator.core.backend import Backend

_NOT_SERIALIZABLE = "The result of the request can't be stored as JSON"


def insert(db: sqlite3.Connection, request: Active, size: int, stored: data.Data | None) -> bool:
    """Adds a request with its input.

    Returns False if its version has been deleted.
    """
    destination = request.destination
    done = db.execute(
        "INSERT INTO deployment_requests (id, project, deployment, version, status, mode, durable, many, priority,"
        " timeout, retention, retention_time, user, context, created, expires, input_size)"
        " SELECT ?, ?, ?, pk, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM versions WHERE pk = ?",
        (
            request.id,
            destination.project,
            destination.deployment_pk,
            PENDING,
            request.mode,
            request.durable,
            request.many,
            request.priority,
            request.timeout,
            destination.retention,
            destination.retention_time,
            request.user,
            json.dumps(request.context) if request.context else None,
            request.created,
            request.created + destination.retention_time,
            size,
            destination.version_pk,
        ),
    )
    if stored and done.rowcount:
        data.insert(db, done.lastrowid or 0, data.INPUT, stored)
    return bool(done.rowcount)


class NewRequest(Change):
    """A direct request. What its retention mode doesn't allow is never stored."""

    def __init__(self, request: Active, inputs: Inputs) -> None:
        self._request = request
        self._inputs = inputs
        self._stored: data.Data | None = None
        self._inserted = False

    def prepare(self, backend: Backend) -> None:
        """Writes a large input to a file."""
        content = self._inputs.encode()
        self._size = len(content)
        if self._request.destination.retention == "full":
            self._stored = data.keep(backend, content, self._inputs.is_text)

    def write(self, db: sqlite3.Connection) -> None:
        """Inserts the request."""
        self._inserted = insert(db, self._request, self._size, self._stored)

    def done(self, backend: Backend) -> None:
        """Removes the file if there is nothing that it belongs to."""
        if not self._inserted and self._stored and self._stored.file:
            backend.files.remove([self._stored.file])


class Started(Change):
    """A request is being processed. Its retention time starts."""

    def __init__(self, request: Active, now: float) -> None:
        self._request = request
        self._now = now

    def write(self, db: sqlite3.Connection) -> None:
        """Stores the status and the time."""
        request = self._request
        if is_stored(request):
            db.execute(
                "UPDATE deployment_requests SET status = ?, started = ?, expires = ? WHERE id = ?",
                (PROCESSING, self._now, self._now + request.destination.retention_time, request.id),
            )

    def done(self, backend: Backend) -> None:
        """Tells the observers."""
        notify(backend, _event(self._request, "started", PROCESSING, self._now))


class BackInQueue(Change):
    """A request that was interrupted waits again."""

    def __init__(self, request: Active, then: Callable[[], None] | None = None) -> None:
        self._request = request
        self._then = then

    def write(self, db: sqlite3.Connection) -> None:
        """Stores the status."""
        db.execute(
            "UPDATE deployment_requests SET status = ?, started = NULL WHERE id = ?", (PENDING, self._request.id)
        )

    def done(self, backend: Backend) -> None:
        """Does what comes next."""
        if self._then is not None:
            self._then()


class Stopping(Change):
    """A request that is being processed is about to be cancelled."""

    def __init__(self, request: Active) -> None:
        self._request = request

    def write(self, db: sqlite3.Connection) -> None:
        """Stores the status."""
        db.execute("UPDATE deployment_requests SET status = ? WHERE id = ?", (CANCELLED_PENDING, self._request.id))


class Finished(Change):
    """A request has ended. What its retention mode doesn't allow is removed."""

    def __init__(self, request: Active, ended: Ended) -> None:
        self._request = request
        self._ended = ended
        self._outcome = ended.outcome
        self._size: int | None = None
        self._stored: data.Data | None = None
        self._removed: list[str] = []

    def prepare(self, backend: Backend) -> None:
        """Writes a large output to a file."""
        if self._outcome.status != COMPLETED or not is_stored(self._request):
            return
        try:
            content = encode(self._outcome.result)
        except (TypeError, ValueError, RecursionError):
            self._outcome = Outcome(FAILED, error_message=_NOT_SERIALIZABLE)
            return
        self._size = len(content)
        if self._request.destination.retention == "full":
            self._stored = data.keep(backend, content, isinstance(self._outcome.result, str))

    def write(self, db: sqlite3.Connection) -> None:
        """Stores how it ended."""
        if not is_stored(self._request):
            return
        row = db.execute("SELECT pk FROM deployment_requests WHERE id = ?", (self._request.id,)).fetchone()
        if row is None:
            # It was deleted meanwhile, or its version was.
            self._removed = [self._stored.file] if self._stored and self._stored.file else []
            return
        retention, pk = self._request.destination.retention, row["pk"]
        if retention != "full":
            self._removed = data.remove(db, pk)
        if retention == "none":
            db.execute("DELETE FROM deployment_requests WHERE pk = ?", (pk,))
            return
        db.execute(
            "UPDATE deployment_requests SET status = ?, completed = ?, error_message = ?, output_size = ? WHERE pk = ?",
            (self._outcome.status, self._ended.completed, self._outcome.error_message, self._size, pk),
        )
        if self._stored:
            data.insert(db, pk, data.OUTPUT, self._stored)

    def done(self, backend: Backend) -> None:
        """Removes files and tells the observers."""
        backend.files.remove(self._removed)
        outcome = self._outcome
        notify(backend, _event(self._request, outcome.status, outcome.status, self._ended.completed, outcome))


def is_stored(request: Active) -> bool:
    """Returns whether there is a row for a request.

    With the retention mode none, batch requests have one until they end.
    """
    return request.durable or request.destination.retention != "none"


def _event(request: Active, kind: str, status: str, now: float, outcome: Outcome | None = None) -> RequestEvent:
    destination = request.destination
    return RequestEvent(
        kind=kind,
        project=destination.project,
        deployment=destination.deployment,
        deployment_id=destination.deployment_id,
        version=destination.version,
        version_id=destination.version_id,
        request_id=request.id,
        status=status,
        time=now,
        result=outcome.result if outcome else None,
        error_message=outcome.error_message if outcome else None,
        context=request.context,
    )

"""What is stored of a request, from its creation to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.inputs import decode, encode
from ubiops.emulator.areas.deployment_requests.kinds import COMPLETED, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.recorder import Change
from ubiops.emulator.areas.pipeline_requests.events import PipelineEvent, notify

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.pipeline_requests.active import Active, Ended, Part
    from ubiops.emulator.core.backend import Backend

INPUT = "input"
OUTPUT = "output"


def insert(db: sqlite3.Connection, request: Active, content: bytes) -> None:
    """Adds a request with its input, unless its version has been deleted."""
    destination = request.destination
    done = db.execute(
        "INSERT INTO pipeline_requests (id, project, pipeline, version, parent, status, durable, priority, timeout,"
        " retention, retention_time, user, created, expires, input_size)"
        " SELECT ?, ?, pipeline, pk, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM pipeline_versions WHERE pk = ?",
        (
            request.id,
            destination.project,
            request.parent,
            request.status,
            request.durable,
            request.priority,
            request.timeout,
            destination.retention,
            destination.retention_time,
            request.user,
            request.created,
            request.created + destination.retention_time,
            len(content),
            destination.version_pk,
        ),
    )
    if done.rowcount and (request.durable or request.keeps_data):
        insert_data(db, request.id, None, INPUT, isinstance(request.data, str), content)


def insert_data(
    db: sqlite3.Connection, request_id: str, part_id: str | None, side: str, is_text: bool, content: bytes
) -> None:
    """Adds the input or output of a request or of a part of it, if there is one."""
    db.execute(
        "INSERT OR REPLACE INTO pipeline_request_data (request, object, side, is_text, content)"
        " SELECT pk, (SELECT pk FROM pipeline_object_requests WHERE id = ?), ?, ?, ? FROM pipeline_requests"
        " WHERE id = ?",
        (part_id, side, is_text, content, request_id),
    )


def load_data(db: sqlite3.Connection, request_id: str) -> Any:
    """Returns the stored input of a request.

    Raises:
        LookupError: The request was deleted.
    """
    row = db.execute(
        "SELECT is_text, content FROM pipeline_request_data JOIN pipeline_requests"
        " ON pipeline_requests.pk = pipeline_request_data.request"
        " WHERE pipeline_requests.id = ? AND object IS NULL AND side = ?",
        (request_id, INPUT),
    ).fetchone()
    if row is None:
        raise LookupError(f"the request {request_id} was deleted")
    return decode(row["content"], bool(row["is_text"]))


class NewRequest(Change):
    """A request that someone waits for."""

    def __init__(self, request: Active) -> None:
        self._request = request

    def prepare(self, backend: Backend) -> None:
        """Encodes the input."""
        self._content = encode(self._request.data)

    def write(self, db: sqlite3.Connection) -> None:
        """Inserts the request."""
        if self._request.is_stored:
            insert(db, self._request, self._content)


class Started(Change):
    """A request is being processed. Its retention time starts."""

    def __init__(self, request: Active, now: float) -> None:
        self._request = request
        self._now = now

    def write(self, db: sqlite3.Connection) -> None:
        """Stores the status and the time."""
        db.execute(
            "UPDATE pipeline_requests SET status = ?, started = ?, expires = ? WHERE id = ?",
            (PROCESSING, self._now, self._now + self._request.destination.retention_time, self._request.id),
        )

    def done(self, backend: Backend) -> None:
        """Tells the observers."""
        notify(backend, PipelineEvent.of(self._request, "started", PROCESSING, self._now))


class PartStored(Change):
    """The present state of a part of a request, with its data if it is an operator's.

    Args:
        request: The request.
        part: The part.
        data: Inputs and outputs to store by their sides.
    """

    def __init__(self, request: Active, part: Part, data: dict[str, Any] | None = None) -> None:
        self._request = request
        self._part = part
        self._data = data or {}
        # The part may change before it is written.
        self._values = (
            part.status,
            part.started,
            part.completed,
            part.error_message,
            part.output_size,
            part.version,
        )

    def write(self, db: sqlite3.Connection) -> None:
        """Inserts or updates the part."""
        part, request = self._part, self._request
        if request.destination.retention == "none":
            return
        changed = db.execute(
            "UPDATE pipeline_object_requests SET status = ?, started = ?, completed = ?, error_message = ?,"
            " output_size = ?, version = ? WHERE id = ?",
            (*self._values, part.id),
        )
        if not changed.rowcount:
            db.execute(
                "INSERT INTO pipeline_object_requests (status, started, completed, error_message, output_size,"
                " version, id, request, kind, object_id, object_name, reference, sequence, created, input_size)"
                " SELECT ?, ?, ?, ?, ?, ?, ?, pk, ?, ?, ?, ?, ?, ?, ? FROM pipeline_requests WHERE id = ?",
                (
                    *self._values,
                    part.id,
                    part.kind,
                    part.object_id,
                    part.object_name,
                    part.reference,
                    part.sequence,
                    part.created,
                    part.input_size,
                    request.id,
                ),
            )
        if request.keeps_data:
            for side, value in self._data.items():
                insert_data(db, request.id, part.id, side, isinstance(value, str), encode(value))


class Finished(Change):
    """A request has ended. What its retention mode doesn't allow is removed."""

    def __init__(self, request: Active, ended: Ended) -> None:
        self._request = request
        self._ended = ended

    def prepare(self, backend: Backend) -> None:
        """Encodes the output."""
        self._content = encode(self._ended.outcome.result) if self._ended.outcome.status == COMPLETED else None

    def write(self, db: sqlite3.Connection) -> None:
        """Stores how it ended."""
        request, outcome = self._request, self._ended.outcome
        row = db.execute("SELECT pk FROM pipeline_requests WHERE id = ?", (request.id,)).fetchone()
        if row is None:
            return
        if request.destination.retention == "none":
            db.execute("DELETE FROM pipeline_requests WHERE pk = ?", (row["pk"],))
            return
        db.execute(
            "UPDATE pipeline_requests SET status = ?, completed = ?, error_message = ?, output_size = ? WHERE pk = ?",
            (
                outcome.status,
                self._ended.completed,
                outcome.error_message,
                None if self._content is None else len(self._content),
                row["pk"],
            ),
        )
        if not request.keeps_data:
            db.execute("DELETE FROM pipeline_request_data WHERE request = ?", (row["pk"],))
        elif self._content is not None:
            insert_data(db, request.id, None, OUTPUT, isinstance(outcome.result, str), self._content)

    def done(self, backend: Backend) -> None:
        """Tells the observers."""
        request, outcome = self._request, self._ended.outcome
        event = PipelineEvent.of(request, outcome.status, outcome.status, self._ended.completed)
        notify(backend, event.ended(outcome.result, outcome.error_message))


class Again(Change):
    """A request that was interrupted waits again, and nothing of it has happened."""

    def __init__(self, request_id: str) -> None:
        self._id = request_id

    def write(self, db: sqlite3.Connection) -> None:
        """Removes its parts, and the requests to other pipelines among them."""
        db.execute("UPDATE pipeline_requests SET status = ?, started = NULL WHERE id = ?", (PENDING, self._id))
        db.execute(
            "DELETE FROM pipeline_object_requests WHERE request = (SELECT pk FROM pipeline_requests WHERE id = ?)",
            (self._id,),
        )
        waiting = [self._id]
        while waiting:
            children = db.execute("SELECT id FROM pipeline_requests WHERE parent = ?", (waiting.pop(),)).fetchall()
            waiting += [child["id"] for child in children]
            db.executemany("DELETE FROM pipeline_requests WHERE id = ?", [(child["id"],) for child in children])

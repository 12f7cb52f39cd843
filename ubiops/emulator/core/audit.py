"""The audit log.

Events are written in the same transaction as the change that they describe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext
    from ubiops.emulator.core.storage import Storage


class Subject(NamedTuple):
    """What an event is about.

    Attributes:
        deployment: The key of the deployment in whose log the event appears.
        version: The key of the version, if the event is about it and not the
            deployment.
    """

    deployment: int
    version: int | None = None


def record(db: sqlite3.Connection, context: RequestContext, action: str, event: str, subject: Subject) -> None:
    """Writes an event.

    Args:
        db: The transaction that makes the change.
        context: The request that makes the change.
        action: One of create, update, delete, info.
        event: What happened, as a sentence.
        subject: What the event is about.
    """
    db.execute(
        "INSERT INTO audit_events (id, deployment, version, date, action, user, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (new_id(), *subject, context.now, action, context.user, event),
    )


def latest_date(storage: Storage) -> float:
    """Returns the date of the latest event, or 0."""
    with storage.reading() as db:
        found = db.execute("SELECT ifnull(max(date), 0) FROM audit_events").fetchone()[0]
    return float(found)

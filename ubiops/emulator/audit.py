"""The audit log: events are written along with what they tell of, in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.clock import in_milliseconds
from ubiops.emulator.lookup import find_deployment
from ubiops.emulator.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.call import Call

DEFAULT_LIMIT = 50
# The largest number that SQLite knows.
_MOST = 2**63 - 1


def record(
    db: sqlite3.Connection, call: Call, action: str, event: str, deployment: int, version: int | None = None
) -> None:
    """Writes an event.

    Args:
        db: The transaction that it belongs to.
        call: The request that it is about.
        action: One of create, update, delete, info.
        event: What happened, as a sentence.
        deployment: The number of the deployment in whose log it stands.
        version: The number of the version, if that is what was acted on, and not the deployment.
    """
    db.execute(
        "INSERT INTO audit_events (id, deployment, version, date, action, user, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (new_id(), deployment, version, call.world.clock.now(), action, call.user, event),
    )


def deployment_audit_events_list(call: Call) -> list[dict[str, Any]]:
    """The events of a deployment and of all that belongs to it, newest first."""
    action = call.query.get("action")
    page = [min(call.query.get("limit", DEFAULT_LIMIT), _MOST), min(call.query.get("offset", 0), _MOST)]
    with call.world.storage.reading() as db:
        deployment = find_deployment(db, call)
        rows = db.execute(
            "SELECT audit_events.*, versions.name AS version_name"
            " FROM audit_events LEFT JOIN versions ON versions.number = audit_events.version"
            " WHERE audit_events.deployment = ? AND (? IS NULL OR action = ?)"
            " ORDER BY audit_events.number DESC LIMIT ? OFFSET ?",
            (deployment["number"], action, action, *page),
        ).fetchall()
    return [
        {
            "id": row["id"],
            "date": in_milliseconds(row["date"]),
            "action": row["action"],
            "user": row["user"],
            "event": row["event"],
            "object_type": "deployment" if row["version"] is None else "deployment_version",
            # A name is the present one, and none once the object is gone.
            "object_name": deployment["name"] if row["version"] is None else row["version_name"] or "",
        }
        for row in rows
    ]

"""The audit log.

Events are written in the same transaction as the change that they describe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.core.clock import in_milliseconds
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext
    from ubiops.emulator.core.storage import Storage

# The largest number that SQLite stores.
_MAXIMUM = 2**63 - 1


class Subject(NamedTuple):
    """What an event is about.

    Attributes:
        deployment: The key of the deployment in whose log the event appears, if any.
        version: The key of the version, if the event is about it and not the
            deployment.
        pipeline: The key of the pipeline in whose log the event appears, if any.
        object_type: The type of the object, such as "environment". It follows from the
            keys of a deployment or version.
        object_name: The name of the object. That of a deployment or version is looked
            up when the event is shown.
    """

    deployment: int | None = None
    version: int | None = None
    pipeline: int | None = None
    object_type: str | None = None
    object_name: str | None = None


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
        "INSERT INTO audit_events"
        " (id, project, deployment, version, pipeline, object_type, object_name, date, action, user, event)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (new_id(), context.path.get("project_name"), *subject, context.now, action, context.user, event),
    )


def list_events(db: sqlite3.Connection, context: RequestContext, column: str, value: Any) -> list[dict[str, Any]]:
    """Lists the events of a project, deployment or pipeline, newest first.

    The query has the parameters `action`, `limit` and `offset`.

    Args:
        db: The database.
        context: The request.
        column: What the events have in common: project, deployment or pipeline.
        value: Its name or key.
    """
    action = context.query.get("action")
    page = [min(context.query["limit"], _MAXIMUM), min(context.query["offset"], _MAXIMUM)]
    rows = db.execute(
        "SELECT audit_events.*, versions.name AS version_name, deployments.name AS deployment_name"  # noqa: S608  # nosec B608
        " FROM audit_events LEFT JOIN versions ON versions.pk = audit_events.version"
        " LEFT JOIN deployments ON deployments.pk = audit_events.deployment"
        f" WHERE audit_events.{column} = ? AND (? IS NULL OR action = ?)"
        " ORDER BY audit_events.pk DESC LIMIT ? OFFSET ?",
        (value, action, action, *page),
    ).fetchall()
    return [
        {
            "id": row["id"],
            "date": in_milliseconds(row["date"]),
            "action": row["action"],
            "user": row["user"],
            "event": row["event"],
            **_object(row),
        }
        for row in rows
    ]


def _object(row: sqlite3.Row) -> dict[str, str]:
    """Returns what an event is about, with its present name: none once it is gone."""
    if row["object_type"] is not None:
        return {"object_type": row["object_type"], "object_name": row["object_name"] or ""}
    if row["version"] is not None:
        return {"object_type": "deployment_version", "object_name": row["version_name"] or ""}
    return {"object_type": "deployment", "object_name": row["deployment_name"] or ""}


def latest_date(storage: Storage) -> float:
    """Returns the date of the latest event, or 0."""
    with storage.reading() as db:
        found = db.execute("SELECT ifnull(max(date), 0) FROM audit_events").fetchone()[0]
    return float(found)

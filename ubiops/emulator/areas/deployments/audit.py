"""Lists the audit events of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.lookup import find_deployment
from ubiops.emulator.core.clock import in_milliseconds
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

# The largest number that SQLite stores.
_MAXIMUM = 2**63 - 1


@handler("deployment_audit_events_list")
def list_events(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the events of a deployment and its parts, newest first."""
    action = context.query.get("action")
    page = [min(context.query["limit"], _MAXIMUM), min(context.query["offset"], _MAXIMUM)]
    with context.reading() as db:
        deployment = find_deployment(db, context)
        rows = db.execute(
            "SELECT audit_events.*, versions.name AS version_name"
            " FROM audit_events LEFT JOIN versions ON versions.pk = audit_events.version"
            " WHERE audit_events.deployment = ? AND (? IS NULL OR action = ?)"
            " ORDER BY audit_events.pk DESC LIMIT ? OFFSET ?",
            (deployment["pk"], action, action, *page),
        ).fetchall()
    return [
        {
            "id": row["id"],
            "date": in_milliseconds(row["date"]),
            "action": row["action"],
            "user": row["user"],
            "event": row["event"],
            "object_type": "deployment" if row["version"] is None else "deployment_version",
            # The present name, or none once the object is gone.
            "object_name": deployment["name"] if row["version"] is None else row["version_name"] or "",
        }
        for row in rows
    ]

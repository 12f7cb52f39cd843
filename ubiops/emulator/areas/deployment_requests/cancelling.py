"""Cancels requests: one, several, or all with a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED, CANCELLED_PENDING, ENDED, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.lookup import find_request, find_requests, scope_of_list
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

HAS_ENDED = "A request that has ended cannot be cancelled"


@handler("deployment_requests_update", "deployment_version_requests_update", slow=True)
def update(context: RequestContext) -> dict[str, Any]:
    """Cancels a request, the only change there is."""
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        row = find_request(db, context)
    if row["status"] in ENDED:
        raise bad_request(HAS_ENDED)
    _cancel(context, [row["id"]])
    return {}


@handler("deployment_requests_batch_cancel", "deployment_version_requests_batch_cancel", slow=True)
def cancel_many(context: RequestContext) -> dict[str, Any]:
    """Cancels the requests of a list, or all of a version with a status."""
    statuses = context.query.get("status")
    if bool(statuses) == bool(context.body):
        raise bad_request("Give either the ids of the requests, or status in the query with an empty list")
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        if statuses:
            scope = scope_of_list(db, context)
            marks = ", ".join("?" * len(statuses))
            query = f"SELECT id FROM deployment_requests WHERE {scope.condition} AND status IN ({marks}) ORDER BY pk"  # noqa: S608  # nosec B608
            found = [row["id"] for row in db.execute(query, (scope.value, *statuses))]
        else:
            rows = find_requests(db, context)
            ended = [row["id"] for row in rows if row["status"] in ENDED]
            if ended:
                raise bad_request(f"{HAS_ENDED}: {ended[0]}")
            found = [row["id"] for row in rows]
    _cancel(context, found)
    return {}


def _cancel(context: RequestContext, identifiers: Sequence[str]) -> None:
    """Cancels requests. One that ends in this moment has ended first."""
    service = context.backend.service(RequestService)
    without = [identifier for identifier in identifiers if not service.cancel(identifier)]
    service.flush()
    # Requests that were stored by an emulator with a runner, to one that has none.
    with context.transaction() as db:
        db.executemany(
            f"UPDATE deployment_requests SET status = '{CANCELLED}', completed = ? WHERE id = ?"  # noqa: S608  # nosec B608
            f" AND status IN ('{PENDING}', '{PROCESSING}', '{CANCELLED_PENDING}')",
            [(context.now, identifier) for identifier in without],
        )

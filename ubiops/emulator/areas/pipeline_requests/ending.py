"""Cancels and deletes requests: one, several, or all with a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests.cancelling import HAS_ENDED
from ubiops.emulator.areas.deployment_requests.kinds import ENDED
from ubiops.emulator.areas.pipeline_requests.lookup import find_request, find_requests, scope_of_list
from ubiops.emulator.areas.pipeline_requests.service import PipelineService
from ubiops.emulator.core.deletion import before_delete
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext


@handler("pipeline_requests_update", "pipeline_version_requests_update", slow=True)
def update(context: RequestContext) -> dict[str, Any]:
    """Cancels a request, the only change there is."""
    service = context.backend.service(PipelineService)
    service.flush()
    with context.reading() as db:
        row = find_request(db, context)
    if row["status"] in ENDED:
        raise bad_request(HAS_ENDED)
    service.cancel(row["id"])
    return {}


@handler("pipeline_requests_batch_cancel", "pipeline_version_requests_batch_cancel", slow=True)
def cancel_many(context: RequestContext) -> dict[str, Any]:
    """Cancels the requests of a list, or all of a version with a status."""
    statuses = context.query.get("status")
    if bool(statuses) == bool(context.body):
        raise bad_request("Give either the ids of the requests, or status in the query with an empty list")
    service = context.backend.service(PipelineService)
    service.flush()
    with context.reading() as db:
        if statuses:
            scope = scope_of_list(db, context)
            marks = ", ".join("?" * len(statuses))
            query = f"SELECT id FROM pipeline_requests WHERE {scope.condition} AND status IN ({marks}) ORDER BY pk"  # noqa: S608  # nosec B608
            found = [row["id"] for row in db.execute(query, (scope.value, *statuses))]
        else:
            rows = find_requests(db, context)
            ended = [row["id"] for row in rows if row["status"] in ENDED]
            if ended:
                raise bad_request(f"{HAS_ENDED}: {ended[0]}")
            found = [row["id"] for row in rows]
    for identifier in found:
        service.cancel(identifier)
    return {}


@handler("pipeline_requests_delete", "pipeline_version_requests_delete", slow=True)
def delete(context: RequestContext) -> None:
    """Deletes a request with all its parts. One that runs is cancelled."""
    _delete(context, lambda db: [find_request(db, context)])


@handler("pipeline_requests_batch_delete", "pipeline_version_requests_batch_delete", slow=True)
def delete_many(context: RequestContext) -> dict[str, Any]:
    """Deletes several requests, or none if one of them doesn't exist."""
    _delete(context, lambda db: find_requests(db, context))
    return {}


def _delete(context: RequestContext, find: Callable[[sqlite3.Connection], list[sqlite3.Row]]) -> None:
    service = context.backend.service(PipelineService)
    service.flush()
    with context.transaction() as db:
        identifiers = [row["id"] for row in find(db)]
        db.executemany("DELETE FROM pipeline_requests WHERE id = ?", [(each,) for each in identifiers])
    for identifier in identifiers:
        service.cancel(identifier)


@before_delete("pipelines")
def with_pipeline(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Cancels the requests of a pipeline, which are deleted with it."""
    return _with("pipeline", db, backend, key)


@before_delete("pipeline_versions")
def with_version(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Cancels the requests of a version, which are deleted with it."""
    return _with("version", db, backend, key)


def _with(column: str, db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    query = f"SELECT id FROM pipeline_requests WHERE {column} = ? AND completed IS NULL"  # noqa: S608  # nosec B608
    identifiers = [row["id"] for row in db.execute(query, (key,))]

    def cancel() -> None:
        for identifier in identifiers:
            backend.service(PipelineService).cancel(identifier)

    return cancel

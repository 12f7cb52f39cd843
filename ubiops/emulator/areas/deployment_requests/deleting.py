"""Deletes requests, and what belongs to those whose version is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests import data
from ubiops.emulator.areas.deployment_requests.lookup import find_request, find_requests
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.deletion import before_delete
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.areas.deployment_requests.destination import Destination
    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext


@handler("deployment_requests_delete", "deployment_version_requests_delete", slow=True)
def delete(context: RequestContext) -> None:
    """Deletes a request with its input and output. One that runs is cancelled."""
    context.backend.service(RequestService).flush()
    with context.transaction() as db:
        rows = [find_request(db, context)]
        files = _delete(db, rows)
    _clean(context.backend, [row["id"] for row in rows], files)


@handler("deployment_requests_batch_delete", "deployment_version_requests_batch_delete", slow=True)
def delete_many(context: RequestContext) -> dict[str, Any]:
    """Deletes several requests, or none if one of them doesn't exist."""
    context.backend.service(RequestService).flush()
    with context.transaction() as db:
        rows = find_requests(db, context)
        files = _delete(db, rows)
    _clean(context.backend, [row["id"] for row in rows], files)
    return {}


def _delete(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[str]:
    files = []
    for row in rows:
        files += data.files_of(db, "request = ?", (row["pk"],))
        db.execute("DELETE FROM deployment_requests WHERE pk = ?", (row["pk"],))
    return files


def _clean(backend: Backend, identifiers: Sequence[str], files: list[str]) -> None:
    for identifier in identifiers:
        backend.service(RequestService).cancel(identifier)
    backend.files.remove(files)


@before_delete("versions")
def with_version(db: sqlite3.Connection, backend: Backend, version: int) -> Callable[[], None]:
    """Cancels the requests of a version, which are deleted with it."""
    return _with(db, backend, "version", version, lambda destination: destination.version_pk == version)


@before_delete("deployments")
def with_deployment(db: sqlite3.Connection, backend: Backend, deployment: int) -> Callable[[], None]:
    """Cancels the requests of a deployment, which are deleted with it."""
    return _with(db, backend, "deployment", deployment, lambda destination: destination.deployment_pk == deployment)


def _with(
    db: sqlite3.Connection, backend: Backend, column: str, key: int, is_gone: Callable[[Destination], bool]
) -> Callable[[], None]:
    requests = f"request IN (SELECT pk FROM deployment_requests WHERE {column} = ?)"  # noqa: S608  # nosec B608
    files = data.files_of(db, requests, (key,))
    column = "pk" if column == "version" else column
    versions = [row["pk"] for row in db.execute(f"SELECT pk FROM versions WHERE {column} = ?", (key,))]  # noqa: S608  # nosec B608

    def finish() -> None:
        backend.service(RequestService).cancel_all(is_gone)
        if backend.runner is not None:
            for version in versions:
                backend.runner.changed(version)
        backend.files.remove(files)

    return finish

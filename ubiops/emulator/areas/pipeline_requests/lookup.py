"""Finds stored requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.kinds import REQUEST
from ubiops.emulator.areas.deployment_requests.lookup import Scope, read_ids
from ubiops.emulator.areas.pipeline_requests.retention import VISIBLE
from ubiops.emulator.areas.pipelines.lookup import find_pipeline, version_named
from ubiops.emulator.core.errors import ApiError, not_found

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

WITH_NAMES = (
    "SELECT pipeline_requests.*, pipelines.name AS pipeline_name, pipeline_versions.name AS version_name"
    " FROM pipeline_requests JOIN pipelines ON pipelines.pk = pipeline_requests.pipeline"
    " JOIN pipeline_versions ON pipeline_versions.pk = pipeline_requests.version"
)


def scope_of_ids(db: sqlite3.Connection, context: RequestContext) -> Scope:
    """Returns where single requests are looked up.

    Without a version in the path these are all versions of the pipeline, as for
    deployments.
    """
    pipeline = find_pipeline(db, context)
    if "version" in context.path:
        return Scope("pipeline_requests.version = ?", version_named(db, pipeline, context.path["version"])["pk"])
    return Scope("pipeline_requests.pipeline = ?", pipeline["pk"])


def scope_of_list(db: sqlite3.Connection, context: RequestContext) -> Scope:
    """Returns which requests are listed: those of a version, by default the default."""
    pipeline = find_pipeline(db, context)
    version = pipeline["default_version"]
    if "version" in context.path:
        version = version_named(db, pipeline, context.path["version"])["pk"]
    return Scope("pipeline_requests.version IS ?", version)


def find_request(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the request that the path names."""
    found: sqlite3.Row | None = _find(db, scope_of_ids(db, context), context.path["request_id"].lower(), context.now)
    if found is None:
        raise not_found(REQUEST)
    return found


def find_requests(db: sqlite3.Connection, context: RequestContext) -> list[sqlite3.Row]:
    """Returns the requests whose ids the body lists, each of them once.

    Raises:
        ApiError: One of them doesn't exist, or there are too many.
    """
    scope, rows = scope_of_ids(db, context), []
    for identifier in read_ids(context.body):
        found = _find(db, scope, identifier, context.now)
        if found is None:
            raise ApiError(404, f"{REQUEST} was not found: {identifier}")
        rows.append(found)
    return rows


def _find(db: sqlite3.Connection, scope: Scope, identifier: str, now: float) -> Any:
    query = f"{WITH_NAMES} WHERE pipeline_requests.id = ? AND {scope.condition} AND {VISIBLE}"
    return db.execute(query, (identifier, scope.value, now)).fetchone()

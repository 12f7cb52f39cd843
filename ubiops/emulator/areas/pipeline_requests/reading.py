"""Lists and reads requests, and their inputs and outputs as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.kinds import DATA, REQUEST
from ubiops.emulator.areas.deployment_requests.listing import OVERVIEW, page, read_filters, read_statuses
from ubiops.emulator.areas.pipeline_requests.lookup import WITH_NAMES, find_request, find_requests, scope_of_list
from ubiops.emulator.areas.pipeline_requests.retention import VISIBLE
from ubiops.emulator.areas.pipeline_requests.serialization import (
    find_content,
    serialize_detail,
    serialize_operator_request,
    serialize_row,
)
from ubiops.emulator.areas.pipeline_requests.service import PipelineService
from ubiops.emulator.areas.pipelines.lookup import find_version
from ubiops.emulator.core.context import ContentResponse
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

OVERVIEW["pipeline"] = (
    "SELECT pipeline_requests.id, NULL AS deployment, pipelines.name AS pipeline, pipeline_versions.name AS version,"
    " status, pipeline_requests.created, started, completed, input_size, output_size"
    " FROM pipeline_requests JOIN pipelines ON pipelines.pk = pipeline_requests.pipeline"
    " JOIN pipeline_versions ON pipeline_versions.pk = pipeline_requests.version"
    " WHERE pipeline_requests.project = :project AND retention != 'none' AND expires > :now"
)


@handler("pipeline_requests_list", "pipeline_version_requests_list", slow=True)
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists requests, newest first, and by default only completed ones."""
    statuses = read_statuses(context.query)
    condition, values = read_filters(context.query, "pipeline_requests.id", "pipeline_requests.created")
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        scope = scope_of_list(db, context)
        rows = db.execute(
            f"{WITH_NAMES} WHERE {scope.condition} AND {VISIBLE}"
            f" AND status IN ({', '.join('?' * len(statuses))}){condition}"
            " ORDER BY pipeline_requests.pk DESC LIMIT ? OFFSET ?",
            (scope.value, context.now, *statuses, *values, *page(context.query)),
        ).fetchall()
    return [serialize_row(row) for row in rows]


@handler("pipeline_requests_get", "pipeline_version_requests_get", slow=True)
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one request, with input and output unless only metadata is wanted."""
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        return serialize_detail(db, find_request(db, context), not context.query["metadata_only"])


@handler("pipeline_requests_batch_get", "pipeline_version_requests_batch_get", slow=True)
def collect(context: RequestContext) -> list[dict[str, Any]]:
    """Returns several requests, or none if one of them doesn't exist."""
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        return [serialize_detail(db, row) for row in find_requests(db, context)]


@handler("pipeline_requests_input_get", "pipeline_version_requests_input_get", slow=True)
def get_input(context: RequestContext) -> ContentResponse:
    """Returns the input of a request as a file."""
    return _download(context, "input")


@handler("pipeline_requests_output_get", "pipeline_version_requests_output_get", slow=True)
def get_output(context: RequestContext) -> ContentResponse:
    """Returns the output of a request as a file."""
    return _download(context, "output")


def _download(context: RequestContext, side: str) -> ContentResponse:
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        row = find_request(db, context)
        return _file(find_content(db, row["pk"], None, side) if row["retention"] == "full" else None, side)


def _file(found: tuple[bool, bytes] | None, side: str) -> ContentResponse:
    if found is None:
        raise not_found(DATA)
    is_text, content = found
    return ContentResponse(content, f"{side}.{'txt' if is_text else 'json'}", "application/octet-stream")


# Requests to operators


@handler("pipeline_version_object_requests_get", slow=True)
def get_operator_request(context: RequestContext) -> dict[str, Any]:
    """Returns a request to an operator."""
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        row = _find_operator_request(db, context)
        return serialize_operator_request(db, row, not context.query["metadata_only"])


@handler("pipeline_version_object_requests_input_get", slow=True)
def get_operator_input(context: RequestContext) -> ContentResponse:
    """Returns the input of a request to an operator as a file."""
    return _download_of_operator(context, "input")


@handler("pipeline_version_object_requests_output_get", slow=True)
def get_operator_output(context: RequestContext) -> ContentResponse:
    """Returns the output of a request to an operator as a file."""
    return _download_of_operator(context, "output")


def _download_of_operator(context: RequestContext, side: str) -> ContentResponse:
    context.backend.service(PipelineService).flush()
    with context.reading() as db:
        row = _find_operator_request(db, context)
        return _file(find_content(db, row["request"], row["pk"], side) if row["retention"] == "full" else None, side)


def _find_operator_request(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    version = find_version(db, context)
    wanted = {name: context.query.get(name) for name in ("pipeline_request_id", "pipeline_object_id")}
    found: sqlite3.Row | None = db.execute(
        "SELECT pipeline_object_requests.*, pipeline_requests.id AS request_id, retention,"  # noqa: S608  # nosec B608
        " pipelines.name AS pipeline_name, pipeline_versions.name AS version_name"
        " FROM pipeline_object_requests JOIN pipeline_requests"
        " ON pipeline_requests.pk = pipeline_object_requests.request"
        " JOIN pipelines ON pipelines.pk = pipeline_requests.pipeline"
        " JOIN pipeline_versions ON pipeline_versions.pk = pipeline_requests.version"
        f" WHERE pipeline_object_requests.id = ? AND pipeline_requests.version = ? AND {VISIBLE}"
        " AND kind = 'operator' AND pipeline_requests.id = ifnull(?, pipeline_requests.id)"
        " AND object_id = ifnull(?, object_id)",
        (
            context.path["request_id"].lower(),
            version["pk"],
            context.now,
            *(value and value.lower() for value in wanted.values()),
        ),
    ).fetchone()
    if found is None:
        raise not_found(REQUEST)
    return found

"""Reads single requests: get, collect, and input and output as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import data
from ubiops.emulator.areas.deployment_requests.kinds import DATA
from ubiops.emulator.areas.deployment_requests.lookup import find_request, find_requests
from ubiops.emulator.areas.deployment_requests.serialization import serialize_data, serialize_detail
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.context import ContentResponse, FileResponse
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

_MEDIA_TYPE = "application/octet-stream"
_SIDES = {"request_data": data.INPUT, "result": data.OUTPUT}


@handler("deployment_requests_get", "deployment_version_requests_get", slow=True)
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one request, with input and output unless only metadata is wanted."""
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        row = find_request(db, context)
        stored = {} if context.query["metadata_only"] else _stored(db, row)
    return _with_data(context, row, stored)


@handler("deployment_requests_batch_get", "deployment_version_requests_batch_get", slow=True)
def collect(context: RequestContext) -> list[dict[str, Any]]:
    """Returns several requests, or none if one of them doesn't exist."""
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        found = [(row, _stored(db, row)) for row in find_requests(db, context)]
    return [_with_data(context, row, stored) for row, stored in found]


def _stored(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, data.Data | None]:
    if row["retention"] != "full":
        # A batch request has its input until it ends, but doesn't show it.
        return dict.fromkeys(_SIDES)
    return {name: data.find(db, row["pk"], side) for name, side in _SIDES.items()}


def _with_data(context: RequestContext, row: sqlite3.Row, stored: dict[str, data.Data | None]) -> dict[str, Any]:
    values = {name: serialize_data(context.backend, found) for name, found in stored.items()}
    return {**serialize_detail(row), **values}


@handler("deployment_requests_input_get", "deployment_version_requests_input_get", slow=True)
def get_input(context: RequestContext) -> FileResponse | ContentResponse:
    """Returns the input of a request as a file."""
    return _download(context, data.INPUT)


@handler("deployment_requests_output_get", "deployment_version_requests_output_get", slow=True)
def get_output(context: RequestContext) -> FileResponse | ContentResponse:
    """Returns the output of a request as a file."""
    return _download(context, data.OUTPUT)


def _download(context: RequestContext, side: str) -> FileResponse | ContentResponse:
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        row = find_request(db, context)
        found = data.find(db, row["pk"], side) if row["retention"] == "full" else None
    if found is None:
        raise not_found(DATA)
    name = f"{side}.{'txt' if found.is_text else 'json'}"
    if found.file is not None:
        return FileResponse(str(context.backend.files.path(found.file)), name, DATA, _MEDIA_TYPE)
    return ContentResponse(found.content or b"", name, _MEDIA_TYPE)

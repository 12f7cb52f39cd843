"""Makes responses of what handlers return."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.validation import JSON

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from ubiops.emulator.core.context import ContentResponse, FileResponse, StreamResponse

_BLOCK = 1024 * 1024


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """Returns a response with a JSON value, or an empty one for a 204."""
    if status == 204:
        return Response(status_code=204)
    content = json.dumps(value, ensure_ascii=False).encode("utf-8")
    return Response(content, status, headers, media_type=JSON)


def content_response(response: ContentResponse, status: int) -> Response:
    """Returns a response with content that is at hand."""
    headers = dict(response.headers)
    if response.name is not None:
        headers["Content-Disposition"] = _disposition(response.name)
    return Response(response.content, response.status or status, headers, media_type=response.media_type)


async def send_stream(response: StreamResponse, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a response part by part, until it ends or the client disconnects."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    parts = response.parts
    try:
        await StreamingResponse(parts, status, headers, media_type=response.media_type)(scope, receive, send)
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()


async def send_file(response: FileResponse, head: bool, send: Send) -> None:
    """Sends a file block by block.

    It is opened first: if it is deleted meanwhile, it can still be read.
    """
    try:
        file: IO[bytes] = response.file or open(response.path, "rb")  # noqa: SIM115 - closed below, before any await
    except FileNotFoundError as error:
        raise not_found(response.kind) from error
    with file:
        start, end = response.part or (0, file.seek(0, 2))
        file.seek(start)
        headers = [
            (b"content-type", response.media_type.encode("ascii")),
            (b"content-length", b"%d" % (end - start)),
            (b"content-disposition", _disposition(response.name).encode("ascii")),
            *((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.headers.items()),
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        left = 0 if head else end - start
        while left:
            block = await run_in_threadpool(file.read, min(left, _BLOCK))
            if not block:
                break
            left -= len(block)
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _disposition(name: str) -> str:
    """Returns the header that names a file.

    The name is quoted for every client, and encoded for those that support RFC 6266.
    """
    plain = name.encode("ascii", "replace").decode("ascii").replace("\\", "_").replace('"', "'")
    plain = plain.replace("%", "_")
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{encoded}'

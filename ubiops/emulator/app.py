"""The API as an ASGI application: from the generated routes, through the checks, to the handlers and back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qsl, quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from ubiops.emulator import uploads
from ubiops.emulator.call import Call, FileAnswer
from ubiops.emulator.errors import REVISION, ApiError, bad_request, not_found
from ubiops.emulator.operations import OPERATIONS, Operation
from ubiops.emulator.routes import ROUTES
from ubiops.emulator.throttle import Allowance, Throttle
from ubiops.emulator.tokens import check_token
from ubiops.emulator.validation import FORM, JSON, Checks, compile_checks, read_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ubiops.emulator.call import World

PREFIXES = ("/v2.1", "/v2")
MAXIMUM_JSON_SIZE = 10 * 1024 * 1024
_DOWNLOAD_BLOCK = 1024 * 1024

_log = logging.getLogger("ubiops.emulator")


class Served(NamedTuple):
    """An operation with all that is needed to serve it."""

    operation: Operation
    checks: Checks
    status: int


def create_app(world: World) -> ASGIApp:
    """The API on top of a world."""
    checks = compile_checks()
    paths: dict[str, dict[str, Served]] = {}
    for route in ROUTES:
        served = Served(OPERATIONS[route.operation_id], checks[route.operation_id], route.status)
        paths.setdefault(route.path, {})[route.method] = served
    app = Starlette(
        routes=[PathRoute(world, path, methods) for path, methods in paths.items()],
        exception_handlers={ApiError: _answer_error, HTTPException: _answer_http_error},
    )
    app.router.redirect_slashes = False
    return Limited(app, Throttle(world.settings.rate_limit, world.clock))


class Limited:
    """The application within its rate limit, of which every answer tells."""

    def __init__(self, app: ASGIApp, throttle: Throttle) -> None:
        self._app = app
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowance = self._throttle.take()
        headers = allowance.headers()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        scope["allowance"] = allowance
        await self._app(scope, receive, send_with_headers)


class PathRoute(BaseRoute):
    """One path of the API, under all prefixes, with its methods.

    It is matched before it is decoded, so that a name with an encoded slash in it stays one name.
    """

    def __init__(self, world: World, path: str, methods: dict[str, Served]) -> None:
        self._world = world
        self._methods = methods
        self._allowed = ", ".join(sorted(methods))
        prefix = "|".join(re.escape(prefix) for prefix in PREFIXES)
        pattern = "".join(
            f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"({\w+})", path)
        )
        self._pattern = re.compile(f"(?:{prefix}){pattern}".encode("ascii"))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this path."""
        if scope["type"] == "http":
            raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
            found = self._pattern.fullmatch(raw_path)
            if found:
                return Match.FULL, {"path_params": found.groupdict()}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        allowance: Allowance = scope["allowance"]
        allowance.check()
        method = scope["method"]
        served = self._methods.get("GET" if method == "HEAD" else method)
        if served is None:
            message = f"{method} can't be used here; this path takes {self._allowed}"
            raise ApiError(405, message, {"Allow": self._allowed})
        request = Request(scope, receive)
        try:
            answer = await self._serve(served, request)
        except ApiError:
            raise
        except ClientDisconnect:
            # Nobody is there any more to be answered.
            return
        except asyncio.CancelledError as error:
            raise ApiError(503, "The emulator has been stopped") from error
        except OSError as error:
            # The disk is full, or what was there has been taken away.
            _log.error("%s %s failed: %s", method, request.url.path, error)
            raise ApiError(507, f"The emulator can't use its data folder: {error.strerror}") from error
        except Exception as error:
            _log.exception("%s %s failed", method, request.url.path)
            raise ApiError(500, "Internal server error") from error
        if isinstance(answer, FileAnswer):
            # The server says that it ends what it can't wait for any longer, when it is stopped.
            with contextlib.suppress(asyncio.CancelledError):
                await _send_file(answer, method == "HEAD", send)
        else:
            await _response(served.status, answer)(scope, receive, send)

    async def _serve(self, served: Served, request: Request) -> Any:
        check_token(request.headers.get("authorization"), self._world.settings.tokens)
        call = Call(
            world=self._world,
            user=self._world.settings.user,
            path={name: _decode(value) for name, value in request.path_params.items()},
            query=served.checks.read_query(_query(request.scope["query_string"])),
        )
        if served.checks.media_type == FORM:
            return await self._serve_form(served, request, call)
        if served.checks.media_type == JSON:
            body = await _read_body(request)
            served.checks.check_body(body)
            call = replace(call, body=body)
        if served.operation.slow:
            return await run_in_threadpool(served.operation.serve, call)
        return served.operation.serve(call)

    async def _serve_form(self, served: Served, request: Request, call: Call) -> Any:
        _check_content_type(request, FORM)
        if served.operation.check:
            served.operation.check(call)
        form = uploads.open_form(request.headers, self._world.files, self._world.settings.maximum_file_size)
        try:
            await uploads.receive(form, request.stream())
            served.checks.check_form(form.fields)
            return await run_in_threadpool(served.operation.serve, replace(call, body=form.fields, file=form.file))
        finally:
            form.close()


def _decode(value: bytes) -> str:
    try:
        return unquote(value.decode("ascii"), errors="strict")
    except UnicodeError as error:
        raise ApiError(404, "the path is not encoded in UTF-8") from error


def _query(query: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict"))
    except (UnicodeError, ValueError) as error:
        raise bad_request("the query is not encoded in UTF-8") from error


def _check_content_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Without a word about it, JSON is expected to be meant.
    if given != wanted and (given or wanted != JSON):
        raise ApiError(415, f"the body has to be sent as {wanted}, not as {given or 'something unnamed'}")


async def _read_body(request: Request) -> Any:
    _check_content_type(request, JSON)
    content = bytearray()
    async for data in request.stream():
        content += data
        if len(content) > MAXIMUM_JSON_SIZE:
            raise ApiError(413, f"the body is larger than {MAXIMUM_JSON_SIZE:,} bytes")
    return read_json(bytes(content))


def _response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    if status == 204:
        return Response(status_code=204)
    content = json.dumps(value, ensure_ascii=False).encode("utf-8")
    return Response(content, status, headers, media_type=JSON)


async def _send_file(answer: FileAnswer, head: bool, send: Send) -> None:
    """Sends a file block by block. It is opened first: what is deleted from now on can still be read."""
    try:
        file: IO[bytes] = open(answer.path, "rb")  # noqa: SIM115 - closed below, before anything can await
    except FileNotFoundError as error:
        raise not_found(REVISION) from error
    with file:
        size = file.seek(0, 2)
        file.seek(0)
        headers = [
            (b"content-type", b"application/zip"),
            (b"content-length", b"%d" % size),
            (b"content-disposition", _disposition(answer.name).encode("ascii")),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while not head:
            block = await run_in_threadpool(file.read, _DOWNLOAD_BLOCK)
            if not block:
                break
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _disposition(name: str) -> str:
    """The header that names a file: quoted for all, and encoded for those who know RFC 6266."""
    plain = name.encode("ascii", "replace").decode("ascii").replace("\\", "_").replace('"', "'")
    plain = plain.replace("%", "_")
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{encoded}'


async def _answer_error(request: Request, error: Exception) -> Response:
    known = cast("ApiError", error)
    return _response(known.status, {"error": known.message}, known.headers)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    if known.status_code == 404:
        return _response(404, {"error": f"the API has no path {request.url.path}"})
    return _response(known.status_code, {"error": known.detail}, dict(known.headers or {}))

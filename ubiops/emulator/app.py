"""The API as an ASGI application: routes, validation, handlers, responses."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
import logging
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qsl, quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match

from ubiops.emulator import areas  # noqa: F401 - registers the handlers
from ubiops.emulator.core import uploads
from ubiops.emulator.core.auth import check_token
from ubiops.emulator.core.context import ContentResponse, FileResponse, RequestContext, StreamResponse
from ubiops.emulator.core.description import Selection, compile_selection, operations, response_schema
from ubiops.emulator.core.errors import ApiError, bad_request, not_found, not_supported
from ubiops.emulator.core.handlers import EXTRA_ROUTES, HANDLERS, ExtraRoute, Handler
from ubiops.emulator.core.paths import PathTemplate
from ubiops.emulator.core.rate_limit import Allowance, RateLimit
from ubiops.emulator.core.validation import FORM, JSON, TEXT, RequestValidator, compile_validator, read_json
from ubiops.emulator.pages import Pages
from ubiops.emulator.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.handlers import ErrorRenderer
    from ubiops.emulator.route import Route

MAXIMUM_JSON_SIZE = 10 * 1024 * 1024
_DOWNLOAD_BLOCK = 1024 * 1024

_log = logging.getLogger("ubiops.emulator")


class Endpoint(NamedTuple):
    """An operation with everything that is needed to serve it.

    Attributes:
        operation_id: The id of the operation.
        status: The status of a successful response.
        handler: The handler, or None if the emulator doesn't implement the operation.
        authorized: Whether a request needs a token.
        validator: What the operation accepts.
        select: Reduces a result to the fields of the response, in their order.
        takes_file: Whether the body is a file, to be streamed to the data folder.
        limit: The largest such file; None stands for that of the settings.
        render_error: Returns the response for an error, if not as JSON.
    """

    operation_id: str
    status: int
    handler: Handler | None
    authorized: bool
    validator: RequestValidator
    select: Selection
    takes_file: bool = False
    limit: int | None = None
    render_error: ErrorRenderer | None = None


def create_app(backend: Backend) -> ASGIApp:
    """Creates the API on top of a backend.

    The backend's services run as long as the application does.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(backend.start)
        try:
            yield
        finally:
            await run_in_threadpool(backend.stop)

    app = Starlette(
        routes=_routes(backend),
        exception_handlers={ApiError: _error_response, HTTPException: _http_error_response},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    limited = RateLimited(app, RateLimit(backend.settings.rate_limit, backend.clock))
    return Pages(limited, any_token=backend.settings.tokens is None)


def _routes(backend: Backend) -> list[PathRoute]:
    """Returns the routes of all paths, literal segments before parameters."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for described in ROUTES:
        paths.setdefault(described.path, {})[described.method] = _endpoint(described)
    routes = [PathRoute(backend, PathTemplate(path), methods) for path, methods in paths.items()]
    for route in EXTRA_ROUTES:
        endpoint = _extra_endpoint(route)
        template = PathTemplate(route.path, prefixed=route.prefixed)
        routes.append(PathRoute(backend, template, dict.fromkeys(route.methods, endpoint)))
    return sorted(routes, key=lambda route: route.specificity)


def _endpoint(route: Route) -> Endpoint:
    return Endpoint(route.operation_id, route.status, HANDLERS.get(route.operation_id), *_compile(route.operation_id))


def _extra_endpoint(route: ExtraRoute) -> Endpoint:
    validator = RequestValidator(JSON if route.body == "json" else None, None, None, ())
    return Endpoint(
        route.path,
        route.status,
        route.handler,
        route.authorized,
        validator,
        None,
        takes_file=route.body == "file",
        limit=route.limit,
        render_error=route.render_error,
    )


@functools.cache
def _compile(operation_id: str) -> tuple[bool, RequestValidator, Selection]:
    operation = operations()[operation_id]
    authorized = operation.get("security") != []
    return authorized, compile_validator(operation), compile_selection(response_schema(operation))


class RateLimited:
    """Applies the rate limit, which every response reports."""

    def __init__(self, app: ASGIApp, limit: RateLimit) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowance = self._limit.take()
        headers = allowance.headers()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        scope["allowance"] = allowance
        await self._app(scope, receive, send_with_headers)


class PathRoute(BaseRoute):
    """One path of the API with its methods."""

    def __init__(self, backend: Backend, template: PathTemplate, methods: dict[str, Endpoint]) -> None:
        self._backend = backend
        self._methods = methods
        self._allowed = ", ".join(sorted(methods))
        self._template = template
        self.specificity = template.specificity

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns whether a request is for this path and one of its methods.

        For any other method, Starlette tries the other paths first.
        """
        if scope["type"] == "http":
            raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
            found = self._template.match(raw_path)
            if found is not None:
                match = Match.FULL if self._endpoint(scope["method"]) else Match.PARTIAL
                return match, {"path_params": found}
        return Match.NONE, {}

    def _endpoint(self, method: str) -> Endpoint | None:
        return self._methods.get("GET" if method == "HEAD" else method)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        allowance: Allowance = scope["allowance"]
        allowance.check()
        method = scope["method"]
        endpoint = self._endpoint(method)
        if endpoint is None:
            message = f"{method} is not allowed here; this path accepts {self._allowed}"
            raise ApiError(405, message, {"Allow": self._allowed})
        scope["render_error"] = endpoint.render_error
        request = Request(scope, receive)
        try:
            result = await self._serve(endpoint, request)
        except ApiError:
            raise
        except ClientDisconnect:
            # The client has disconnected, so there is no one to respond to.
            return
        except asyncio.CancelledError as error:
            raise ApiError(503, "The emulator has been stopped") from error
        except OSError as error:
            # The disk is full, or the data folder was changed.
            _log.error("%s %s failed: %s", method, request.url.path, error)
            raise ApiError(507, f"The emulator can't use its data folder: {error.strerror}") from error
        except Exception as error:
            _log.exception("%s %s failed", method, request.url.path)
            raise ApiError(500, "Internal server error") from error
        if isinstance(result, FileResponse):
            # The server cancels a download that doesn't end in time when it is stopped,
            # and logs that.
            with contextlib.suppress(asyncio.CancelledError):
                await _send_file(result, method == "HEAD", send)
        elif isinstance(result, StreamResponse):
            with contextlib.suppress(asyncio.CancelledError):
                await _send_stream(result, endpoint.status, scope, receive, send)
        elif isinstance(result, ContentResponse):
            await _content_response(result, endpoint.status)(scope, receive, send)
        else:
            selected = endpoint.select(result) if endpoint.select else result
            await _json_response(endpoint.status, selected)(scope, receive, send)

    async def _serve(self, endpoint: Endpoint, request: Request) -> Any:
        if endpoint.authorized:
            check_token(request.headers.get("authorization"), self._backend.settings.tokens)
        if endpoint.handler is None:
            raise not_supported(endpoint.operation_id)
        context = RequestContext(
            backend=self._backend,
            user=self._backend.settings.user,
            path={name: _decode(value) for name, value in request.path_params.items()},
            query=self._read_query(endpoint, request),
            headers=request.headers,
        )
        if endpoint.takes_file:
            limit = endpoint.limit or self._backend.settings.maximum_file_size
            return await self._serve_file(endpoint.handler, request, context, limit)
        if endpoint.validator.media_type == FORM:
            return await self._serve_form(endpoint.handler, endpoint.validator, request, context)
        if endpoint.validator.media_type == JSON:
            context = await _with_body(context, endpoint.validator, request)
        return await _call(endpoint.handler, context)

    def _read_query(self, endpoint: Endpoint, request: Request) -> dict[str, Any]:
        given = _query(request.scope["query_string"])
        # Paths outside of the API have no description of their query.
        return endpoint.validator.read_query(given) if endpoint.operation_id in HANDLERS else dict(given)

    async def _serve_file(self, handler: Handler, request: Request, context: RequestContext, limit: int) -> Any:
        if handler.check:
            handler.check(context)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise uploads.too_large(limit)
        with await run_in_threadpool(self._backend.files.create, ".bin") as incoming:
            file = await uploads.receive_file(incoming, request.stream(), limit)
            return await _call(handler, replace(context, file=file))

    async def _serve_form(
        self, handler: Handler, validator: RequestValidator, request: Request, context: RequestContext
    ) -> Any:
        _check_content_type(request, FORM)
        if handler.check:
            handler.check(context)
        form = uploads.open_form(request.headers, self._backend.files, self._backend.settings.maximum_file_size)
        try:
            await uploads.receive(form, request.stream())
            validator.check_form(form.fields)
            return await run_in_threadpool(handler.function, replace(context, body=form.fields, file=form.file))
        finally:
            form.close()


async def _call(handler: Handler, context: RequestContext) -> Any:
    if inspect.iscoroutinefunction(handler.function):
        return await handler.function(context)
    if handler.slow:
        return await run_in_threadpool(handler.function, context)
    return handler.function(context)


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
    # A body without a content type is taken for JSON.
    if given != wanted and (given or wanted != JSON):
        raise ApiError(415, f"the body must be sent as {wanted}, not {f'as {given}' if given else 'without a type'}")


async def _with_body(context: RequestContext, validator: RequestValidator, request: Request) -> RequestContext:
    """Returns the context with the JSON or text body of a request."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = validator.accepts_text and given == TEXT
    if not text:
        _check_content_type(request, JSON)
    content = await _read_content(request)
    if text:
        try:
            return replace(context, body=content.decode("utf-8"), content=content, text=True)
        except UnicodeDecodeError as error:
            raise bad_request("the body is not valid UTF-8") from error
    if not content.strip() and validator.optional:
        return context
    body = read_json(content)
    return replace(context, body=validator.read_body(body) if validator.body else body, content=content)


async def _read_content(request: Request) -> bytes:
    content = bytearray()
    async for data in request.stream():
        content += data
        if len(content) > MAXIMUM_JSON_SIZE:
            raise ApiError(413, f"the body is larger than {MAXIMUM_JSON_SIZE:,} bytes")
    return bytes(content)


def _json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    if status == 204:
        return Response(status_code=204)
    content = json.dumps(value, ensure_ascii=False).encode("utf-8")
    return Response(content, status, headers, media_type=JSON)


def _content_response(response: ContentResponse, status: int) -> Response:
    headers = dict(response.headers)
    if response.name is not None:
        headers["Content-Disposition"] = _disposition(response.name)
    return Response(response.content, response.status or status, headers, media_type=response.media_type)


async def _send_stream(response: StreamResponse, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a response part by part, until it ends or the client disconnects."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    parts = response.parts
    try:
        await StreamingResponse(parts, status, headers, media_type=response.media_type)(scope, receive, send)
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()


async def _send_file(response: FileResponse, head: bool, send: Send) -> None:
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
            block = await run_in_threadpool(file.read, min(left, _DOWNLOAD_BLOCK))
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


async def _error_response(request: Request, error: Exception) -> Response:
    known = cast("ApiError", error)
    render_error: ErrorRenderer | None = request.scope.get("render_error")
    if render_error is not None:
        return _content_response(render_error(known), known.status)
    return _json_response(known.status, {"error": known.message}, known.headers)


async def _http_error_response(request: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    if known.status_code == 404:
        return _json_response(404, {"error": f"the API has no path {request.url.path}"})
    return _json_response(known.status_code, {"error": known.detail}, dict(known.headers or {}))

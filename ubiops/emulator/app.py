"""The API as an ASGI application: routes, validation, handlers, responses."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Union, cast
from urllib.parse import parse_qsl, quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from ubiops.emulator import areas, control  # noqa: F401 - they register handlers
from ubiops.emulator.core import uploads
from ubiops.emulator.core.context import ContentResponse, FileResponse, RequestContext, StreamResponse
from ubiops.emulator.core.errors import ApiError, FolderError, bad_request, not_supported
from ubiops.emulator.core.handlers import EXTRA_ROUTES, HANDLERS, Handler
from ubiops.emulator.core.paths import ABORT, CONTROL, PathTemplate, without_prefix
from ubiops.emulator.core.service_tokens import authenticate
from ubiops.emulator.core.storage import is_failure
from ubiops.emulator.core.validation import FORM, JSON, TEXT, RequestValidator, read_json
from ubiops.emulator.endpoints import Endpoint, described_endpoint, extra_endpoint
from ubiops.emulator.pages import Pages
from ubiops.emulator.responses import content_response, json_response, send_file, send_stream
from ubiops.emulator.route import Route
from ubiops.emulator.routes import ROUTES
from ubiops.emulator.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.faults import Fault
    from ubiops.emulator.core.handlers import ErrorRenderer
    from ubiops.emulator.core.rate_limit import Allowance, RateLimit

MAXIMUM_JSON_SIZE = 10 * 1024 * 1024
# Larger bodies are read and served in worker threads.
_LARGE_BODY = 64 * 1024
# The key of a scope for the route of its path.
_ROUTE = "ubiops.route"

_log = logging.getLogger("ubiops.emulator")
# What is sent: a prepared response, or one that is sent piece by piece.
Result = Union[Response, FileResponse, StreamResponse]


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
        routes=[Paths(_routes(backend))],
        exception_handlers={ApiError: _error_response, HTTPException: _http_error_response},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    limited = RateLimited(app, backend.rate_limit)
    return Pages(limited, any_token=backend.settings.tokens is None)


def _routes(backend: Backend) -> list[PathRoute]:
    """Returns the routes of all paths, literal segments before parameters."""
    threads = Threads()
    paths: dict[str, dict[str, Endpoint | Route]] = {}
    for described in ROUTES:
        paths.setdefault(described.path, {})[described.method] = described
    routes = [PathRoute(backend, threads, PathTemplate(path), methods) for path, methods in paths.items()]
    extra: dict[tuple[str, bool], dict[str, Endpoint | Route]] = {}
    for route in EXTRA_ROUTES:
        extra.setdefault((route.path, route.prefixed), {}).update(dict.fromkeys(route.methods, extra_endpoint(route)))
    for (path, prefixed), methods in extra.items():
        routes.append(PathRoute(backend, threads, PathTemplate(path, prefixed=prefixed), methods))
    return sorted(routes, key=lambda route: route.specificity)


class RateLimited:
    """Applies the rate limit, which every response of the API reports."""

    def __init__(self, app: ASGIApp, limit: RateLimit) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
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


class Paths(BaseRoute):
    """All paths of the API, found without trying each of them.

    Args:
        routes: The paths, those that come first being preferred.
    """

    def __init__(self, routes: list[PathRoute]) -> None:
        self._by_length: dict[int, list[PathRoute]] = {}
        for route in routes:
            self._by_length.setdefault(route.template.length, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns whether a request is for one of the paths, and for which.

        A path that accepts its method is preferred.
        """
        other: Scope = {}
        if scope["type"] == "http":
            raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
            first, *segments = raw_path.split(b"/")
            for route in () if first else self._by_length.get(len(segments) + 1, ()):
                found = route.template.match_segments([first, *segments])
                if found is not None:
                    result = {"path_params": found, _ROUTE: route}
                    if route.accepts(scope["method"]):
                        return Match.FULL, result
                    other = other or result
        return (Match.PARTIAL if other else Match.NONE), other

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        route: PathRoute = scope[_ROUTE]
        await route.handle(scope, receive, send)


class PathRoute:
    """One path of the API with its methods."""

    def __init__(
        self, backend: Backend, threads: Threads, template: PathTemplate, methods: dict[str, Endpoint | Route]
    ) -> None:
        self._backend = backend
        self._threads = threads
        self._methods = methods
        self._allowed = ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else methods))
        self.template = template
        self.specificity = template.specificity

    def accepts(self, method: str) -> bool:
        """Returns whether the path has this method."""
        return ("GET" if method == "HEAD" else method) in self._methods

    def _endpoint(self, method: str) -> Endpoint | None:
        method = "GET" if method == "HEAD" else method
        endpoint = self._methods.get(method)
        if isinstance(endpoint, Route):
            # Compiling all of them would take most of the time of the start.
            endpoint = self._methods[method] = described_endpoint(endpoint)
        return endpoint

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        allowance: Allowance | None = scope.get("allowance")
        if allowance is not None:
            allowance.check()
        method = scope["method"]
        endpoint = self._endpoint(method)
        if endpoint is None:
            message = f"{method} is not allowed here; this path accepts {self._allowed}"
            raise ApiError(405, message, {"Allow": self._allowed})
        scope["render_error"] = endpoint.render_error
        request = Request(scope, receive)
        try:
            fault = await self._fault(endpoint, request)
            if fault is not None and fault.cut == "before":
                await _cut(scope)
                return
            result = await self._serve(endpoint, request)
        except ApiError:
            raise
        except ClientDisconnect:
            # The client has disconnected, so there is no one to respond to.
            return
        except asyncio.CancelledError as error:
            raise ApiError(503, "The emulator has been stopped") from error
        except Exception as error:
            reason = _failure_of_folder(error)
            if reason is not None:
                _log.error("%s %s failed: %s", method, request.url.path, error)
                raise ApiError(507, f"The emulator can't use its data folder: {reason}") from error
            _log.exception("%s %s failed", method, request.url.path)
            raise ApiError(500, "Internal server error") from error
        if fault is not None and fault.cut == "after":
            await _cut(scope)
        elif isinstance(result, FileResponse):
            # The server cancels a download that doesn't end in time when it is stopped,
            # and logs that.
            with contextlib.suppress(asyncio.CancelledError):
                await send_file(result, method == "HEAD", send)
        elif isinstance(result, StreamResponse):
            with contextlib.suppress(asyncio.CancelledError):
                await send_stream(result, endpoint.status, scope, receive, send)
        else:
            await result(scope, receive, send)

    async def _fault(self, endpoint: Endpoint, request: Request) -> Fault | None:
        """Delays or refuses a request if that was asked for; returns the fault."""
        path: str = request.scope["path"]
        if path.startswith(CONTROL):
            return None
        fault = self._backend.faults.take(endpoint.operation_id, request.method, without_prefix(path))
        if fault is not None:
            await self._backend.faults.wait(fault.delay)
            if fault.status is not None:
                raise ApiError(fault.status, fault.message, fault.headers)
        return fault

    async def _serve(self, endpoint: Endpoint, request: Request) -> Result:
        user = self._backend.settings.user
        if endpoint.authorized:
            user = authenticate(self._backend, request.headers.get("authorization"))
        if endpoint.handler is None:
            raise not_supported(endpoint.operation_id)
        context = RequestContext(
            backend=self._backend,
            user=user,
            path={name: _decode(value) for name, value in request.path_params.items()},
            query=self._read_query(endpoint, request),
            headers=request.headers,
        )
        if endpoint.takes_file:
            return await self._serve_file(endpoint, endpoint.handler, request, context)
        if endpoint.validator.media_type == FORM:
            return await self._serve_form(endpoint, endpoint.handler, request, context)
        if endpoint.validator.media_type == JSON:
            context = await self._with_body(context, endpoint.validator, request)
        writes = request.method not in ("GET", "HEAD")
        return await self._call(endpoint, endpoint.handler, context, writes=writes)

    async def _call(self, endpoint: Endpoint, handler: Handler, context: RequestContext, *, writes: bool) -> Result:
        """Calls a handler: on the event loop only if it can't keep others waiting."""
        if inspect.iscoroutinefunction(handler.function):
            return _result(endpoint, await handler.function(context))
        storage = self._backend.storage
        waits_for_disk = writes and storage.is_durable
        if endpoint.slow or waits_for_disk or storage.is_busy or len(context.content) > _LARGE_BODY:
            return await self._threads.run(_call, endpoint, handler, context)
        return _call(endpoint, handler, context)

    def _read_query(self, endpoint: Endpoint, request: Request) -> dict[str, Any]:
        given = _query(request.scope["query_string"])
        # Paths outside of the API have no description of their query.
        return endpoint.validator.read_query(given) if endpoint.operation_id in HANDLERS else dict(given)

    async def _serve_file(
        self, endpoint: Endpoint, handler: Handler, request: Request, context: RequestContext
    ) -> Result:
        if handler.check:
            handler.check(context)
        limit = endpoint.limit or self._backend.settings.maximum_file_size
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise uploads.too_large(limit)
        with await self._threads.run(self._backend.files.create, ".bin") as incoming:
            file = await uploads.receive_file(incoming, request.stream(), limit)
            return await self._call(endpoint, handler, replace(context, file=file), writes=True)

    async def _serve_form(
        self, endpoint: Endpoint, handler: Handler, request: Request, context: RequestContext
    ) -> Result:
        _check_content_type(request, FORM)
        if handler.check:
            handler.check(context)
        form = uploads.open_form(request.headers, self._backend.files, self._backend.settings.maximum_file_size)
        try:
            await uploads.receive(form, request.stream())
            endpoint.validator.check_form(form.fields)
            complete = replace(context, body=form.fields, file=form.file)
            return await self._threads.run_upload(_call, endpoint, handler, complete)
        finally:
            form.close()

    async def _with_body(
        self, context: RequestContext, validator: RequestValidator, request: Request
    ) -> RequestContext:
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
        if len(content) > _LARGE_BODY:
            body = await self._threads.run(_read_body, content, validator)
        else:
            body = _read_body(content, validator)
        return replace(context, body=body, content=content)


async def _cut(scope: Scope) -> None:
    """Closes the connection of a request without a response."""
    scope[ABORT]()
    # The server notices that in the next turn of the event loop.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _failure_of_folder(error: Exception) -> str | None:
    """Returns the reason if the disk is full, or the data folder was changed."""
    if isinstance(error, OSError):
        return str(error.strerror)
    is_known = isinstance(error, FolderError) or (isinstance(error, sqlite3.Error) and is_failure(error))
    return str(error) if is_known else None


def _call(endpoint: Endpoint, handler: Handler, context: RequestContext) -> Result:
    return _result(endpoint, handler.function(context))


def _result(endpoint: Endpoint, result: Any) -> Result:
    if isinstance(result, (FileResponse, StreamResponse)):
        return result
    if isinstance(result, ContentResponse):
        return content_response(result, endpoint.status)
    return json_response(endpoint.status, endpoint.select(result) if endpoint.select else result)


def _read_body(content: bytes, validator: RequestValidator) -> Any:
    body = read_json(content)
    return validator.read_body(body) if validator.body else body


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


async def _read_content(request: Request) -> bytes:
    content = bytearray()
    async for data in request.stream():
        content += data
        if len(content) > MAXIMUM_JSON_SIZE:
            raise ApiError(413, f"the body is larger than {MAXIMUM_JSON_SIZE:,} bytes")
    return bytes(content)


async def _error_response(request: Request, error: Exception) -> Response:
    known = cast("ApiError", error)
    render_error: ErrorRenderer | None = request.scope.get("render_error")
    if render_error is not None:
        return content_response(render_error(known), known.status)
    return json_response(known.status, {"error": known.message}, known.headers)


async def _http_error_response(request: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    if known.status_code == 404:
        return json_response(404, {"error": f"the API has no path {request.url.path}"})
    return json_response(known.status_code, {"error": known.detail}, dict(known.headers or {}))

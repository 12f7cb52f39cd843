"""The async client."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from ubiops._client import BaseClient, read_options
from ubiops._core.messages import shown_url
from ubiops._core.redact import redact, redact_items
from ubiops._core.request import Options
from ubiops._core.steps import Sleep
from ubiops._driver import Driver
from ubiops.aio._files import Uploads
from ubiops.aio._runner import Runner
from ubiops.aio.response import EventStream, Response
from ubiops.exceptions import ApiException, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._core.clock import Clock
    from ubiops._core.operation import Operation
    from ubiops._core.request import PreparedRequest
    from ubiops._core.steps import Notify, Pause
    from ubiops._transport.pool import RESTClient
    from ubiops.configuration import Configuration
    from ubiops.hooks import EventHooks


class _LoopClock:
    """The clock of the async client: waits don't block the event loop."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
    sleep = staticmethod(asyncio.sleep)


class ApiClient(BaseClient):
    """Makes the calls of ``ubiops.aio.CoreApi``. All tasks of one event loop share it.

    Use it with ``async with``, or await ``close()``, to close its connections; it can
    be used again after that, also in another event loop once the first one is closed.
    It can be pickled: the token is left out, and is read from ``UBIOPS_API_TOKEN`` when
    the client is unpickled.

    The connections are those of the blocking client; worker threads wait for them. If a
    task is cancelled, the socket of its call is shut down at once, which frees the
    thread.

    Args:
        configuration: Host, credentials and limits. Default: a copy of the default
            configuration, which reads ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        header_name: The name of a header that all requests carry.
        header_value: Its value.
        cookie: The value of the header Cookie for all requests.
        max_concurrency: The most requests that are under way at once, each in a thread.
            Further calls wait in order; that time counts towards their
            ``_request_timeout``. Calls that wait before a retry don't count. Default:
            the configuration's ``connection_pool_maxsize``, which is 100 by default.
        token: The API token, in place of a configuration.
        host: The address of the API, in place of a configuration.
        project: The default ``project_name`` of every call, in place of a
            configuration.
        event_hooks: Functions to call on events, see ``ubiops.hooks``. They are called
            in the event loop, and awaited if they are coroutine functions.

    Raises:
        ubiops.ApiTypeError: ``configuration`` is something else, such as a client, or
            is given beside its settings.
        ubiops.ApiValueError: A header or ``max_concurrency`` is not valid.
    """

    _clock: Clock = _LoopClock()

    def __init__(
        self,
        configuration: Configuration | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
        *,
        max_concurrency: int | None = None,
        token: str | None = None,
        host: str | None = None,
        project: str | None = None,
        event_hooks: EventHooks | None = None,
    ) -> None:
        header_value, cookie, token, host = redact(header_value), redact(cookie), redact(token), redact(host)
        if max_concurrency is not None and (
            isinstance(max_concurrency, bool) or not isinstance(max_concurrency, int) or max_concurrency < 1
        ):
            raise ApiValueError(f"max_concurrency must be a positive integer, got {max_concurrency!r}")
        self._max_concurrency = max_concurrency
        super().__init__(
            configuration,
            header_name,
            header_value,
            cookie,
            token=token,
            host=host,
            project=project,
            event_hooks=event_hooks,
        )

    def _reset(self) -> None:
        super()._reset()
        self._lock = threading.Lock()
        self._rest: RESTClient | None = None
        self._runner = Runner(self.max_concurrency)

    @property
    def max_concurrency(self) -> int:
        """The maximum number of requests at once."""
        if self._max_concurrency is not None:
            return self._max_concurrency
        return self.configuration.connection_pool_maxsize

    @property
    def rest_client(self) -> RESTClient:
        """The connections. Created on first use."""
        if self._rest is None:
            # Imported here because importing urllib3 takes longer than anything else
            # that a first client needs.
            from ubiops._transport.pool import RESTClient

            with self._lock:
                if self._rest is None:
                    self._rest = RESTClient(self.configuration)
        return self._rest

    # --- lifetime ---------------------------------------------------------------------

    async def close(self) -> None:
        """Waits for running calls, then closes the connections.

        May be called more than once. If it is cancelled, it closes them without
        waiting.
        """
        try:
            await self._runner.wait_for_calls()
        finally:
            self._runner.stop_idle()
            if self._rest is not None:
                self._rest.close()

    async def aclose(self) -> None:
        """Does the same as ``close``."""
        await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        raise ApiTypeError("the async client requires 'async with' instead of 'with'")

    def __exit__(self, *error: object) -> None: ...

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "max_concurrency": self._max_concurrency}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._max_concurrency = state["max_concurrency"]
        super().__setstate__(state)

    # --- calls ------------------------------------------------------------------------

    async def execute(
        self,
        operation: Operation,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        *,
        query: tuple[Any, ...] = (),
        headers: tuple[Any, ...] = (),
        body: Any = None,
        form: tuple[Any, ...] = (),
        files: tuple[Any, ...] = (),
    ) -> Any:
        """Calls an operation. The methods of ``ubiops.aio.CoreApi`` use it.

        Args:
            operation: The operation.
            arguments: The path parameters, in the operation's order.
            options: The keyword options of the method.
            query: The values of the query parameters, in the operation's order.
            headers: The values of the header parameters, in the operation's order.
            body: The body: a value of the operation's type, or a dict in place of a
                model.
            form: The values of the form's fields, in the operation's order.
            files: The files, in the operation's order: paths, bytes, open files, async
                files and async iterables.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type, or an option is
                unknown.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
            ubiops.ApiException: The call did not succeed.
        """
        __tracebackhide__ = True
        started = self._clock.monotonic()
        call = _no_background(read_options(operation, options, self.configuration))
        with self._runner:
            if operation.body != "file" and not any(file is not None for file in files):
                request = self._prepare(operation, arguments, call, query, headers, body, form, files)
                return await self._perform(request, started)
            uploads = Uploads(self._runner.bind())
            given = tuple(uploads.adapt(file) for file in files)
            data = uploads.adapt(body) if operation.body == "file" else body
            # In a thread, because it looks at the files.
            request = await self._runner.run(
                lambda: self._prepare(operation, arguments, call, query, headers, data, form, given),
                uploads.abort,
                self._left(call, started),
            )
            return await self._perform(request, started, uploads.abort)

    async def call_api(
        self,
        resource_path: str,
        method: str,
        path_params: Mapping[str, Any] | None = None,
        query_params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        header_params: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        files: Mapping[str, Any] | None = None,
        response_type: str | None = None,
        auth_settings: Sequence[str] | None = None,
        async_req: bool | None = None,
        _return_http_data_only: bool | None = None,
        collection_formats: Mapping[str, str] | None = None,
        _preload_content: bool | None = True,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _host: str | None = None,
        stream: bool | None = None,
        chunk_size: int | None = None,
        progress_bar: bool | None = None,
        *,
        _progress_bar: bool | None = None,
        _max_retries: int | None = None,
        _headers: Mapping[str, str | None] | None = None,
        _query: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
    ) -> Any:
        """Calls an endpoint without a method here, with the usual retries and errors.

        Args:
            resource_path: The path template after the host, such as
                ``/projects/{project_name}``.
            method: The HTTP method.
            path_params: The values for the template. Default for ``project_name``: the
                default project of the client, if it has one.
            query_params: The query parameters; those that are None are left out.
            header_params: Headers for this request.
            body: The JSON body: a model, a dict, a list or a plain value.
            post_params: The plain fields of a multipart body.
            files: The files of a multipart body.
            response_type: The type to read the response as, such as
                ``DeploymentDetail``, ``list[DeploymentList]``, ``object`` (any JSON),
                ``file`` or ``events``. Default: the body is not read.
            auth_settings: Accepted for compatibility with the official client and
                ignored; the token is always sent.
            async_req: Not supported here: every call can be awaited.
            _return_http_data_only: Whether to return the data alone. Default: False,
                which returns (data, status, headers).
            collection_formats: Accepted for compatibility with the official client and
                ignored; lists can't be sent in a query.
            _preload_content: Whether to read the response. False returns a
                ``Response``.
            _request_timeout: Seconds for the whole call, or a pair (connect, read).
            _host: Another address of the same API.
            stream: Accepted for compatibility with the official client and ignored;
                files are always streamed.
            chunk_size: Accepted for compatibility with the official client and ignored.
            progress_bar: The same as ``_progress_bar``.
            _progress_bar: Whether to show the progress of a file. Default: False.
            _max_retries: The most retries of this call. Default: the configuration's.
            _headers: More headers, as for every method; those of ``header_params`` too.
            _query: More query parameters, as for every method.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
            ubiops.ApiException: The call did not succeed.
        """
        __tracebackhide__ = True
        del auth_settings, collection_formats, stream, chunk_size
        header_params, _host, _headers = redact_items(header_params), redact(_host), redact_items(_headers)
        started = self._clock.monotonic()
        options = {
            "_preload_content": _preload_content,
            "_return_http_data_only": _return_http_data_only,
            "_request_timeout": _request_timeout,
            "_progress_bar": progress_bar if _progress_bar is None else _progress_bar,
            "async_req": async_req,
            "_max_retries": _max_retries,
            "_headers": _headers,
            "_query": _query,
        }
        call = _no_background(Options(options, self.configuration._timeouts, data_only=False))
        client = self if _host is None else self._for_host(_host)
        uploads = Uploads(self._runner.bind())
        if isinstance(files, dict):
            files = {name: uploads.adapt(file) for name, file in files.items()}

        def prepare() -> PreparedRequest:
            return client._prepare_call(
                resource_path,
                method,
                call,
                path_params,
                query_params,
                header_params,
                body,
                post_params,
                files,
                response_type,
            )

        async with contextlib.AsyncExitStack() as stack:
            if client is not self:
                await stack.enter_async_context(client)
            with self._runner:
                if files:
                    request = await self._runner.run(prepare, uploads.abort, self._left(call, started))
                else:
                    request = prepare()
                with client._runner if client is not self else contextlib.nullcontext():
                    return await client._perform(request, started, uploads.abort)
        raise AssertionError  # the block above returns or raises

    def _left(self, call: Options, started: float) -> float | None:
        """Returns the remaining seconds of a call with a deadline."""
        total = call.timeouts.total
        return None if total is None else total - (self._clock.monotonic() - started)

    async def _perform(
        self, request: PreparedRequest, started: float, abort: Callable[[], object] | None = None
    ) -> Any:
        __tracebackhide__ = True
        if request.progress and request.body is not None and not isinstance(request.body, bytes):
            from ubiops._io.progress import progress_bar

            with progress_bar(True, request.body.length, "upload") as request.body.progress:
                return await self._drive(request, started, abort)
        return await self._drive(request, started, abort)

    async def _drive(self, request: PreparedRequest, started: float, abort: Callable[[], object] | None) -> Any:
        """Runs a call to its end: the awaiting driver."""
        __tracebackhide__ = True
        clock, runner = self._clock, self._runner
        driver = Driver(request, self.configuration, clock, started, abortable=True)
        total = request.timeouts.total

        def advance() -> Pause | None:
            __tracebackhide__ = True
            return driver.advance(self.rest_client)

        def stop() -> None:
            driver.abort()
            if abort is not None:
                abort()

        try:
            while True:
                left = None if total is None else total - (clock.monotonic() - started)
                pause = await runner.run(advance, stop, left)
                if pause is None:
                    break
                if isinstance(pause, Sleep):
                    await clock.sleep(pause.seconds)
                else:
                    await _await_hooks(pause, driver)
            data, status, headers = driver.result()
        except ApiException as error:
            if error.method is None:
                error.method, error.url = request.method, shown_url(request.origin + request.target)
            raise
        except asyncio.CancelledError:
            driver.abort()
            raise
        if not request.preload:
            data = Response(data, runner, driver.abort)
        elif request.returns == "events":
            data = EventStream(data, runner, driver.abort)
        return data if request.data_only else (data, status, headers)


async def _await_hooks(step: Notify, driver: Driver) -> None:
    from ubiops.hooks import await_hooks

    try:
        await await_hooks(step)
    except BaseException:
        driver.abort()
        raise


def _no_background(call: Options) -> Options:
    """Rejects ``async_req=True``.

    Raises:
        ubiops.ApiTypeError: It is True.
    """
    if call.background:
        raise ApiTypeError(
            "async_req=True is not supported by the async client: await the call, "
            "or use asyncio.create_task to start it"
        )
    return call

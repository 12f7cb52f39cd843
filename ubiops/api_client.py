"""The blocking client."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from ubiops._client import BaseClient, read_options
from ubiops._core.redact import redact, redact_items
from ubiops._core.request import Options
from ubiops._core.steps import Sleep
from ubiops._driver import Driver
from ubiops._official import OfficialMethods
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.pool import ThreadPool
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._core.operation import Operation
    from ubiops._core.request import PreparedRequest
    from ubiops._transport.pool import RESTClient
    from ubiops.configuration import Configuration
    from ubiops.hooks import EventHooks


class ApiClient(OfficialMethods, BaseClient):
    """Makes the calls of ``CoreApi``. Threads can share it and its connection pool.

    Use it as a context manager, or call ``close()``, to close its connections; it can
    be used again after that. It can be pickled: the token is left out, and is read from
    ``UBIOPS_API_TOKEN`` when the client is unpickled.

    Args:
        configuration: Host, credentials and limits. Default: a copy of the default
            configuration, which reads ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        header_name: The name of a header that all requests carry.
        header_value: Its value.
        cookie: The value of the header Cookie for all requests.
        pool_threads: The most calls with ``async_req=True`` that run at once. Default:
            1.
        token: The API token, in place of a configuration.
        host: The address of the API, in place of a configuration.
        project: The default ``project_name`` of every call, in place of a
            configuration.
        event_hooks: Functions to call on events, see ``ubiops.hooks``.

    Raises:
        ubiops.ApiTypeError: ``configuration`` is something else, such as a client, or
            is given beside its settings.
        ubiops.ApiValueError: A header or ``pool_threads`` is not valid.
    """

    def __init__(
        self,
        configuration: Configuration | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
        pool_threads: int = 1,
        *,
        token: str | None = None,
        host: str | None = None,
        project: str | None = None,
        event_hooks: EventHooks | None = None,
    ) -> None:
        header_value, cookie, token, host = redact(header_value), redact(cookie), redact(token), redact(host)
        if isinstance(pool_threads, bool) or not isinstance(pool_threads, int) or pool_threads < 1:
            raise ApiValueError(f"pool_threads must be a positive integer, got {pool_threads!r}")
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
        self.pool_threads = pool_threads

    def _reset(self) -> None:
        super()._reset()
        self._lock = threading.Lock()
        self._rest: RESTClient | None = None
        self._pool: ThreadPool | None = None
        self._process = os.getpid()

    # --- connections and threads ------------------------------------------------------

    @property
    def rest_client(self) -> RESTClient:
        """The connections. Created on first use."""
        if self._rest is None:
            # Imported here because importing urllib3 takes longer than anything else
            # that a first client needs.
            from ubiops._transport.pool import RESTClient

            with self._lock_here():
                if self._rest is None:
                    self._rest = RESTClient(self.configuration)
        return self._rest

    @property
    def pool(self) -> ThreadPool:
        """The threads that run calls with ``async_req=True``. Created on first use."""
        with self._lock_here():
            if self._pool is None:
                from multiprocessing.pool import ThreadPool

                self._pool = ThreadPool(self.pool_threads)
            return self._pool

    def _lock_here(self) -> threading.Lock:
        if self._process != os.getpid():
            # A forked child has none of its parent's threads, and a lock that one of
            # them held would never be released.
            self._lock, self._pool, self._process = threading.Lock(), None, os.getpid()
        return self._lock

    def close(self) -> None:
        """Waits for calls that run in other threads, then closes the connections.

        May be called more than once."""
        with self._lock_here():
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
            pool.join()
        if self._rest is not None:
            self._rest.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "pool_threads": self.pool_threads}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.pool_threads = state["pool_threads"]

    # --- calls ------------------------------------------------------------------------

    def execute(
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
        """Calls an operation. The methods of ``CoreApi`` use it.

        Args:
            operation: The operation.
            arguments: The path parameters, in the operation's order.
            options: The keyword options of the method.
            query: The values of the query parameters, in the operation's order.
            headers: The values of the header parameters, in the operation's order.
            body: The body: a value of the operation's type, or a dict in place of a
                model.
            form: The values of the form's fields, in the operation's order.
            files: The files, in the operation's order.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type, or an option is
                unknown.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
            ubiops.ApiException: The call did not succeed.
        """
        # Leaves this frame out of tracebacks in notebooks and pytest, as do all
        # functions between a user's code and an error that is raised on purpose.
        __tracebackhide__ = True
        call = read_options(operation, options, self.configuration)
        return self._run(self._prepare(operation, arguments, call, query, headers, body, form, files), call.background)

    def call_api(
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
            async_req: Whether to make the call in another thread.
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
        call = Options(options, self.configuration._timeouts, data_only=False)
        client = self if _host is None else self._for_host(_host)
        request = client._prepare_call(
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
        if client is self:
            return self._run(request, call.background)

        def run() -> Any:
            with client:
                return client._perform(request)

        return self._start(run) if call.background else run()

    def _run(self, request: PreparedRequest, background: bool) -> Any:
        __tracebackhide__ = True
        return self._start(lambda: self._perform(request)) if background else self._perform(request)

    def _start(self, call: Callable[[], Any]) -> Any:
        """Starts a call in another thread, and returns its result-to-be."""
        from ubiops._background import BackgroundResult

        result: Any = self.pool.apply_async(call)
        # The pool can't be told which class to use.
        result.__class__ = BackgroundResult
        return result

    def _perform(self, request: PreparedRequest) -> Any:
        __tracebackhide__ = True
        if request.progress and request.body is not None and not isinstance(request.body, bytes):
            from ubiops._io.progress import progress_bar

            with progress_bar(True, request.body.length, "upload") as request.body.progress:
                return self._drive(request)
        return self._drive(request)

    def _drive(self, request: PreparedRequest) -> Any:
        """Runs a call to its end: the blocking driver."""
        __tracebackhide__ = True
        clock = self._clock
        rest = self.rest_client
        driver = Driver(request, self.configuration, clock, clock.monotonic())
        while (pause := driver.advance(rest)) is not None:
            if isinstance(pause, Sleep):
                clock.sleep(pause.seconds)
                continue
            from ubiops.hooks import call_hooks

            try:
                call_hooks(pause)
            except BaseException:
                driver.close()
                raise
        data, status, headers = driver.result()
        return data if request.data_only else (data, status, headers)

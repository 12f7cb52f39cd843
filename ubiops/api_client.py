"""One call: build the request, send it, and read the answer; and the client that makes calls."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ubiops._core.codec import dump_json, parse_json
from ubiops._core.headers import Headers, check_header, last_of_each
from ubiops._core.messages import printable
from ubiops._core.operation import Operation, QueryParameter
from ubiops._core.redact import Redacted, redact, redact_items
from ubiops._core.request import build_body, build_path, build_query, check_options, check_pairs, check_template
from ubiops._core.timeouts import Timeouts, read_timeout_option
from ubiops._version import __version__
from ubiops.configuration import Configuration
from ubiops.exceptions import ApiException, ApiTypeError, ApiValueError
from ubiops.models._base import is_uuid
from ubiops.response import Reader, Response, error_from, find_model, read_body, reader_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.pool import ThreadPool
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._core.retry import Failure
    from ubiops._io.multipart import MultipartBody
    from ubiops._transport.pool import RawResponse, RESTClient

_log = logging.getLogger("ubiops")

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
# All that is logged of headers: what none of them can make a secret.
_LOGGED_HEADERS = (
    "Content-Type",
    "Content-Length",
    "Retry-After",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)


class _Request:
    """All that is needed to send a request, any number of times."""

    __slots__ = (
        "authorized",
        "body",
        "data_only",
        "headers",
        "method",
        "preload",
        "progress",
        "read",
        "returns",
        "target",
        "timeouts",
    )

    def __init__(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes | MultipartBody | None,
        returns: str | None,
        read: Reader | None,
        timeouts: Timeouts,
        preload: bool,
        data_only: bool,
        progress: bool,
        authorized: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.returns = returns
        self.read = read
        self.timeouts = timeouts
        self.preload = preload
        self.data_only = data_only
        self.progress = progress
        self.authorized = authorized


class ApiClient:
    """Makes the calls of ``CoreApi``: one pool of connections, shared by all threads that use the client.

    Use it as a context manager, or call ``close()``, to close its connections. It may be used again after that. It can
    be pickled, without its token, which is read from ``UBIOPS_API_TOKEN`` on the other side.

    Args:
        configuration: Where to, as whom, and within which limits.
            Default: a copy of the default configuration, which reads ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        header_name: The name of a header for all requests.
        header_value: Its value.
        cookie: The value of the header Cookie for all requests.
        pool_threads: How many calls with ``async_req=True`` run at once at most. Default: 1.

    Raises:
        ubiops.ApiTypeError: ``configuration`` is something else, such as a client.
        ubiops.ApiValueError: A header or ``pool_threads`` can't be used.
    """

    def __init__(
        self,
        configuration: Configuration | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
        pool_threads: int = 1,
    ) -> None:
        header_value, cookie = redact(header_value), redact(cookie)
        if configuration is not None and not isinstance(configuration, Configuration):
            raise ApiTypeError(f"ApiClient takes a Configuration, got {type(configuration).__name__}")
        if isinstance(pool_threads, bool) or not isinstance(pool_threads, int) or pool_threads < 1:
            raise ApiValueError(f"pool_threads takes a whole number from 1, got {pool_threads!r}")
        self.configuration = configuration if configuration is not None else Configuration.get_default_copy()
        self.pool_threads = pool_threads
        self._default_headers = Headers()
        self._cookie: str | None = None
        self._begin()
        # In the words of sys and not of platform, which takes longer to import than a call takes.
        self.user_agent = f"ubiops-python/{__version__} ({sys.implementation.name} {sys.version.split()[0]})"
        if header_name is not None:
            self.set_default_header(header_name, header_value or "")
        self.cookie = cookie

    def _begin(self) -> None:
        """What belongs to this process, and is made anew in another."""
        self._lock = threading.Lock()
        self._rest: RESTClient | None = None
        self._pool: ThreadPool | None = None
        self._process = os.getpid()
        self._readers: dict[str | None, Reader] = {}
        self._parsed_host: tuple[str, str, str] = ("", "", "")

    # --- what all requests carry ---

    @property
    def default_headers(self) -> dict[str, str]:
        """The headers that all requests carry. Its repr is masked, and what can't be sent can't be put into it."""
        return self._default_headers

    @default_headers.setter
    def default_headers(self, value: Mapping[str, str]) -> None:
        value = redact_items(value)
        if not isinstance(value, dict):
            raise ApiTypeError("default_headers takes a dict")
        self._default_headers = Headers(value)

    @property
    def user_agent(self) -> str:
        """The value of the header User-Agent."""
        return str(self._default_headers["User-Agent"])

    @user_agent.setter
    def user_agent(self, value: str) -> None:
        self.set_default_header("User-Agent", value)

    @property
    def cookie(self) -> str | None:
        """The value of the header Cookie; None sends none."""
        return self._cookie

    @cookie.setter
    def cookie(self, value: str | None) -> None:
        value = redact(value)
        self._cookie = None if value is None else check_header("Cookie", value)

    def set_default_header(self, header_name: str, header_value: str | bytes) -> None:
        """Sets a header that all requests carry.

        Args:
            header_name: Its name.
            header_value: Its value.

        Raises:
            ubiops.ApiTypeError: The value is no text.
            ubiops.ApiValueError: Name or value hold characters that a header can't hold.
        """
        header_value = redact(header_value)
        self._default_headers[header_name] = header_value

    # --- life ---

    @property
    def rest_client(self) -> RESTClient:
        """The connections, made when they are first used."""
        if self._rest is None:
            # Here and not above: importing urllib3 takes longer than all else that a first client needs.
            from ubiops._transport.pool import RESTClient

            with self._lock_here():
                if self._rest is None:
                    self._rest = RESTClient(self.configuration)
        return self._rest

    @property
    def pool(self) -> ThreadPool:
        """The threads in which calls with ``async_req=True`` run, made when they are first used."""
        with self._lock_here():
            if self._pool is None:
                from multiprocessing.pool import ThreadPool

                self._pool = ThreadPool(self.pool_threads)
            return self._pool

    def _lock_here(self) -> threading.Lock:
        if self._process != os.getpid():
            # In a forked child there are no threads of the pool, and nobody lets go of a lock that was held.
            self._lock, self._pool, self._process = threading.Lock(), None, os.getpid()
        return self._lock

    def close(self) -> None:
        """Waits for the calls that run in other threads, and closes the connections. May be called again."""
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
        # What may hold a secret stays here: the token, the cookie and headers other than the harmless ones.
        return {
            "configuration": self.configuration,
            "pool_threads": self.pool_threads,
            "user_agent": self.user_agent,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.configuration = state["configuration"]
        self.pool_threads = state["pool_threads"]
        self._default_headers = Headers()
        self._cookie = None
        self._begin()
        self.user_agent = state["user_agent"]

    def __repr__(self) -> str:
        return f"<ApiClient for {getattr(getattr(self, 'configuration', None), 'host', None)}>"

    # --- calls ---

    def execute(
        self,
        operation: Operation,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        *,
        query: tuple[Any, ...] = (),
        body: Any = None,
        form: tuple[Any, ...] = (),
        files: tuple[Any, ...] = (),
    ) -> Any:
        """Makes the call of an operation; what the methods of ``CoreApi`` use.

        Args:
            operation: The operation.
            arguments: The path's parameters, in the operation's order.
            options: The keyword options of the method.
            query: The values of the query's parameters, in the operation's order.
            body: The JSON body: a model or a dict.
            form: The values of the form's fields, in the operation's order.
            files: The files of the form, in the operation's order.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type, or an option is unknown.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
            ubiops.ApiException: The call did not succeed.
        """
        if options:
            # First of all: a misspelt name of an argument leaves that argument out.
            check_options(operation, options)
        settings = self.configuration
        target = build_path(operation, arguments, settings._safe_chars)
        check = settings.client_side_validation
        if query:
            text = build_query(operation, query, check)
            if text:
                target = f"{target}?{text}"
        content: bytes | MultipartBody | None = None
        if operation.body is not None:
            model: Any = None if operation.body == "object" else find_model(operation.body)
            content = build_body(operation, body, model, check)
        preload: Any = operation.returns != "file"
        data_only: Any = True
        timeouts = settings._timeouts
        progress = False
        background = False
        if options:
            preload = _flag(options, "_preload_content", preload)
            data_only = _flag(options, "_return_http_data_only", True)
            progress = _flag(options, "_progress_bar", False)
            background = _flag(options, "async_req", False)
            timeouts = read_timeout_option(options.get("_request_timeout"), timeouts)
        if operation.files or operation.form:
            content = _multipart(operation, form, files)
        headers, authorized = self._headers(operation.returns != "file", content)
        request = _Request(
            operation.method,
            target,
            headers,
            content,
            operation.returns,
            self._reader(operation.returns) if operation.returns not in (None, "file") else None,
            timeouts,
            preload,
            data_only,
            progress,
            authorized,
        )
        if background:
            return self.pool.apply_async(self._perform, (request,))
        return self._perform(request)

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
        _preload_content: bool = True,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _host: str | None = None,
        _progress_bar: bool = False,
    ) -> Any:
        """Calls an endpoint that has no method here, with all that a method has: retries, limits and typed errors.

        Args:
            resource_path: The path's template after the host, such as ``/projects/{project_name}``.
            method: The HTTP method.
            path_params: The values for the template.
            query_params: The parameters of the query; those that are None are left out.
            header_params: Headers for this request.
            body: The JSON body: a model, a dict, a list or a plain value.
            post_params: The plain fields of a multipart body.
            files: The files of a multipart body.
            response_type: What to read the answer as, such as ``DeploymentDetail``, ``list[DeploymentList]``,
                ``object`` (any JSON) or ``file``. Default: nothing is read.
            auth_settings: Taken for the official client's sake; the token is always sent.
            async_req: Whether to make the call in another thread.
            _return_http_data_only: Whether to return the data alone. Default: (data, status, headers).
            collection_formats: Taken for the official client's sake; lists can't be sent in a query.
            _preload_content: Whether to read the answer; False returns the response as it came.
            _request_timeout: Seconds for the whole call, or a pair (connect, read).
            _host: Another address of the same API.
            _progress_bar: Whether to show the progress of a file.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
            ubiops.ApiException: The call did not succeed.
        """
        del auth_settings, collection_formats
        header_params, _host = redact_items(header_params), redact(_host)
        if isinstance(header_params, Redacted):
            raise ApiTypeError(f"header_params takes a dict, got {header_params.kind}")
        if _host is not None:
            other = ApiClient(self.configuration.copy())
            other.configuration.host = _host
            other._default_headers, other._cookie = self._default_headers, self._cookie

            def elsewhere() -> Any:
                with other:
                    return other.call_api(
                        resource_path,
                        method,
                        path_params,
                        query_params,
                        header_params,
                        body,
                        post_params,
                        files,
                        response_type,
                        _return_http_data_only=_return_http_data_only,
                        _preload_content=_preload_content,
                        _request_timeout=_request_timeout,
                        _progress_bar=_progress_bar,
                    )

            return self.pool.apply_async(elsewhere) if async_req else elsewhere()
        if not isinstance(method, str) or not re.fullmatch(r"[A-Za-z]+", method):
            raise ApiValueError(f"{method!r:.80} is no HTTP method")
        places = dict(check_pairs(path_params or {}, "path_params", "call_api"))
        pairs = check_pairs(query_params or {}, "query_params", "call_api")
        form = dict(check_pairs(post_params or {}, "post_params", "call_api"))
        files = dict(check_pairs(files or {}, "files", "call_api"))
        operation = Operation(
            "call_api",
            method.upper(),
            check_template(resource_path, places, "call_api"),
            parameters=tuple(places),
            query=tuple(QueryParameter(name, "object") for name, _ in pairs),
            form=tuple(form),
            files=tuple(files),
            returns=response_type,
        )
        target = build_path(operation, tuple(places.values()), self.configuration._safe_chars)
        text = build_query(operation, tuple(value for _, value in pairs))
        content: bytes | MultipartBody | None = None
        if form or files:
            content = _multipart(operation, tuple(form.values()), tuple(files.values()))
        elif body is not None:
            content = dump_json(body)
        headers, authorized = self._headers(response_type != "file", content)
        if header_params:
            headers = last_of_each(
                {**headers, **{name: check_header(name, value) for name, value in header_params.items()}}
            )
        request = _Request(
            operation.method,
            f"{target}?{text}" if text else target,
            headers,
            content,
            response_type,
            self._reader(response_type) if response_type not in (None, "file") else None,
            read_timeout_option(_request_timeout, self.configuration._timeouts),
            _preload_content,
            bool(_return_http_data_only),
            _progress_bar,
            authorized,
        )
        if async_req:
            return self.pool.apply_async(self._perform, (request,))
        return self._perform(request)

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """A value as it would be sent: models as dicts without what was not given, dates as strings."""
        return parse_json(dump_json(obj), 0)

    def _reader(self, returns: str | None) -> Reader:
        reader = self._readers.get(returns)
        if reader is None:
            reader = self._readers[returns] = reader_for(returns)
        return reader

    def _headers(self, wants_json: bool, content: bytes | MultipartBody | None) -> tuple[dict[str, str], bool]:
        headers = {"Accept": "application/json" if wants_json else "*/*", **self._default_headers}
        if content is not None:
            if isinstance(content, bytes):
                headers["Content-Type"] = "application/json"
            else:
                headers["Content-Type"] = content.content_type
                if content.length is not None:
                    headers["Content-Length"] = str(content.length)
        if self._cookie is not None:
            headers["Cookie"] = self._cookie
        token = self.configuration.get_api_key_with_prefix("Authorization")
        if token is not None:
            headers["Authorization"] = token
        # One of them is the user agent, which is always there.
        if len(self._default_headers) > 1:
            headers = last_of_each(headers)
        return headers, token is not None or any(name.lower() == "authorization" for name in headers)

    def _origin(self) -> tuple[str, str]:
        """Scheme, host and port of the API, and the path before each operation's."""
        host = self.configuration._host
        parsed = self._parsed_host
        if parsed[0] != host:
            scheme, _, rest = host.partition("://")
            netloc, slash, path = rest.partition("/")
            parsed = self._parsed_host = (host, f"{scheme}://{netloc}", slash + path)
        return parsed[1], parsed[2]

    def _perform(self, request: _Request) -> Any:
        """Sends a request until there is an answer or an error that is final, and reads the answer."""
        body = request.body
        if request.progress and body is not None and not isinstance(body, bytes):
            from ubiops._io.progress import progress_bar

            with progress_bar(True, body.length, "upload") as body.progress:
                return self._attempts(request)
        return self._attempts(request)

    def _attempts(self, request: _Request) -> Any:
        started = time.monotonic()
        deadline = None if request.timeouts.total is None else started + request.timeouts.total
        origin, base = self._origin()
        target = base + request.target
        attempts: list[str] = []
        redirects = 0
        while True:
            try:
                answer = self.rest_client.send(
                    request.method, origin, target, request.headers, request.body, request.timeouts, deadline
                )
                if _log.isEnabledFor(logging.DEBUG):
                    _log_answer(request, origin + target, answer, time.monotonic() - started)
                if 200 <= answer.status < 300:
                    return self._result(request, answer, origin + target)
                location = _same_origin(origin, target, answer) if request.method in ("GET", "HEAD") else None
                if location is not None and redirects < _MOST_REDIRECTS:
                    redirects += 1
                    target = location
                    answer.close()
                    continue
                error = error_from(answer, authorized=request.authorized)
                if location is not None:
                    error.hint = f"there are too many redirects: {_MOST_REDIRECTS} were followed"
            except ApiException as caught:
                error = caught
            # Outside of the handler, so that an error is not chained to the one that is being told.
            self._settle(request, error, origin + target, attempts, started, deadline)

    def _settle(
        self,
        request: _Request,
        error: ApiException,
        url: str,
        attempts: list[str],
        started: float,
        deadline: float | None,
    ) -> None:
        """Waits when the request is to be sent again, and raises the error when it is final."""
        error.method, error.url = request.method, url
        failure: Failure | None = error._take_failure()
        attempts.append(failure.summary if failure is not None else str(error.reason))
        error.attempts = tuple(attempts)
        if failure is None:
            raise error
        # Not imported before a call fails.
        from ubiops._core.retry import Policy, decide

        settings = self.configuration
        now = time.monotonic()
        limit = settings.retry_deadline if deadline is None else min(settings.retry_deadline, deadline - started)
        policy = Policy(settings.max_retries, limit, settings.auto_retry_rate_limiting)
        decision = decide(
            policy, request.method, failure, attempt=len(attempts), elapsed=now - started, now=time.time()
        )
        wait, why = decision
        body = request.body
        if wait is not None and body is not None and not isinstance(body, bytes) and not body.rewindable:
            wait, why = None, "the file can be read only once, so that it can't be sent again"
        if wait is None:
            if len(attempts) > 1:
                error.attempts = (*attempts[:-1], f"{attempts[-1]}; given up: {why}")
            raise error
        _log.info("%s %s: %s; sending again in %.2f s (%s)", request.method, url, failure.summary, wait, why)
        time.sleep(wait)

    def _result(self, request: _Request, answer: RawResponse, url: str) -> Any:
        status = answer.status
        headers = answer.headers
        data: Any
        if not request.preload or request.returns == "file":
            response = Response(
                answer,
                method=request.method,
                url=url,
                progress_wanted=request.progress,
                repeatable=request.preload,
            )
            # With a separator at its end a path can only be a folder's.
            folder = os.path.join(self.configuration.temp_folder_path or os.curdir, "")
            data = os.path.abspath(response.save(folder)) if request.preload else response
        else:
            try:
                body = read_body(answer)
            finally:
                answer.close()
            data = None if request.read is None or status == 204 else request.read(parse_json(body, status), status)
        return data if request.data_only else (data, status, headers)


def _flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiTypeError(f"{name} takes True or False, got {type(value).__name__}: {value!r:.80}")
    return value


def _multipart(operation: Operation, form: tuple[Any, ...], files: tuple[Any, ...]) -> MultipartBody:
    from ubiops._io.multipart import MultipartBody
    from ubiops._io.sources import FileSource

    fields = {}
    for field, value in zip(operation.form, form):
        name = field.name
        if value is None:
            continue
        if not isinstance(value, (str, int)) and not is_uuid(value):
            raise ApiTypeError(
                f"{operation.name}() takes a string for {name!r}, got {type(value).__name__}: {value!r:.80}"
            )
        fields[name] = str(value)
    return MultipartBody(
        fields, {name: FileSource(value, name) for name, value in zip(operation.files, files) if value is not None}
    )


def _same_origin(origin: str, target: str, answer: RawResponse) -> str | None:
    """Where a redirect leads, when it is one that stays at the same scheme, host and port; None otherwise."""
    location = answer.headers.get("Location")
    if answer.status not in _REDIRECTS or not location or not location.isascii() or not location.isprintable():
        return None
    try:
        parts = urlsplit(urljoin(origin + target, location))
        here = urlsplit(origin)
        if (parts.scheme, parts.hostname, _port(parts)) != (here.scheme, here.hostname, _port(here)) or parts.username:
            return None
    except ValueError:
        return None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _port(parts: Any) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _log_answer(request: _Request, url: str, answer: RawResponse, seconds: float) -> None:
    headers = {name: answer.headers[name] for name in _LOGGED_HEADERS if name in answer.headers}
    reason = printable(answer.reason)
    _log.debug("%s %s: %d %s after %.3f s %s", request.method, url, answer.status, reason, seconds, headers)

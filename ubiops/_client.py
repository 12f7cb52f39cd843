"""What the blocking and the async client share: headers, credentials, and the requests
that they prepare. Nothing here sends anything."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any

from ubiops._core.codec import dump_json, parse_json
from ubiops._core.headers import Headers, check_header, last_of_each
from ubiops._core.hosts import split_host
from ubiops._core.operation import REQUIRED, Operation, Parameter
from ubiops._core.parameters import build_form, build_headers, build_query, missing_argument
from ubiops._core.redact import Redacted, redact, redact_items
from ubiops._core.request import (
    PROJECT,
    Options,
    PreparedRequest,
    build_path,
    check_options,
    check_pairs,
    check_template,
)
from ubiops._core.results import EVENTS, reader_for
from ubiops._version import __version__
from ubiops.configuration import Configuration
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from ubiops._core.clock import Clock
    from ubiops._core.request import StreamedBody
    from ubiops._core.results import Reader
    from ubiops.hooks import EventHooks

_ACCEPT = {"file": "*/*", "events": EVENTS}


class BaseClient:
    """The base of both clients: what all requests carry, and how requests are prepared.

    Args:
        configuration: Host, credentials and limits. Default: a copy of the default
            configuration, which reads ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        header_name: The name of a header that all requests carry.
        header_value: Its value.
        cookie: The value of the header Cookie for all requests.
        token: The API token, in place of a configuration.
        host: The address of the API, in place of a configuration.
        project: The default project of every call, in place of a configuration.
        event_hooks: Functions to call on events, see ``ubiops.hooks``.

    Raises:
        ubiops.ApiTypeError: ``configuration`` is something else, such as a client, or
            is given beside its settings.
        ubiops.ApiValueError: A header is not valid.
    """

    _clock: Clock = time

    def __init__(
        self,
        configuration: Configuration | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
        *,
        token: str | None = None,
        host: str | None = None,
        project: str | None = None,
        event_hooks: EventHooks | None = None,
    ) -> None:
        header_value, cookie, token, host = redact(header_value), redact(cookie), redact(token), redact(host)
        if configuration is not None and not isinstance(configuration, Configuration):
            raise ApiTypeError(
                f"the configuration of {type(self).__name__} must be a Configuration, "
                f"got {type(configuration).__name__}"
            )
        if configuration is None:
            configuration = _configure(token, host, project)
        elif token is not None or host is not None or project is not None:
            raise ApiTypeError(
                f"pass {type(self).__name__} either a configuration, or token, host and project: "
                "set them in the configuration"
            )
        self.configuration = configuration
        self._event_hooks: dict[str, list[Callable[[Any], object]]] | None = None
        if event_hooks is not None:
            self.event_hooks = event_hooks
        self._default_headers = Headers()
        self._cookie: str | None = None
        self._reset()
        # Uses sys rather than platform, whose import takes longer than a call.
        self.user_agent = f"ubiops-python/{__version__} ({sys.implementation.name} {sys.version.split()[0]})"
        if header_name is not None:
            self.set_default_header(header_name, header_value or "")
        self.cookie = cookie

    def _reset(self) -> None:
        """Sets the state that belongs to this process, and is made anew in another."""
        self._readers: dict[str | None, Reader | None] = {}
        self._parsed_host: tuple[str, str, str] = ("", "", "")

    @property
    def event_hooks(self) -> dict[str, list[Callable[[Any], object]]]:
        """The functions to call on the events ``request``, ``response`` and ``retry``,
        see ``ubiops.hooks``. The lists can be changed."""
        if self._event_hooks is None:
            self.event_hooks = {}
        hooks = self._event_hooks
        return {} if hooks is None else hooks

    @event_hooks.setter
    def event_hooks(self, value: EventHooks) -> None:
        from ubiops.hooks import read_hooks

        self._event_hooks = read_hooks(value)

    # --- what all requests carry ---

    @property
    def default_headers(self) -> dict[str, str]:
        """The headers that all requests carry. They are validated, and masked in the
        repr."""
        return self._default_headers

    @default_headers.setter
    def default_headers(self, value: Mapping[str, str]) -> None:
        value = redact_items(value)
        if not isinstance(value, dict):
            raise ApiTypeError("default_headers must be a dict")
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
            ubiops.ApiTypeError: The value is not a string.
            ubiops.ApiValueError: The name or the value is not valid.
        """
        header_value = redact(header_value)
        self._default_headers[header_name] = header_value

    @property
    def client_side_validation(self) -> bool:
        """Whether to validate arguments before sending: the configuration's setting."""
        return self.configuration.client_side_validation

    @client_side_validation.setter
    def client_side_validation(self, value: bool) -> None:
        self.configuration.client_side_validation = value

    # --- copies -----------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        # Values that may be secret are left out: the token, the cookie and other
        # headers. So are hooks, because most functions can't be pickled.
        return {"configuration": self.configuration, "user_agent": self.user_agent}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.configuration = state["configuration"]
        self._event_hooks = None
        self._default_headers = Headers()
        self._cookie = None
        self._reset()
        self.user_agent = state["user_agent"]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {getattr(getattr(self, 'configuration', None), 'host', None)}>"

    def _for_host(self, host: str) -> Self:
        """Returns a client for another host, with the same settings and headers."""
        other = type(self)(self.configuration.copy())
        other.configuration.host = host
        other._default_headers, other._cookie = self._default_headers, self._cookie
        other._clock = self._clock
        other._event_hooks = self._event_hooks
        return other

    # --- requests ---------------------------------------------------------------------

    def _prepare(
        self,
        operation: Operation,
        arguments: tuple[Any, ...],
        options: Options,
        query: tuple[Any, ...] = (),
        headers: tuple[Any, ...] = (),
        body: Any = None,
        form: tuple[Any, ...] = (),
        files: tuple[Any, ...] = (),
        more_headers: dict[str, str] | None = None,
    ) -> PreparedRequest:
        """Returns the request of a call, checked and encoded.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type.
            ubiops.ApiValueError: An argument is missing or breaks a rule.
        """
        __tracebackhide__ = True
        settings = self.configuration
        returns = operation.returns
        check = settings.client_side_validation
        target = build_path(operation, arguments, settings._safe_chars, settings._project)
        text = build_query(operation, query, check) if query else ""
        if options.query:
            text = f"{text}&{options.query}" if text else options.query
        if text:
            target = f"{target}?{text}"
        if headers:
            more_headers = {**build_headers(operation, headers, check), **(more_headers or {})}
        if options.headers:
            more_headers = {**(more_headers or {}), **options.headers}
        content: bytes | StreamedBody | None = None
        media_type = None
        if operation.files or operation.form:
            content = _multipart(operation, form, files, check)
            media_type = content.content_type
        elif operation.body is not None:
            content, media_type = _body(operation, body, check)
        if returns in self._readers:
            read = self._readers[returns]
        else:
            read = self._readers[returns] = reader_for(returns)
        host = settings._host
        if self._parsed_host[0] != host:
            self._parsed_host = (host, *split_host(host))
        _, origin, base = self._parsed_host
        sent, authorized = self._headers(operation, content, media_type, more_headers)
        return PreparedRequest(
            operation.method,
            origin,
            base + target,
            sent,
            content,
            returns,
            read,
            options,
            authorized,
            operation,
            self._event_hooks,
        )

    def _headers(
        self,
        operation: Operation,
        content: bytes | StreamedBody | None,
        media_type: str | None,
        more_headers: dict[str, str] | None,
    ) -> tuple[dict[str, str], bool]:
        """Returns all headers of a request, and whether they authorize it."""
        headers = {"Accept": _ACCEPT.get(operation.returns or "", "application/json"), **self._default_headers}
        if media_type is not None:
            headers["Content-Type"] = media_type
            if content is not None and not isinstance(content, bytes) and content.length is not None:
                headers["Content-Length"] = str(content.length)
        if self._cookie is not None:
            headers["Cookie"] = self._cookie
        token = None
        if operation.authorized:
            token = self.configuration.get_api_key_with_prefix("Authorization")
            if token is not None:
                headers["Authorization"] = token
        # One of the default headers is the user agent, which is always there.
        if len(self._default_headers) > 1:
            headers = last_of_each(headers)
        if more_headers:
            headers = last_of_each({**headers, **more_headers})
        if not operation.authorized:
            headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        return headers, token is not None or any(name.lower() == "authorization" for name in headers)

    def _prepare_call(
        self,
        resource_path: str,
        method: str,
        options: Options,
        path_params: Mapping[str, Any] | None,
        query_params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
        header_params: Mapping[str, str] | None,
        body: Any,
        post_params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
        files: Mapping[str, Any] | None,
        response_type: str | None,
    ) -> PreparedRequest:
        """Returns the request of ``call_api``, as ``_prepare`` does."""
        __tracebackhide__ = True
        header_params = redact_items(header_params)
        if isinstance(header_params, Redacted):
            raise ApiTypeError(f"header_params must be a dict, got {header_params.kind}")
        if not isinstance(method, str) or not re.fullmatch(r"[A-Za-z]+", method):
            raise ApiValueError(f"{method!r:.80} is not a valid HTTP method")
        places = dict(check_pairs(path_params or {}, "path_params", "call_api"))
        project = self.configuration.project
        if project is not None and isinstance(resource_path, str) and f"{{{PROJECT}}}" in resource_path:
            places.setdefault(PROJECT, project)
        pairs = check_pairs(query_params or {}, "query_params", "call_api")
        form = dict(check_pairs(post_params or {}, "post_params", "call_api"))
        files = dict(check_pairs(files or {}, "files", "call_api"))
        operation = Operation(
            "call_api",
            method.upper(),
            check_template(resource_path, places, "call_api"),
            parameters=tuple(places),
            query=tuple(Parameter(name, "object") for name, _ in pairs),
            body=None if body is None else "any",
            form=tuple(Parameter(name, "object") for name in form),
            files=tuple(files),
            returns=response_type,
        )
        return self._prepare(
            operation,
            tuple(places.values()),
            options,
            query=tuple(value for _, value in pairs),
            body=body,
            form=tuple(form.values()),
            files=tuple(files.values()),
            more_headers={name: check_header(name, value) for name, value in (header_params or {}).items()},
        )

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Returns a value as it would be sent: models as dicts of the fields that were
        given, dates as strings."""
        return parse_json(dump_json(obj), 0)


def _configure(token: str | None, host: str | None, project: str | None) -> Configuration:
    """Returns a copy of the default configuration with the settings that are given."""
    configuration = Configuration.get_default_copy()
    if host is not None:
        configuration.host = host
    if token is not None:
        configuration.token = token
    if project is not None:
        configuration.project = project
    return configuration


def read_options(operation: Operation, options: dict[str, Any], configuration: Configuration) -> Options:
    """Returns the options of a method's call, read from its keywords.

    Raises:
        ubiops.ApiTypeError: A keyword is unknown, or has the wrong type.
        ubiops.ApiValueError: A time limit is not valid.
    """
    __tracebackhide__ = True
    if options:
        check_options(operation, options)
    return Options(options, configuration._timeouts, preload=operation.returns != "file")


def _multipart(operation: Operation, form: tuple[Any, ...], files: tuple[Any, ...], check: bool) -> StreamedBody:
    __tracebackhide__ = True
    from ubiops._io.multipart import MultipartBody
    from ubiops._io.sources import FileSource

    sources = {}
    for name, value in zip(operation.files, files):
        if value is not None and value is not REQUIRED:
            sources[name] = FileSource(value, name, archive=check and name in operation.archives)
        elif name in operation.required_files:
            raise missing_argument(name, operation.name)
    return MultipartBody(build_form(operation, form, check), sources)


def _body(operation: Operation, data: Any, check: bool) -> tuple[bytes | StreamedBody | None, str | None]:
    """Returns a body that is not multipart, and its media type."""
    __tracebackhide__ = True
    if data is None or data is REQUIRED:
        if operation.body_required:
            raise missing_argument("data", operation.name)
        return None, None
    # Imported here because most calls have no body.
    if operation.body == "file":
        from ubiops._io.raw import RawBody

        body = RawBody(data)
        return body, body.content_type
    from ubiops._core.body import build_body

    return build_body(operation, data, check)

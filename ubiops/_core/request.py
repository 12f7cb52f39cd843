"""The request of a call: its path, its options, and everything needed to send it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ubiops._core.headers import check_header
from ubiops._core.operation import REQUIRED, Parameter
from ubiops._core.parameters import missing_argument, number_text, parameter_text, quote_text
from ubiops._core.redact import Redacted, redact, redact_items
from ubiops._core.timeouts import Timeouts, check_retries, read_timeout_option
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from ubiops._core.operation import Operation
    from ubiops._core.results import Reader

    class StreamedBody(Protocol):
        """A body that is read from its files while it is being sent."""

        progress: Callable[[int], Any] | None

        @property
        def content_type(self) -> str: ...
        @property
        def length(self) -> int | None: ...
        @property
        def rewindable(self) -> bool: ...
        def __iter__(self) -> Iterator[Any]: ...


class PreparedRequest:
    """Everything needed to send a request, repeatedly, and to read its response.

    Attributes:
        method: The HTTP method.
        origin: Scheme, host and port of the server.
        target: Path and query.
        headers: All headers, the token included.
        body: What to send.
        returns: The type of the response, for bodies that are not JSON.
        read: How to read the JSON of the response; None to ignore it.
        options: The options of the call.
        authorized: Whether a token is sent.
        operation: The operation that is called.
        hooks: The functions to call with events, by the kind of the event; None if
            there are none.
    """

    __slots__ = (
        "authorized",
        "body",
        "data_only",
        "headers",
        "hooks",
        "max_retries",
        "method",
        "operation",
        "origin",
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
        origin: str,
        target: str,
        headers: dict[str, str],
        body: bytes | StreamedBody | None,
        returns: str | None,
        read: Reader | None,
        options: Options,
        authorized: bool,
        operation: Operation,
        hooks: Mapping[str, list[Any]] | None = None,
    ) -> None:
        self.method = method
        self.origin = origin
        self.target = target
        self.headers = headers
        self.body = body
        self.returns = returns
        self.read = read
        self.timeouts = options.timeouts
        self.preload = options.preload
        self.data_only = options.data_only
        self.progress = options.progress
        self.max_retries = options.max_retries
        self.authorized = authorized
        self.operation = operation
        self.hooks = hooks

    @property
    def ranged(self) -> bool:
        """Whether only a part of something is requested."""
        return any(name.lower() == "range" for name in self.headers)


# --- options --------------------------------------------------------------------------


class Options:
    """The options of one call.

    Attributes:
        preload: Whether to read the response; a download is saved as a file.
        data_only: Whether to return the data alone.
        progress: Whether to show the progress of a file.
        background: Whether to make the call in another thread.
        timeouts: The limits of the call.
        max_retries: The most retries; None for the configuration's.
        headers: More headers.
        query: More of the query string; empty for nothing.
    """

    __slots__ = ("background", "data_only", "headers", "max_retries", "preload", "progress", "query", "timeouts")

    def __init__(
        self, options: Mapping[str, Any], timeouts: Timeouts, *, preload: bool = True, data_only: bool = True
    ) -> None:
        __tracebackhide__ = True
        self.progress = self.background = False
        self.max_retries: int | None = None
        self.headers: dict[str, str] | None = None
        self.query = ""
        if options:
            preload = read_flag(options, "_preload_content", preload)
            data_only = read_flag(options, "_return_http_data_only", data_only)
            self.progress = read_flag(options, "_progress_bar", False)
            self.background = read_flag(options, "async_req", False)
            # Files are always streamed.
            read_flag(options, "_request_stream", False)
            timeouts = read_timeout_option(options.get("_request_timeout"), timeouts)
            retries = options.get("_max_retries")
            if retries is not None:
                self.max_retries = check_retries(retries, "_max_retries")
            self.headers = _read_headers(options.get("_headers"))
            self.query = _read_query(options.get("_query"))
        self.preload = preload
        self.data_only = data_only
        self.timeouts = timeouts


OPTIONS = frozenset(
    (
        "_headers",
        "_max_retries",
        "_preload_content",
        "_progress_bar",
        "_query",
        "_request_stream",
        "_request_timeout",
        "_return_http_data_only",
        "async_req",
    )
)


def _read_headers(value: Any) -> dict[str, str] | None:
    """Returns the headers of a call, validated; those that are None are left out."""
    value = redact_items(value)
    if isinstance(value, Redacted):
        raise ApiTypeError(f"_headers must be a dict, got {value.kind}")
    if not value:
        return None
    return {name: check_header(name, one) for name, one in value.items() if one is not None}


def _read_query(value: Any) -> str:
    """Returns what ``_query`` adds to the query string; None values are left out."""
    if value is None:
        return ""
    pairs = []
    for name, one in check_pairs(value, "_query", "the call"):
        text = parameter_text(Parameter(name, "object"), one, "the call", "query")
        if text is not None:
            pairs.append(f"{quote_text(name, '_query', 'the call')}={quote_text(text, name, 'the call')}")
    return "&".join(pairs)


def read_flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    """Returns an option that is True or False; None stands for the default.

    Raises:
        ubiops.ApiTypeError: The option is neither.
    """
    __tracebackhide__ = True
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiTypeError(f"{name} must be True or False, got {type(value).__name__}: {value!r:.80}")
    return value


def check_options(operation: Operation, options: dict[str, Any]) -> None:
    """Checks that a method has the given keywords, and masks possible secrets.

    Raises:
        ubiops.ApiTypeError: It does not have one of them.
    """
    __tracebackhide__ = True
    for name in ("_headers", "_query"):
        # In place, because the frame of the method holds the same dict.
        if isinstance(options.get(name), Mapping):
            options[name] = {
                key: redact(value) if isinstance(value, (str, bytes)) else value for key, value in options[name].items()
            }
    for name in options:
        if name not in OPTIONS:
            raise ApiTypeError(unknown_keyword(name, operation))


def unknown_keyword(name: str, operation: Operation) -> str:
    """Returns the message for an unknown keyword, with the most similar name."""
    from ubiops._core.suggestions import nearest

    body = ("data",) if operation.body else ()
    fields = (*operation.query, *operation.headers, *operation.form)
    keywords = (parameter.python for parameter in fields)
    names = [*operation.parameters, *body, *keywords, *operation.files]
    near = nearest(name, [*names, *sorted(OPTIONS)])
    model = operation.body if operation.body and operation.body.isidentifier() and operation.body[0].isupper() else None
    if near:
        hint = f"did you mean {near!r}?"
    elif model:
        hint = f"a field goes into data=ubiops.{model}(...); it accepts {', '.join(names)}"
    else:
        hint = f"it accepts {', '.join(names)}"
    return (
        f"{operation.name}() got an unexpected keyword argument {name!r}; {hint}"
        f"{'' if near else ', and the options of every call (ubiops.options.CallOptions)'}"
    )


# --- path -----------------------------------------------------------------------------

# A value that needs no encoding. It doesn't start with a dot, so that it is neither "."
# nor "..".
_is_plain = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.~-]*").fullmatch


def build_path(operation: Operation, arguments: tuple[Any, ...], safe: str = "", project: str | None = None) -> str:
    """Returns the path of a call, with each argument encoded within its segment.

    Args:
        operation: The operation to call.
        arguments: The values of its path parameters, in the method's order.
        safe: Characters that are not encoded, of those that can't end a segment.
        project: The value of ``project_name`` if that argument is left out. None given
            explicitly does not stand for it: what should have been a name may be
            missing.

    Raises:
        ubiops.ApiValueError: An argument is missing, empty, ``.`` or ``..``.
        ubiops.ApiTypeError: An argument is not a string, an integer or a UUID.
    """
    __tracebackhide__ = True
    if not arguments:
        return operation.template
    segments = []
    for position, value in enumerate(arguments):
        if value.__class__ is str and _is_plain(value):
            segments.append(value)
            continue
        name = operation.parameters[position]
        if value is REQUIRED and name == PROJECT and project is not None:
            value = project
        note = _note(operation, arguments, name, project)
        segments.append(encode_segment(value, name, operation.name, safe, note))
    if operation.order is not None:
        segments = [segments[index] for index in operation.order]
    return operation.template % tuple(segments)


PROJECT = "project_name"
"""The path parameter that can have a default."""


def _note(operation: Operation, arguments: tuple[Any, ...], name: str, project: str | None) -> str:
    """Returns a note for the error about a missing argument or one of a wrong type."""
    if name == PROJECT and arguments[operation.parameters.index(PROJECT)] in (None, REQUIRED):
        if project is None:
            return "; CoreApi(project=...) sets a default"
        return f"; leave it out to use the default project ({project!r:.80})"
    if project is None or PROJECT not in operation.parameters:
        return ""
    if arguments[operation.parameters.index(PROJECT)] is REQUIRED:
        return ""
    others = [one for one in operation.parameters if one != PROJECT]
    keywords = ", ".join(f"{one}=..." for one in (*others, *(("data",) if operation.body else ())))
    return (
        f"; the first positional argument is always project_name: to use the default project ({project!r:.80}), "
        f"write {operation.name}({keywords})"
    )


def encode_segment(value: Any, name: str, caller: str, safe: str = "", note: str = "") -> str:
    """Returns a value as a path segment. The other arguments are for errors."""
    __tracebackhide__ = True
    if value is None or value is REQUIRED:
        raise missing_argument(name, caller, note)
    if (isinstance(value, int) and not isinstance(value, bool)) or is_uuid(value):
        return number_text(value, name, caller)
    if not isinstance(value, str):
        raise ApiTypeError(
            f"{caller}(): {name!r} must be a string, an integer or a UUID, "
            f"got {type(value).__name__}: {value!r:.80}{note}"
        )
    if not value:
        raise ApiValueError(f"{caller}() does not accept an empty string for {name!r}")
    if value in (".", ".."):
        raise ApiValueError(
            f"{caller}() does not accept {value!r} for {name!r}: it would change the path of the request"
        )
    return quote_text(value, name, caller, safe)


def check_template(path: Any, given: Collection[str], caller: str) -> str:
    """Returns a path template with a leading slash.

    Args:
        path: What the caller wrote, such as ``/projects/{project_name}``.
        given: The names that have values.
        caller: The method's name, for errors.

    Raises:
        ubiops.ApiTypeError: The template is not a string.
        ubiops.ApiValueError: A value is missing, or the template holds characters that
            are not valid in a path.
    """
    __tracebackhide__ = True
    if not isinstance(path, str):
        raise ApiTypeError(f"{caller}(): 'resource_path' must be a string, got {type(path).__name__}: {path!r:.80}")
    literal = path
    for name in given:
        literal = literal.replace(f"{{{name}}}", "-")
    missing = re.search(r"\{(\w+)\}", literal)
    if missing:
        raise ApiValueError(f"{caller}() needs a value for {missing[1]!r} in 'path_params', to fill {path!r:.200}")
    dots = any(unquote(segment) in (".", "..") for segment in literal.split("/"))
    if dots or not re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", literal):
        raise ApiValueError(
            f"{caller}() can't use {path!r:.200} as a path template: pass the varying parts as 'path_params', "
            "which are encoded, and a query as 'query_params'"
        )
    return path if path.startswith("/") else f"/{path}"


def check_pairs(values: Any, name: str, caller: str) -> list[tuple[str, Any]]:
    """Returns names and values that were given as a mapping or as pairs.

    Raises:
        ubiops.ApiTypeError: They were given as something else.
    """
    __tracebackhide__ = True
    if isinstance(values, Mapping):
        values = values.items()
    pairs: list[Any] = (
        list(values) if isinstance(values, Iterable) and not isinstance(values, (str, bytes)) else [values]
    )
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        raise ApiTypeError(f"{caller}(): {name!r} must be a dict with string keys or a list of pairs")
    return [(key, value) for key, value in pairs]

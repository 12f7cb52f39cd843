"""The request of a call: its path, its options, and everything needed to send it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ubiops._core.operation import REQUIRED
from ubiops._core.parameters import missing_argument, number_text, quote_text
from ubiops._core.timeouts import Timeouts, read_timeout_option
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
        operation: The name of the operation.
        generations: The generations of the API that have the operation; empty if all
            do.
    """

    __slots__ = (
        "authorized",
        "body",
        "data_only",
        "generations",
        "headers",
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
        operation: str = "",
        generations: tuple[str, ...] = (),
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
        self.authorized = authorized
        self.operation = operation
        self.generations = generations

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
    """

    __slots__ = ("background", "data_only", "preload", "progress", "timeouts")

    def __init__(
        self, options: Mapping[str, Any], timeouts: Timeouts, *, preload: bool = True, data_only: bool = True
    ) -> None:
        self.progress = self.background = False
        if options:
            preload = read_flag(options, "_preload_content", preload)
            data_only = read_flag(options, "_return_http_data_only", data_only)
            self.progress = read_flag(options, "_progress_bar", False)
            self.background = read_flag(options, "async_req", False)
            # Files are always streamed.
            read_flag(options, "_request_stream", False)
            timeouts = read_timeout_option(options.get("_request_timeout"), timeouts)
        self.preload = preload
        self.data_only = data_only
        self.timeouts = timeouts


OPTIONS = frozenset(
    (
        "_preload_content",
        "_return_http_data_only",
        "_request_timeout",
        "_request_stream",
        "async_req",
        "_progress_bar",
    )
)


def read_flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    """Returns an option that is True or False; None stands for the default.

    Raises:
        ubiops.ApiTypeError: The option is neither.
    """
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiTypeError(f"{name} must be True or False, got {type(value).__name__}: {value!r:.80}")
    return value


def check_options(operation: Operation, options: Mapping[str, Any]) -> None:
    """Checks that a method has all of the given keywords.

    Raises:
        ubiops.ApiTypeError: It does not have one of them.
    """
    for name in options:
        if name not in OPTIONS:
            raise ApiTypeError(unknown_keyword(name, operation))


def unknown_keyword(name: str, operation: Operation) -> str:
    """Returns the message for an unknown keyword, with the most similar name."""
    from difflib import get_close_matches

    body = ("data",) if operation.body else ()
    fields = (*operation.query, *operation.headers, *operation.form)
    keywords = (parameter.python for parameter in fields)
    names = [*operation.parameters, *body, *keywords, *operation.files, *sorted(OPTIONS)]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"its arguments are {', '.join(names)}"
    return f"{operation.name}() got an unexpected keyword argument {name!r}; {hint}"


# --- path -----------------------------------------------------------------------------

# A value that needs no encoding. It doesn't start with a dot, so that it is neither "."
# nor "..".
_is_plain = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.~-]*").fullmatch


def build_path(operation: Operation, arguments: tuple[Any, ...], safe: str = "") -> str:
    """Returns the path of a call, with each argument encoded within its segment.

    Args:
        operation: The operation to call.
        arguments: The values of its path parameters, in the method's order.
        safe: Characters that are not encoded, of those that can't end a segment.

    Raises:
        ubiops.ApiValueError: An argument is missing, empty, ``.`` or ``..``.
        ubiops.ApiTypeError: An argument is not a string, an integer or a UUID.
    """
    if not arguments:
        return operation.template
    segments = []
    for position, value in enumerate(arguments):
        if value.__class__ is str and _is_plain(value):
            segments.append(value)
        else:
            segments.append(encode_segment(value, operation.parameters[position], operation.name, safe))
    if operation.order is not None:
        segments = [segments[index] for index in operation.order]
    return operation.template % tuple(segments)


def encode_segment(value: Any, name: str, caller: str, safe: str = "") -> str:
    """Returns a value as a path segment; ``name`` and ``caller`` are for errors."""
    if value is None or value is REQUIRED:
        raise missing_argument(name, caller)
    if (isinstance(value, int) and not isinstance(value, bool)) or is_uuid(value):
        return number_text(value, name, caller)
    if not isinstance(value, str):
        raise ApiTypeError(
            f"{caller}(): {name!r} must be a string, an integer or a UUID, got {type(value).__name__}: {value!r:.80}"
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
    if isinstance(values, Mapping):
        values = values.items()
    pairs: list[Any] = (
        list(values) if isinstance(values, Iterable) and not isinstance(values, (str, bytes)) else [values]
    )
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        raise ApiTypeError(f"{caller}(): {name!r} must be a dict with string keys or a list of pairs")
    return [(key, value) for key, value in pairs]

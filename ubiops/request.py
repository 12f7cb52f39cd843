"""What a call sends: path, query, headers and body, as pure functions without any I/O."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Union
from urllib.parse import quote, unquote

from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.secret import SecretBytes, SecretDict, SecretText, hidden
from ubiops.serialization import NULL, Model, RequestModel, as_model, check_object, is_uuid, json_default, short

if TYPE_CHECKING:
    from uuid import UUID

PathValue = Union[str, int, "UUID"]
"""What may stand for a segment of a path."""


class _Required:
    """The type of ``REQUIRED``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<required>"

    def __reduce__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()
"""The default of an argument that must be given, so that leaving it out and giving None are told in the same words."""


class QueryParameter:
    """A parameter of the query string, and what may stand for it."""

    __slots__ = ("enum", "maximum", "minimum", "name", "type")

    def __init__(
        self,
        name: str,
        type: str,
        enum: tuple[str, ...] | None = None,
        minimum: int | None = None,
        maximum: int | None = None,
    ) -> None:
        self.name = name
        self.type = type
        self.enum = enum
        self.minimum = minimum
        self.maximum = maximum


class Operation:
    """One operation of the API: what a method of ``CoreApi`` needs to know to make its call.

    Args:
        name: The operation's id, which is the method's name.
        method: The HTTP method.
        path: The path's template, such as ``/projects/{project_name}/deployments``.
        parameters: The names of the path's parameters, in the order in which the method takes them.
        query: The parameters of the query string.
        body: The name of the model of the JSON body, or ``object`` for any JSON object; None when there is none.
        form: The names of the plain fields of a multipart body.
        files: The names of the files of a multipart body.
        returns: The type of the answer as the API names it, such as ``list[DeploymentList]``; ``file`` for a download;
            None when there is nothing.
    """

    __slots__ = (
        "body",
        "files",
        "form",
        "method",
        "name",
        "order",
        "parameters",
        "path",
        "query",
        "returns",
        "template",
    )

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        parameters: tuple[str, ...] = (),
        query: tuple[QueryParameter, ...] = (),
        body: str | None = None,
        form: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
        returns: str | None = None,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.parameters = parameters
        self.query = query
        self.body = body
        self.form = form
        self.files = files
        self.returns = returns
        places = [part.partition("}")[0] for part in path.split("{")[1:]]
        self.template = path.replace("%", "%%")
        for place in places:
            self.template = self.template.replace(f"{{{place}}}", "%s")
        # Where the path's n-th segment stands among the arguments; None when they come in the path's own order.
        order = tuple(parameters.index(place) for place in places)
        self.order = None if order == tuple(range(len(parameters))) else order

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"


# --- path ---------------------------------------------------------------------------------------------------------

# A value of these characters goes out as it is. It starts with none of the dots that could make it "." or "..".
_as_it_is = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.~-]*").fullmatch


def build_path(operation: Operation, arguments: tuple[Any, ...], safe: str = "") -> str:
    """The path of a call, each argument encoded so that it cannot leave its segment.

    Args:
        operation: The operation that is called.
        arguments: The values of its path parameters, in the method's order.
        safe: Characters that are not to be encoded, of those that cannot end a segment.

    Raises:
        ubiops.ApiValueError: An argument is missing, empty, ``.`` or ``..``.
        ubiops.ApiTypeError: An argument is neither a string, an integer nor a UUID.
    """
    if not arguments:
        return operation.template
    segments = []
    for position, value in enumerate(arguments):
        if value.__class__ is str and _as_it_is(value):
            segments.append(value)
        else:
            segments.append(encode_segment(value, operation.parameters[position], operation.name, safe))
    if operation.order is not None:
        segments = [segments[index] for index in operation.order]
    return operation.template % tuple(segments)


def encode_segment(value: Any, name: str, caller: str, safe: str = "") -> str:
    """A value as one segment of a path; ``name`` and ``caller`` are for the error's text."""
    if value is None or value is REQUIRED:
        raise missing_argument(name, caller)
    if (isinstance(value, int) and not isinstance(value, bool)) or is_uuid(value):
        return _number_text(value, name, caller)
    if not isinstance(value, str):
        raise ApiTypeError(
            f"{caller}() takes a string, an integer or a UUID for {name!r}, got {type(value).__name__}: {value!r:.80}"
        )
    if not value:
        raise ApiValueError(f"{caller}() takes no empty string for {name!r}")
    if value in (".", ".."):
        raise ApiValueError(f"{caller}() takes no {value!r} for {name!r}: it would change the path of the request")
    return _quote(value, name, caller, safe)


def _number_text(value: Any, name: str, caller: str) -> str:
    try:
        return str(int(value)) if isinstance(value, int) else str(value)
    except ValueError:
        raise ApiValueError(f"{caller}() can't send {name!r}: the number has too many digits") from None


def _quote(value: str, name: str, caller: str, safe: str = "") -> str:
    try:
        return quote(value, safe=safe)
    except UnicodeEncodeError as error:
        raise ApiValueError(
            f"{caller}() can't send {name!r}: {value!r:.80} is no valid Unicode text ({error.reason})"
        ) from None


def missing_argument(name: str, caller: str) -> ApiValueError:
    """The error for a required argument that is missing or None."""
    return ApiValueError(f"{caller}() needs a value for {name!r}: it is missing or None")


def check_template(path: Any, given: Collection[str], caller: str) -> str:
    """The template of a path, with the slash at its beginning.

    Args:
        path: What the user wrote, such as ``/projects/{project_name}``.
        given: The names of which there are values.
        caller: For the error's text.

    Raises:
        ubiops.ApiTypeError: It is no text.
        ubiops.ApiValueError: A value is missing, or it holds what does not belong into a path.
    """
    if not isinstance(path, str):
        raise ApiTypeError(f"{caller}() takes a string for 'resource_path', got {type(path).__name__}: {path!r:.80}")
    literal = path
    for name in given:
        literal = literal.replace(f"{{{name}}}", "-")
    missing = re.search(r"\{(\w+)\}", literal)
    if missing:
        raise ApiValueError(f"{caller}() needs a value for {missing[1]!r} in 'path_params', to fill {path!r:.200}")
    dots = any(unquote(segment) in (".", "..") for segment in literal.split("/"))
    if dots or not re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", literal):
        raise ApiValueError(
            f"{caller}() can't use {path!r:.200} as the template of a path: give what varies as 'path_params', "
            "which are encoded, and a query as 'query_params'"
        )
    return path if path.startswith("/") else f"/{path}"


def check_pairs(values: Any, name: str, caller: str) -> list[tuple[str, Any]]:
    """Names and values, given as a mapping or as pairs.

    Raises:
        ubiops.ApiTypeError: They are neither.
    """
    if isinstance(values, Mapping):
        values = values.items()
    pairs: list[Any] = (
        list(values) if isinstance(values, Iterable) and not isinstance(values, (str, bytes)) else [values]
    )
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        raise ApiTypeError(f"{caller}() takes a dict with strings as its keys for {name!r}, or a list of pairs")
    return [(key, value) for key, value in pairs]


# --- query --------------------------------------------------------------------------------------------------------


def build_query(operation: Operation, values: tuple[Any, ...], check: bool = True) -> str:
    """The query string of a call, without the question mark; parameters that are None are left out.

    Raises:
        ubiops.ApiTypeError: A value has the wrong type.
        ubiops.ApiValueError: A value breaks the parameter's rules.
    """
    pairs = []
    for parameter, value in zip(operation.query, values):
        if value is not None:
            text = _query_text(value, parameter.name, operation.name)
            if check:
                _check_query(parameter, value, operation.name)
            pairs.append(f"{quote(parameter.name, safe='')}={_quote(text, parameter.name, operation.name)}")
    return "&".join(pairs)


def _query_text(value: Any, name: str, caller: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or is_uuid(value) or (isinstance(value, float) and math.isfinite(value)):
        return _number_text(value, name, caller)
    raise ApiTypeError(f"{caller}() can't send {name!r} in the query: {type(value).__name__} {value!r:.80}")


def _check_query(parameter: QueryParameter, value: Any, caller: str) -> None:
    name, kind, enum = parameter.name, parameter.type, parameter.enum
    minimum, maximum = parameter.minimum, parameter.maximum
    if kind == "int" and (isinstance(value, bool) or not _is_whole(value)):
        raise ApiTypeError(f"{caller}() takes a whole number for {name!r}, got {type(value).__name__}: {value!r:.80}")
    if kind == "bool" and not isinstance(value, bool):
        raise ApiTypeError(f"{caller}() takes True or False for {name!r}, got {type(value).__name__}: {value!r:.80}")
    if enum is not None and value not in enum:
        raise ApiValueError(f"{caller}() takes one of {', '.join(map(repr, enum))} for {name!r}, got {value!r:.80}")
    if minimum is not None and int(value) < minimum:
        raise ApiValueError(f"{caller}() takes {minimum} or more for {name!r}, got {value!r:.80}")
    if maximum is not None and int(value) > maximum:
        raise ApiValueError(f"{caller}() takes {maximum} or less for {name!r}, got {value!r:.80}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value) is not None)


# --- headers ------------------------------------------------------------------------------------------------------

# All that a header's value may not hold: it would end the header and begin another.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What tells where a body ends follows from the body: anything else would be taken for another request.
_FRAMING = frozenset(("content-length", "transfer-encoding"))


def check_header(name: str, value: Any) -> SecretText:
    """A header's value as text.

    Raises:
        ubiops.ApiTypeError: The value is neither text nor bytes.
        ubiops.ApiValueError: Name or value hold characters that a header can't hold. The value is not shown.
    """
    value = hidden(value)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiValueError(f"{name!r:.80} is no name of a header")
    if name.lower() in _FRAMING:
        raise ApiValueError(f"the header {name} is set by the client itself")
    if isinstance(value, SecretBytes):
        value = SecretText(_from_bytes(value))
    if not isinstance(value, SecretText):
        raise ApiTypeError(f"the header {name} takes a string, got {value.kind if value else 'None'}")
    if not value.isascii() and max(value) > "\xff":
        raise ApiValueError(f"the header {name} holds characters that a header can't hold (only Latin-1)")
    if _CONTROL.search(value):
        raise ApiValueError(f"the header {name} holds control characters, such as a line break at its end")
    return value


def latest(headers: dict[str, str]) -> dict[str, str]:
    """Headers of which each is there once, the last one, however their names are spelled."""
    return dict({name.lower(): (name, value) for name, value in headers.items()}.values())


class Headers(SecretDict):
    """Headers by their names, each of them one that can be sent."""

    def take(self, name: str, value: Any) -> SecretText:
        return check_header(name, value)


def _from_bytes(value: bytes) -> str:
    # Not imported before it is needed: hardly anybody gives headers or tokens as bytes.
    from six import ensure_str

    return ensure_str(value, "latin-1")


_AUTH_SCHEME = re.compile(r"(?:(?:token|bearer)\s+)+", re.IGNORECASE)


def authorization(key: str | bytes, prefix: str | None) -> str:
    """The value of the header Authorization for a key and a prefix, however often the prefix was given.

    Args:
        key: The secret, or the secret after its prefix: ``abc``, ``Token abc`` and even ``Token Token abc``.
        prefix: ``Token`` or ``Bearer``; None takes the one of the key, or ``Token``.

    Raises:
        ubiops.ApiValueError: There is no secret in the key, or it holds characters that a header can't hold.
    """
    key = SecretText(key if isinstance(key, str) else _from_bytes(key))
    text = check_header("Authorization", key.strip())
    found = _AUTH_SCHEME.match(text)
    scheme = prefix.strip() if prefix else None
    if found:
        scheme = scheme or found.group().split(None, 1)[0]
        text = SecretText(text[found.end() :])
    elif scheme and text.lower().startswith(scheme.lower() + " "):
        text = SecretText(text[len(scheme) :].strip())
    if not text or text.lower() in ("token", "bearer"):
        raise ApiValueError("the API token is empty: set UBIOPS_API_TOKEN or configuration.api_key['Authorization']")
    return SecretText(f"{check_header('Authorization', scheme or 'Token')} {text}")


# --- body ---------------------------------------------------------------------------------------------------------

_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=json_default).encode


def dump_json(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        ubiops.ApiTypeError: It holds something that JSON has no form for.
        ubiops.ApiValueError: It holds a NaN or an infinity, text that is no valid Unicode, or itself.
    """
    try:
        return SecretBytes(_dump(value).encode())
    except UnicodeEncodeError as error:
        raise ApiValueError(f"the body holds text that is no valid Unicode ({error.reason})") from None
    except RecursionError:
        raise ApiValueError("the body is nested too deeply to be sent as JSON") from None
    except ValueError as error:
        if isinstance(error, ApiValueError):
            raise
        place = _find_unsendable(value)
        what = f" at {place}" if place else ""
        raise ApiValueError(f"the body can't be sent as JSON{what}: {error}") from None
    except TypeError as error:
        if isinstance(error, ApiTypeError):
            raise
        raise ApiTypeError(f"the body can't be sent as JSON: {error}") from None


def _find_unsendable(value: Any, path: str = "data", depth: int = 0) -> str | None:
    """Where a number is that JSON can't hold."""
    if depth > 50:
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    if isinstance(value, Model):
        value = value._to_json()
    items: Any = ()
    if isinstance(value, Mapping):
        items = ((f"{path}[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    for place, item in items:
        found = _find_unsendable(item, place, depth + 1)
        if found:
            return found
    return None


def build_body(operation: Operation, data: Any, model: type[RequestModel] | None, check: bool = True) -> bytes:
    """The JSON body of a call.

    Args:
        operation: The operation that is called.
        data: A model, or a dict, which is checked like the model and sent whole.
        model: The class that ``data`` has or stands for; None for any JSON object.
        check: Whether to hold the data to the model's rules.

    Raises:
        ubiops.ApiTypeError: ``data`` or something in it has the wrong type.
        ubiops.ApiValueError: ``data`` is missing, or something in it breaks a rule.
    """
    if data is None or data is REQUIRED:
        raise missing_argument("data", operation.name)
    if data is NULL:
        raise ApiValueError(f"{operation.name}() can't send null as 'data'")
    if model is None:
        if isinstance(data, str):
            data = _object_from_text(data, operation.name)
        if not isinstance(data, Model):
            check_object(data, f"{operation.name}()", "data", required=True)
    elif check:
        data = as_model(data, model.__name__, model)
    elif isinstance(data, Mapping):
        data = model.from_dict(data)
    return dump_json(data)


def _object_from_text(text: str, caller: str) -> Any:
    """The official client takes JSON text as well as a dict where any object may be sent."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiValueError(f"{caller}() takes a dict or the text of a JSON object for 'data': {error}") from None


# --- options ------------------------------------------------------------------------------------------------------

OPTIONS = frozenset(("_preload_content", "_return_http_data_only", "_request_timeout", "async_req", "_progress_bar"))


def check_options(operation: Operation, options: Mapping[str, Any], known: Sequence[str] = ()) -> None:
    """Refuses a keyword that the method does not have.

    Raises:
        ubiops.ApiTypeError: There is one.
    """
    for name in options:
        if name not in OPTIONS:
            raise ApiTypeError(unknown_keyword(name, operation))


def unknown_keyword(name: str, operation: Operation) -> str:
    """The sentence for a keyword that a method does not have, with the one that was probably meant."""
    from difflib import get_close_matches

    body = ("data",) if operation.body else ()
    names = [
        *operation.parameters,
        *body,
        *(q.name for q in operation.query),
        *operation.form,
        *operation.files,
        *sorted(OPTIONS),
    ]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}"
    return f"{operation.name}() got an unexpected keyword argument {name!r}; {hint}"


class Timeouts(NamedTuple):
    """How long a call may take, in seconds; None means without limit."""

    connect: float | None
    read: float | None
    total: float | None


def read_timeout_option(value: Any, default: Timeouts, name: str = "_request_timeout") -> Timeouts:
    """The limits of a call: a number bounds the whole call, a pair is (connect, read).

    Raises:
        ubiops.ApiTypeError: It is neither.
        ubiops.ApiValueError: A number is not above zero, or not finite.
    """
    if value is None:
        return default
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ApiValueError(f"{name} takes a number of seconds or a pair (connect, read), got {value!r:.80}")
        return Timeouts(check_seconds(value[0], name), check_seconds(value[1], name), None)
    total = check_seconds(value, name)
    return Timeouts(_least(default.connect, total), total, total)


def _least(a: float | None, b: float | None) -> float | None:
    return min((x for x in (a, b) if x is not None), default=None)


_LONGEST = 1_000_000_000
"""Seconds (31 years): more than that are a mistake, and more than some systems can count."""


def check_seconds(value: Any, name: str) -> float | None:
    """A number of seconds above zero, or None.

    Raises:
        ubiops.ApiTypeError: It is no number.
        ubiops.ApiValueError: It is not above zero, or too large.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiTypeError(
            f"{name} takes a number of seconds or a pair (connect, read), got {type(value).__name__}: {value!r:.80}"
        )
    if not 0 < value <= _LONGEST:
        raise ApiValueError(
            f"{name} must be a number of seconds above 0 and up to {_LONGEST}, got {short(value)}; "
            "for no limit use (None, None)"
        )
    return float(value)

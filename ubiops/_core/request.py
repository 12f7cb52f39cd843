"""Builds the path, the query and the body of a request, without any I/O."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ubiops._core.codec import dump_json
from ubiops._core.operation import REQUIRED, Operation, QueryParameter
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import NULL, Model, is_uuid
from ubiops.models._checks import as_model, check_object

if TYPE_CHECKING:
    from ubiops.models._base import RequestModel

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


# --- body ---------------------------------------------------------------------------------------------------------


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


def check_options(operation: Operation, options: Mapping[str, Any]) -> None:
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
        *(q.python for q in operation.query),
        *(q.python for q in operation.headers),
        *(q.python for q in operation.form),
        *operation.files,
        *sorted(OPTIONS),
    ]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}"
    return f"{operation.name}() got an unexpected keyword argument {name!r}; {hint}"

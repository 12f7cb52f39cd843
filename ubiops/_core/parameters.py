"""Parameters as text: for the query, for headers, and for the fields of a form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ubiops._core.headers import check_header
from ubiops._core.operation import REQUIRED
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._core.operation import Operation, Parameter


LABELS = "labels"
"""The parameter that filters by labels, for which a dict is accepted."""


def build_query(operation: Operation, values: tuple[Any, ...], check: bool = True) -> str:
    """Returns the query string of a call, without the question mark.

    Parameters that are None are left out.

    Args:
        operation: The operation to call.
        values: The values, in the operation's order.
        check: Whether to check the values against the parameters' rules.

    Raises:
        ubiops.ApiTypeError: A value has the wrong type.
        ubiops.ApiValueError: A value is missing or breaks a rule.
    """
    __tracebackhide__ = True
    pairs = []
    for parameter, value in zip(operation.query, values):
        text = parameter_text(parameter, value, operation.name, "query", check)
        if text is not None:
            name = parameter.name
            pairs.append(f"{quote(name, safe='')}={quote_text(text, parameter.python, operation.name)}")
    return "&".join(pairs)


def build_headers(operation: Operation, values: tuple[Any, ...], check: bool = True) -> dict[str, str]:
    """Returns the header parameters of a call; those that are None are left out.

    Args, Raises: as ``build_query``.
    """
    __tracebackhide__ = True
    headers: dict[str, str] = {}
    for parameter, value in zip(operation.headers, values):
        text = parameter_text(parameter, value, operation.name, "headers", check)
        if text is not None:
            headers[parameter.name] = check_header(parameter.name, text)
    return headers


def build_form(operation: Operation, values: tuple[Any, ...], check: bool = True) -> dict[str, str]:
    """Returns the plain fields of a multipart body; those that are None are left out.

    Args, Raises: as ``build_query``.
    """
    __tracebackhide__ = True
    fields = {}
    for parameter, value in zip(operation.form, values):
        text = parameter_text(parameter, value, operation.name, "form", check)
        if text is not None:
            fields[parameter.name] = text
    return fields


def parameter_text(parameter: Parameter, value: Any, caller: str, place: str, check: bool = True) -> str | None:
    """Returns a parameter's value as it is sent; None if there is none.

    Args:
        parameter: The parameter.
        value: What the caller gave.
        caller: The method's name, for errors.
        place: ``query``, ``headers`` or ``form``, for errors.
        check: Whether to check the value against the parameter's rules.

    Raises:
        ubiops.ApiTypeError: The value has the wrong type.
        ubiops.ApiValueError: The value is missing or breaks a rule.
    """
    __tracebackhide__ = True
    if value is None or value is REQUIRED:
        if parameter.required:
            raise missing_argument(parameter.python, caller)
        return None
    kind, name = parameter.type, parameter.python
    if name == LABELS and isinstance(value, Mapping):
        if not value:
            return None
        value = _label_filter(value, caller)
    if not kind.startswith("list["):
        if check:
            _check(parameter, kind, value, caller)
        return _text(value, kind, name, caller, place)
    kind = kind[5:-1]
    # The API documents a comma-separated string, which is also what is sent.
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple, set, frozenset)):
        raise ApiTypeError(f"{caller}(): {name!r} must be a list, got {type(value).__name__}: {value!r:.80}")
    texts = []
    for item in items:
        text = _text(item, kind, name, caller, place)
        if check and not isinstance(value, str):
            _check(parameter, kind, item, caller)
            if "," in text:
                raise ApiValueError(f"{caller}() can't send a comma in an item of {name!r}, got {item!r:.80}")
        elif check and parameter.enum is not None:
            _check(parameter, "str", item.strip(), caller)
        texts.append(text)
    return ",".join(texts)


def _label_filter(labels: Mapping[Any, Any], caller: str) -> str:
    """Returns labels in the form of the API's filters: ``name:value,name:value``."""
    pairs = []
    for label, value in labels.items():
        if not isinstance(label, str) or not isinstance(value, (str, int)) or isinstance(value, bool):
            raise ApiTypeError(
                f"{caller}(): {LABELS!r} must be a dict of strings, got {type(label).__name__} {label!r:.80} "
                f"with {type(value).__name__} {value!r:.80}"
            )
        if not label or ":" in label or "," in f"{label}{value}":
            raise ApiValueError(
                f"{caller}() can't send the label {label!r:.80} with the value {value!r:.80}: a filter separates "
                "label and value by a colon, and labels by commas"
            )
        pairs.append(f"{label}:{value}")
    return ",".join(pairs)


def _text(value: Any, kind: str, name: str, caller: str, place: str) -> str:
    __tracebackhide__ = True
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # The value of an enum.Enum that is also a str, and not its name.
        return str.__str__(value)
    if isinstance(value, int) or is_uuid(value) or (isinstance(value, float) and math.isfinite(value)):
        return number_text(value, name, caller)
    if isinstance(value, date):
        return _date_text(value, kind)
    raise ApiTypeError(f"{caller}() can't send {name!r} in the {place}: {type(value).__name__} {value!r:.80}")


def _date_text(value: date, kind: str) -> str:
    if kind == "date":
        return value.strftime("%Y-%m-%d") if isinstance(value, datetime) else value.isoformat()
    text = value.isoformat()
    if isinstance(value, datetime) and value.tzinfo is timezone.utc:
        return text.replace("+00:00", "Z")
    return text


def _check(parameter: Parameter, kind: str, value: Any, caller: str) -> None:
    __tracebackhide__ = True
    name, enum = parameter.python, parameter.enum
    if kind != "object" and kind != "str":
        wanted, accepts = _TYPES[kind]
        if not accepts(value):
            raise ApiTypeError(f"{caller}(): {name!r} must be {wanted}, got {type(value).__name__}: {value!r:.80}")
    if enum is not None and value not in enum and not (kind == "int" and int(value) in enum):
        raise ApiValueError(f"{caller}(): {name!r} must be one of {', '.join(map(repr, enum))}, got {value!r:.80}")
    minimum, maximum = parameter.minimum, parameter.maximum
    if minimum is not None and float(value) < minimum:
        raise ApiValueError(f"{caller}(): {name!r} must be at least {minimum}, got {value!r:.80}")
    if maximum is not None and float(value) > maximum:
        raise ApiValueError(f"{caller}(): {name!r} must be at most {maximum}, got {value!r:.80}")


def _is_integer(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"-?[0-9]{1,18}", value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, date)
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_datetime(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, date)
    from ubiops._core.dates import read_datetime

    return isinstance(read_datetime(value), date)


_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "int": ("an integer", _is_integer),
    "float": ("a number", _is_number),
    "bool": ("True or False", lambda value: isinstance(value, bool)),
    "date": ("a date or an ISO 8601 string", _is_date),
    "datetime": ("a datetime or an ISO 8601 string", _is_datetime),
}


def number_text(value: Any, name: str, caller: str) -> str:
    """Returns a number or a UUID as text; ``name`` and ``caller`` are for errors."""
    try:
        return str(int(value)) if isinstance(value, int) else str(value)
    except ValueError:
        raise ApiValueError(f"{caller}() can't send {name!r}: the number has too many digits") from None


def quote_text(value: str, name: str, caller: str, safe: str = "") -> str:
    """Returns a text percent-encoded; ``name`` and ``caller`` are for errors."""
    try:
        return quote(value, safe=safe)
    except UnicodeEncodeError as error:
        raise ApiValueError(
            f"{caller}() can't send {name!r}: {value!r:.80} is not valid Unicode text ({error.reason})"
        ) from None


def missing_argument(name: str, caller: str, note: str = "") -> ApiValueError:
    """Returns the error for a missing or None argument, followed by ``note``."""
    return ApiValueError(f"{caller}() needs a value for {name!r}: it is missing or None{note}")

"""The body of a request that is held in memory: JSON or plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ubiops._core.codec import dump_json
from ubiops._core.redact import SecretBytes
from ubiops._core.results import find_model
from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import NULL, Model, RequestModel, is_uuid
from ubiops.models._checks import as_model, check_object

if TYPE_CHECKING:
    from ubiops._core.operation import Operation

JSON = "application/json"
TEXT = "text/plain"

_SCALARS: dict[str, tuple[str, tuple[type, ...]]] = {
    "str": ("a string", (str,)),
    "int": ("an integer", (int,)),
    "float": ("a number", (int, float)),
    "bool": ("True or False", (bool,)),
}


def build_body(operation: Operation, data: Any, check: bool = True) -> tuple[bytes, str]:
    """Returns the body of a call and its media type.

    Args:
        operation: The operation to call. It has a body, which is not ``file``.
        data: What the caller gave: a value of the body's type, with dicts in place of
            models, which are checked like models and sent whole.
        check: Whether to check the data.

    Raises:
        ubiops.ApiTypeError: ``data`` or something in it has the wrong type.
        ubiops.ApiValueError: Something in ``data`` breaks a rule.
    """
    __tracebackhide__ = True
    kind, caller = operation.body or "any", operation.name
    if operation.text_body and isinstance(data, str):
        try:
            return SecretBytes(data.encode()), TEXT
        except UnicodeEncodeError as error:
            raise ApiValueError(
                f"{caller}() can't send 'data': it is not valid Unicode text ({error.reason})"
            ) from None
    if data is NULL and kind != "any":
        raise ApiValueError(f"{caller}() can't send null as 'data'")
    return dump_json(_value(kind, data, caller, "data", check)), JSON


def _value(kind: str, data: Any, caller: str, name: str, check: bool) -> Any:
    """Returns a value that is ready to be written as JSON, checked against its type."""
    __tracebackhide__ = True
    if kind == "any":
        return data
    one, union, _ = kind.partition(" | ")
    if union:
        kind = f"list[{one}]" if isinstance(data, (list, tuple)) else one
    if kind.startswith("list["):
        return _list(kind[5:-1], data, caller, name, check)
    if kind == "object" or kind.startswith("dict("):
        return _object(kind, data, caller, name, check)
    if kind in _SCALARS or kind in ("date", "datetime"):
        return _scalar(kind, data, caller, name) if check else data
    cls: Any = find_model(kind)
    if check:
        try:
            return as_model(data, kind if name == "data" else f"{kind} ({name})", cls)
        except (ApiTypeError, ApiValueError) as error:
            if not isinstance(data, Model) or isinstance(data, cls):
                raise
            # A response that was changed can be sent, so that another class alone is no
            # error.
            wrong = ApiTypeError if isinstance(data, RequestModel) else type(error)
            raise wrong(f"{caller}(): {name!r} must be a {kind}, got a {type(data).__name__}: {error}") from None
    return cls.from_dict(data) if isinstance(data, Mapping) else data


def _list(item: str, data: Any, caller: str, name: str, check: bool) -> Any:
    __tracebackhide__ = True
    if isinstance(data, str) and name == "data":
        data = _from_text(data, caller, "a list or the text of a JSON list")
    if not isinstance(data, (list, tuple)):
        if not check:
            return data
        raise ApiTypeError(f"{caller}(): {name!r} must be a list, got {type(data).__name__}: {truncated_repr(data)}")
    return [_value(item, one, caller, f"{name}[{index}]", check) for index, one in enumerate(data)]


def _object(kind: str, data: Any, caller: str, name: str, check: bool) -> Any:
    __tracebackhide__ = True
    if isinstance(data, str) and name == "data":
        parsed: Any = _from_text(data, caller, "a dict or the text of a JSON object")
    else:
        parsed = data
    if isinstance(parsed, Model):
        return parsed
    # Checked in any case, because nothing else can be meant.
    check_object(parsed, f"{caller}()", name, required=True)
    if kind == "object" or not check:
        return parsed
    item = kind[kind.index(",") + 1 : -1].strip()
    return {key: _value(item, one, caller, f"{name}[{key!r}]", check) for key, one in parsed.items()}


def _scalar(kind: str, data: Any, caller: str, name: str) -> Any:
    __tracebackhide__ = True
    if kind in _SCALARS:
        wanted, types = _SCALARS[kind]
        valid = isinstance(data, types) and (kind == "bool" or not isinstance(data, bool))
        valid = valid or (kind == "str" and is_uuid(data))
    else:
        from ubiops._core.dates import read_datetime

        wanted, valid = "a date or an ISO 8601 string", hasattr(read_datetime(data), "isoformat")
    if not valid:
        raise ApiTypeError(f"{caller}(): {name!r} must be {wanted}, got {type(data).__name__}: {truncated_repr(data)}")
    return data


def _from_text(text: str, caller: str, wanted: str) -> Any:
    """Parses JSON text, which the official client accepts as well."""
    __tracebackhide__ = True
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiValueError(f"{caller}(): 'data' must be {wanted}: {error}") from None

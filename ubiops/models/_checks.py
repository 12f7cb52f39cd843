"""Checks of the fields of models that are sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ubiops._core.dates import read_datetime
from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import NULL, Model, RequestModel, is_uuid


def _missing(where: str, name: str) -> ApiValueError:
    return ApiValueError(f"{where}.{name} must be given (it is required), got None")


def _wrong_type(where: str, name: str, expected: str, value: Any, shown: str | None = None) -> ApiTypeError:
    return ApiTypeError(
        f"{where}.{name} must be {expected}, got {type(value).__name__}: {shown or truncated_repr(value)}"
    )


def _wrong(where: str, name: str, rule: str, value: Any, shown: str | None = None) -> ApiValueError:
    return ApiValueError(f"{where}.{name} must {rule}, got {shown or truncated_repr(value)}")


def _given(value: Any, where: str, name: str, required: bool) -> bool:
    if value is None:
        if required:
            raise _missing(where, name)
        return False
    if value is NULL:
        if required:
            raise ApiValueError(f"{where}.{name} must not be null (it is required), got ubiops.NULL")
        return False
    return True


def check_string(
    value: Any,
    where: str,
    name: str,
    *,
    required: bool = False,
    min_length: int | None = None,
    max_length: int | None = None,
    enum: tuple[str, ...] | None = None,
    pattern: str | None = None,
    pattern_words: str | None = None,
    secret: bool = False,
) -> None:
    """Refuses a value that is no string, or one that breaks the field's rules; that of a secret is not shown."""
    if not _given(value, where, name, required):
        return
    shown = "***" if secret else None
    if not isinstance(value, str):
        # A UUID is what people have in hand where the API takes one as a string.
        if is_uuid(value):
            return
        raise _wrong_type(where, name, "a string", value, shown)
    length = len(value)
    if min_length is not None and length < min_length:
        raise _wrong(where, name, f"have at least {_characters(min_length)}", value, shown)
    if max_length is not None and length > max_length:
        limit = f"at most {_characters(max_length)}"
        raise ApiValueError(f"{where}.{name} must have {limit}, got {length}: {shown or truncated_repr(value)}")
    if enum is not None and value not in enum:
        raise _wrong(where, name, f"be one of {', '.join(map(repr, enum))}", value, shown)
    if pattern is not None and not re.search(pattern, value):
        rule = f"be {pattern_words}" if pattern_words else f"match the pattern {pattern}"
        raise _wrong(where, name, rule, value, shown)


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"


def check_boolean(value: Any, where: str, name: str, *, required: bool = False) -> None:
    """Refuses a value that is neither True nor False."""
    if _given(value, where, name, required) and not isinstance(value, bool):
        raise _wrong_type(where, name, "True or False", value)


def check_integer(
    value: Any, where: str, name: str, *, required: bool = False, minimum: int | None = None, maximum: int | None = None
) -> None:
    """Refuses a value that is no whole number, or out of its range."""
    if not _given(value, where, name, required):
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(where, name, "a whole number", value)
    _check_range(value, where, name, minimum, maximum)


def check_number(
    value: Any,
    where: str,
    name: str,
    *,
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> None:
    """Refuses a value that is no finite number, or out of its range."""
    if not _given(value, where, name, required):
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong_type(where, name, "a number", value)
    if not math.isfinite(value):
        raise _wrong(where, name, "be a finite number", value)
    _check_range(value, where, name, minimum, maximum)


def _check_range(value: float, where: str, name: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        raise _wrong(where, name, f"be at least {minimum}", value)
    if maximum is not None and value > maximum:
        raise _wrong(where, name, f"be at most {maximum}", value)


def check_datetime(value: Any, where: str, name: str, *, required: bool = False) -> None:
    """Refuses a value that is no date: a ``datetime``, or a string in a form that can be read as one."""
    if _given(value, where, name, required) and not isinstance(read_datetime(value), datetime):
        raise _wrong_type(where, name, "a datetime or an ISO 8601 string", value)


def check_object(value: Any, where: str, name: str, *, required: bool = False) -> None:
    """Refuses a value that is no mapping with strings as keys."""
    if not _given(value, where, name, required):
        return
    if not isinstance(value, Mapping):
        raise _wrong_type(where, name, "a dict", value)
    for key in value:
        if not isinstance(key, str):
            raise ApiTypeError(
                f"{where}.{name} must have strings as keys, got {type(key).__name__}: {truncated_repr(key)}"
            )


def check_string_map(value: Any, where: str, name: str, *, required: bool = False) -> None:
    """Refuses a value that does not map strings to strings."""
    check_object(value, where, name, required=required)
    if value:
        for key, item in value.items():
            if not isinstance(item, str):
                raise _wrong_type(where, f"{name}[{key!r}]", "a string", item)


def check_list(value: Any, where: str, name: str, *, required: bool = False) -> bool:
    """Refuses a value that is no list or tuple; tells whether there is one."""
    if not _given(value, where, name, required):
        return False
    if not isinstance(value, (list, tuple)):
        raise _wrong_type(where, name, "a list", value)
    return True


def check_strings(value: Any, where: str, name: str, *, required: bool = False, **rules: Any) -> None:
    """Refuses a value that is no list of strings, each by the same rules as ``check_string``."""
    if check_list(value, where, name, required=required):
        for index, item in enumerate(value):
            check_string(item, where, f"{name}[{index}]", required=True, **rules)


def check_integers(value: Any, where: str, name: str, *, required: bool = False, **rules: Any) -> None:
    """Refuses a value that is no list of whole numbers, each by the same rules as ``check_integer``."""
    if check_list(value, where, name, required=required):
        for index, item in enumerate(value):
            check_integer(item, where, f"{name}[{index}]", required=True, **rules)


def check_model(value: Any, where: str, name: str, cls: type[RequestModel], *, required: bool = False) -> None:
    """Refuses a value that is neither the model nor a dict that follows its rules."""
    if _given(value, where, name, required):
        as_model(value, f"{where}.{name}", cls)


def check_models(value: Any, where: str, name: str, cls: type[RequestModel], *, required: bool = False) -> None:
    """Refuses a value that is no list of such models or dicts."""
    if check_list(value, where, name, required=required):
        for index, item in enumerate(value):
            check_model(item, where, f"{name}[{index}]", cls, required=True)


def as_model(value: Any, where: str, cls: type[RequestModel]) -> RequestModel:
    """A model, or a dict read as that model, checked by the model's rules."""
    if isinstance(value, Mapping):
        value = cls.from_dict(value)
    elif isinstance(value, Model) and not isinstance(value, cls):
        # A model of another class will do when its fields do: such as a detail that was read, changed and sent back.
        value = cls.from_dict(value._to_json())
    if not isinstance(value, cls):
        raise ApiTypeError(
            f"{where} must be a {cls.__name__} or a dict, got {type(value).__name__}: {truncated_repr(value)}"
        )
    value._check(where)
    return value

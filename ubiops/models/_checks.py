"""Validation of models before they are sent. Reports all invalid fields at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Union

from ubiops._core.dates import read_date, read_datetime
from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError, ApiValueError
from ubiops.models._base import Model, is_uuid
from ubiops.models._writing import NULL

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops.models._base import RequestModel
    from ubiops.models._fields import Field
    from ubiops.models._kinds import Kind


class _Problem:
    """A problem of a value: the error class and the message."""

    __slots__ = ("error", "words")

    def __init__(self, error: type[ApiTypeError] | type[ApiValueError], words: str) -> None:
        self.error, self.words = error, words


_Place = Union[str, "tuple[_Place, str | int]"]
"""Where a value is: a name, or a place and what follows it.

What follows is the name of a field, the position in a list, or a key in brackets. The
text is only written if there is a problem.
"""


def _text(place: _Place) -> str:
    if isinstance(place, str):
        return place
    parent, part = place
    if isinstance(part, int):
        return f"{_text(parent)}[{part}]"
    return f"{_text(parent)}{part if part[:1] == '[' else f'.{part}'}"


class _Report:
    """Collects what is wrong with the values of a model."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[tuple[_Place, _Problem]] = []

    def add(self, place: _Place, problem: _Problem) -> None:
        """Adds a problem."""
        self._found.append((place, problem))

    def finish(self, where: str) -> None:
        """Raises an error if there is a problem; ApiTypeError for wrong types only."""
        __tracebackhide__ = True
        if not self._found:
            return
        lines = [f"{_text(place)} {problem.words}" for place, problem in self._found]
        error = ApiTypeError if {problem.error for _, problem in self._found} == {ApiTypeError} else ApiValueError
        if len(lines) == 1:
            raise error(lines[0])
        raise error("\n  ".join([f"{where} has {len(lines)} invalid values:", *lines]))


_MISSING = _Problem(ApiValueError, "must be given (it is required), got None")
_MISSING_OR_NULL = _Problem(ApiValueError, "must be given (it is required; ubiops.NULL sends null), got None")
_NULL = _Problem(ApiValueError, "must not be null (it is required), got ubiops.NULL")


def _shown(value: Any, field: Field | None) -> str:
    return "***" if field is not None and field.may_be_secret else truncated_repr(value)


def _wrong_type(expected: str, value: Any, field: Field | None) -> _Problem:
    return _Problem(ApiTypeError, f"must {expected}, got {type(value).__name__}: {_shown(value, field)}")


def _wrong_value(rule: str, value: Any, field: Field) -> _Problem:
    return _Problem(ApiValueError, f"must {rule}, got {_shown(value, field)}")


def validate(model: Model, where: str) -> None:
    """Validates a model.

    Args:
        model: The model.
        where: What to call it in the message.

    Raises:
        ubiops.ApiTypeError: Values have the wrong types.
        ubiops.ApiValueError: A value is missing or breaks a rule.
    """
    __tracebackhide__ = True
    report = _Report()
    _validate(type(model), model._values, where, report)
    report.finish(where)


def as_model(value: Any, where: str, cls: type[RequestModel]) -> RequestModel:
    """Returns a model, or a dict read as that model, validated.

    Args:
        value: The model or the dict.
        where: What to call it in the message.
        cls: The class of the model.

    Raises:
        ubiops.ApiTypeError: It is neither, or values in it have the wrong types.
        ubiops.ApiValueError: A value in it is missing or breaks a rule.
    """
    __tracebackhide__ = True
    if isinstance(value, Mapping):
        _warn_misspelled(cls, value, where)
        value = cls.from_dict(value)
    elif isinstance(value, Model) and not isinstance(value, cls):
        # A model of another class will do if its fields do, such as a response that
        # was changed.
        value = cls.from_dict(value._to_json())
    if not isinstance(value, cls):
        raise ApiTypeError(
            f"{where} must be a {cls.__name__} or a dict, got {type(value).__name__}: {truncated_repr(value)}"
        )
    validate(value, where)
    return value


def check_object(value: Any, where: str, name: str, *, required: bool = False) -> None:
    """Validates a JSON object that is not a model.

    Raises:
        ubiops.ApiTypeError: The value is not a mapping with strings as keys.
        ubiops.ApiValueError: The value is required and missing.
    """
    report = _Report()
    place = where, name
    if value is None or value is NULL:
        if required:
            report.add(place, _MISSING)
    elif problem := _check_keys(value, None):
        report.add(place, problem)
    report.finish(where)


def _warn_misspelled(cls: type[Model], data: Mapping[str, Any], place: _Place) -> None:
    if not data.keys() <= cls._by_key.keys():
        from ubiops.models._unknown import warn_misspelled

        warn_misspelled(cls, data, _text(place))


def _validate(cls: type[Model], values: Mapping[str, Any], place: _Place, report: _Report) -> None:
    for key, field in cls._by_key.items():
        value = values.get(key)
        if value is None:
            if field.required:
                report.add((place, field.name), _MISSING_OR_NULL if field.nullable else _MISSING)
        elif value.__class__ is field.sufficient:
            pass
        elif value is NULL:
            if field.required and not field.nullable:
                report.add((place, field.name), _NULL)
        elif simple := _SIMPLE.get(field.kind.name):
            if problem := simple(value, field):
                report.add((place, field.name), problem)
        else:
            _COMPOUND[field.kind.name](value, (place, field.name), field, field.kind, report)


def _check_item(value: Any, place: _Place, part: str | int, field: Field, kind: Kind, report: _Report) -> None:
    simple = _SIMPLE.get(kind.name)
    if simple is None:
        _COMPOUND[kind.name](value, (place, part), field, kind, report)
    elif problem := simple(value, field):
        report.add((place, part), problem)


# --- simple values --------------------------------------------------------------------


def _check_any(value: Any, field: Field) -> _Problem | None:
    """Accepts every value. Writing it as JSON finds what can't be sent."""
    return None


def _check_string(value: Any, field: Field) -> _Problem | None:
    if not isinstance(value, str):
        # Users often have a UUID where the API expects one as a string.
        return None if is_uuid(value) else _wrong_type("be a string", value, field)
    length = len(value)
    rules = field.rules
    least, most, pattern = rules["min_length"], rules["max_length"], rules["pattern"]
    if least is not None and length < least:
        return _wrong_value(f"have at least {_characters(least)}", value, field)
    if most is not None and length > most:
        shown = _shown(value, field)
        return _Problem(ApiValueError, f"must have at most {_characters(most)}, got {length}: {shown}")
    if pattern is not None and not re.search(pattern, value):
        words = rules["pattern_words"]
        return _wrong_value(f"be {words}" if words else f"match the pattern {pattern}", value, field)
    return None


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"


def _check_choice(value: Any, field: Field) -> _Problem | None:
    choices = field.kind.choices
    if value.__class__ is str and value in choices:
        return None
    proper, words = (str, "a string") if field.kind.declared == "str" else (int, "an integer")
    if not isinstance(value, proper) or isinstance(value, bool):
        return _wrong_type(f"be {words}", value, field)
    return None if value in choices else _wrong_value(f"be one of {', '.join(map(repr, choices))}", value, field)


def _check_boolean(value: Any, field: Field) -> _Problem | None:
    return None if isinstance(value, bool) else _wrong_type("be True or False", value, field)


def _check_integer(value: Any, field: Field) -> _Problem | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return _wrong_type("be an integer", value, field)
    return _check_range(value, field)


def _check_number(value: Any, field: Field) -> _Problem | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return _wrong_type("be a number", value, field)
    if not math.isfinite(value):
        return _wrong_value("be a finite number", value, field)
    return _check_range(value, field)


def _check_range(value: float, field: Field) -> _Problem | None:
    least, most = field.rules["minimum"], field.rules["maximum"]
    if least is not None and value < least:
        return _wrong_value(f"be at least {least}", value, field)
    if most is not None and value > most:
        return _wrong_value(f"be at most {most}", value, field)
    return None


def _check_datetime(value: Any, field: Field) -> _Problem | None:
    if isinstance(read_datetime(value), datetime):
        return None
    return _wrong_type("be a datetime or an ISO 8601 string", value, field)


def _check_date(value: Any, field: Field) -> _Problem | None:
    # A datetime is a date to Python, but it would be sent with its time.
    if isinstance(read_date(value), date) and not isinstance(value, datetime):
        return None
    return _wrong_type("be a date or a string such as '2024-12-31'", value, field)


def _check_keys(value: Any, field: Field | None) -> _Problem | None:
    if value.__class__ is not dict and not isinstance(value, Mapping):
        return _wrong_type("be a dict", value, field)
    for key in value:
        if not isinstance(key, str):
            return _wrong_type("have strings as keys", key, field)
    return None


_SIMPLE: dict[str, Callable[[Any, Field], _Problem | None]] = {
    "any": _check_any,
    "boolean": _check_boolean,
    "choice": _check_choice,
    "date": _check_date,
    "datetime": _check_datetime,
    "integer": _check_integer,
    "number": _check_number,
    "object": _check_keys,
    "string": _check_string,
}


# --- containers -----------------------------------------------------------------------


def _check_map(value: Any, place: _Place, field: Field, kind: Kind, report: _Report) -> None:
    if problem := _check_keys(value, field):
        report.add(place, problem)
    elif kind.item:
        for key, item in value.items():
            _check_item(item, place, f"[{key!r}]", field, kind.item, report)


def _check_list(value: Any, place: _Place, field: Field, kind: Kind, report: _Report) -> None:
    if not isinstance(value, (list, tuple)):
        report.add(place, _wrong_type("be a list", value, field))
    elif kind.item:
        for index, item in enumerate(value):
            if item is None or item is NULL:
                report.add((place, index), _MISSING if item is None else _NULL)
            else:
                _check_item(item, place, index, field, kind.item, report)


def _check_model(value: Any, place: _Place, field: Field, kind: Kind, report: _Report) -> None:
    cls = field.model()
    if isinstance(value, Mapping):
        _warn_misspelled(cls, value, place)
        _validate(cls, value, place, report)
    elif isinstance(value, Model):
        _validate(cls, value._values if isinstance(value, cls) else value._to_json(), place, report)
    else:
        report.add(place, _wrong_type(f"be a {cls.__name__} or a dict", value, field))


_COMPOUND: dict[str, Callable[[Any, _Place, Field, Kind, _Report], None]] = {
    "list": _check_list,
    "map": _check_map,
    "model": _check_model,
}

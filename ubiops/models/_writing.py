"""Models as plain values and as JSON, and JSON null."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError
from ubiops.models._storage import Storage

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

    from ubiops.models._base import Model
    from ubiops.models._fields import Field


class Null:
    """The type of ``ubiops.NULL``."""

    __slots__ = ()
    _instance: ClassVar[Null | None] = None

    def __new__(cls) -> Null:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "ubiops.NULL"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str | tuple[Any, ...]:
        return (Null, ())


NULL = Null()
"""JSON ``null``, to clear a field on the server. ``None`` means 'not given'."""


def is_model(value: Any) -> TypeGuard[Model]:
    """Whether a value is a model."""
    return isinstance(value, Storage)


def settle(model: Model) -> None:
    """Reads all values that have not been read yet."""
    if model._unread:
        for name in type(model)._attributes:
            getattr(model, name)
        model._unread = 0


def given(model: Model) -> dict[str, Any]:
    """Returns the values that are given, and the unknown fields."""
    known = type(model)._by_key
    values = {key: value for key, value in model._values.items() if value is not None or key not in known}
    if len(model._values) > model._received:
        for key in others(model)[1]:
            values.pop(key, None)
    return values


def others(model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the unknown fields of the object, and the attributes set by the user."""
    found: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    known = type(model)._by_key
    for position, (key, value) in enumerate(model._values.items()):
        if key not in known:
            found[position >= model._received][key] = value
    return found


def hidden(model: Model) -> list[Field]:
    """Returns the fields with values that must not be shown."""
    return [
        one
        for one in type(model)._secrets
        # Only an explicit False makes the value public: when in doubt it is a secret.
        if getattr(model, one.name) is not None
        and (one.sensitive or getattr(model, one.sensitive_unless_false) is not False)
    ]


# Immutable values need no copy; nearly all values are.
_FIXED = frozenset((str, int, float, bool, type(None), datetime, date, Null))


def as_dict(model: Model, redacted: bool = False) -> dict[str, Any]:
    """Returns a model as plain values by their names in JSON."""
    cls = type(model)
    settle(model)
    result = {**cls._absent, **model._values}
    for key in cls._deep:
        value = result[key]
        if value is not None:
            result[key] = plain(value, redacted)
    if len(result) > len(cls._absent):
        unknown, extra = others(model)
        result.update((key, plain(value, redacted)) for key, value in unknown.items())
        for key in extra:
            del result[key]
    if redacted:
        result.update((one.key, "***") for one in hidden(model))
    return result


def plain(value: Any, redacted: bool = False) -> Any:
    """Returns a copy of ``value`` in which models are dicts."""
    if value.__class__ in _FIXED:
        return value
    if is_model(value):
        return as_dict(value, redacted)
    if value.__class__ is dict or isinstance(value, Mapping):
        return {name: plain(item, redacted) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, redacted) for item in value]
    import copy

    return copy.copy(value)


def is_uuid(value: Any) -> bool:
    """Whether a value is a UUID. Whoever created one has imported uuid."""
    module = sys.modules.get("uuid")
    return module is not None and isinstance(value, module.UUID)


def iso_text(value: date) -> str:
    """Returns a date or a time as ISO 8601. Without a zone, the API assumes UTC."""
    text = value.isoformat()
    return text.replace("+00:00", "Z") if getattr(value, "tzinfo", None) is timezone.utc else text


def json_default(value: Any) -> Any:
    """Returns the JSON form of a value that ``json.dumps`` does not support.

    Raises:
        ubiops.ApiTypeError: The value has no sensible form in JSON.
    """
    if is_model(value):
        return value._to_json()
    if isinstance(value, date):
        # A time is sent as given, with its zone.
        return iso_text(value)
    if is_uuid(value):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)) or (
        isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray))
    ):
        return list(value)
    if value is NULL:
        return None
    raise ApiTypeError(f"a value of type {type(value).__name__} can't be sent as JSON: {truncated_repr(value)}")

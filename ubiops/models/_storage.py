"""How an attribute of a model finds its value in the JSON object."""

from __future__ import annotations

import _thread
import os
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops.models._fields import Field


class Storage:
    """The memory of a model.

    ``_values`` is the real ``__dict__`` of the instance, and the JSON object itself.
    (The name ``__dict__`` shows something else in models.) The first ``_received`` keys
    were received. Later keys that are not fields are attributes that the
    user has set. ``_unread`` has a bit for each field whose value is still the JSON
    that was received.
    """

    __slots__ = ("__dict__", "_received", "_unread")

    if TYPE_CHECKING:
        _values: dict[str, Any]
        _received: int
        _unread: int


if not TYPE_CHECKING:
    Storage._values = vars(Storage)["__dict__"]

_lock = _thread.RLock()
if hasattr(os, "register_at_fork"):
    # Another thread may hold the lock while the process forks.
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]


def attribute_of(field: Field, bit: int) -> property | None:
    """Returns the property of a field; None if it needs none.

    A field that needs no reading and has the same name in Python and in JSON is found
    in the instance's dict. The property of another is made of functions that know
    their field: this is the fastest descriptor that can be written in Python.

    Args:
        field: The field.
        bit: A bit of ``_unread`` that no other field has.
    """
    key = field.key

    def set_value(model: Storage, value: Any) -> None:
        with _lock:
            model._values[key] = value
            model._unread &= ~bit

    def get_value(model: Storage) -> Any:
        return model._values.get(key)

    getter: Callable[[Storage], Any] = get_value
    if field.kind.read:
        getter = _date_getter(field, bit, set_value)
    elif field.kind.model:
        getter = _nested_getter(field, bit, set_value)
    elif key == field.name:
        return None
    return property(getter, set_value, lambda model: set_value(model, None))


def _date_getter(field: Field, bit: int, set_value: Callable[[Storage, Any], None]) -> Callable[[Storage], Any]:
    """Returns how to get a date, which is read when it is first used.

    In a long list most dates are never used, and reading them would take longer than
    everything else.
    """
    key, read = field.key, cast("Callable[[Any], Any]", field.kind.read)

    def get_date(model: Storage) -> Any:
        values = model._values
        value = values.get(key)
        if value.__class__ is str and model._unread & bit:
            value = values[key] = read(value)
            if value.__class__ is str:
                # It can't be read, and this is not retried.
                set_value(model, value)
        return value

    return get_date


def _nested_getter(field: Field, bit: int, set_value: Callable[[Storage, Any], None]) -> Callable[[Storage], Any]:
    """Returns how to get nested models, which are built when they are first used."""
    key = field.key

    def get_nested(model: Storage) -> Any:
        if model._unread & bit:
            # All threads get the same models.
            with _lock:
                if model._unread & bit:
                    set_value(model, field.read(model._values.get(key)))
        return model._values.get(key)

    return get_nested

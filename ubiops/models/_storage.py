"""How an attribute of a model finds its value in the JSON object."""

from __future__ import annotations

import _thread
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


class Attribute:
    """The attribute of a field whose name in JSON is not the one in Python.

    Other fields that need no reading are found in the instance's dict.
    """

    __slots__ = ("_bit", "_field", "_key")

    def __init__(self, field: Field, bit: int) -> None:
        self._field, self._key, self._bit = field, field.key, bit

    def __get__(self, model: Storage | None, owner: type) -> Any:
        return self if model is None else model._values.get(self._key)

    def __set__(self, model: Storage, value: Any) -> None:
        with _lock:
            model._values[self._key] = value
            model._unread &= ~self._bit

    def __delete__(self, model: Storage) -> None:
        self.__set__(model, None)


class DateAttribute(Attribute):
    """The attribute of a date, which is read when it is first used.

    In a long list most dates are never used, and reading them would take longer than
    everything else.
    """

    __slots__ = ("_read",)

    def __init__(self, field: Field, bit: int) -> None:
        super().__init__(field, bit)
        self._read: Any = field.kind.read

    def __get__(self, model: Storage | None, owner: type) -> Any:
        if model is None:
            return self
        values = model._values
        value = values.get(self._key)
        if value.__class__ is str and model._unread & self._bit:
            value = values[self._key] = self._read(value)
            if value.__class__ is str:
                # It can't be read, and this is not retried.
                self.__set__(model, value)
        return value


class NestedAttribute(Attribute):
    """The attribute of nested models, which are built when they are first used."""

    __slots__ = ()

    def __get__(self, model: Storage | None, owner: type) -> Any:
        if model is None:
            return self
        if model._unread & self._bit:
            # All threads get the same models.
            with _lock:
                if model._unread & self._bit:
                    self.__set__(model, self._field.read(model._values.get(self._key)))
        return model._values.get(self._key)


def attribute_of(field: Field, bit: int) -> Attribute | None:
    """Returns the descriptor of a field; None if it needs none.

    Args:
        field: The field.
        bit: A bit of ``_unread`` that no other field has.
    """
    if field.kind.read:
        return DateAttribute(field, bit)
    if field.kind.model:
        return NestedAttribute(field, bit)
    return None if field.key == field.name else Attribute(field, bit)

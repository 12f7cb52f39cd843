"""Strings, bytes and dicts whose repr is redacted.

Error reporters record the repr of every local variable in a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class SecretStr(str):
    """A string whose repr is masked, as in a debugger or an error report."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def strip(self, chars: str | None = None, /) -> SecretStr:
        return SecretStr(super().strip(chars))


class SecretBytes(bytes):
    """Bytes whose repr shows only their number: a body may contain a secret value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


class Redacted:
    """Stands for a rejected value, which may be a secret. Keeps its type's name."""

    __slots__ = ("kind",)

    def __init__(self, value: Any) -> None:
        self.kind = type(value).__name__

    def __repr__(self) -> str:
        return "'***'"


def redact(value: Any) -> Any:
    """Returns a masked string or masked bytes; ``Redacted`` for other types but None.

    Every function that takes a secret from the user calls this first, so that no frame
    of a traceback holds the plain value.
    """
    if value is None or isinstance(value, (SecretStr, SecretBytes, Redacted)):
        return value
    if isinstance(value, str):
        return SecretStr(value)
    return SecretBytes(value) if isinstance(value, (bytes, bytearray)) else Redacted(value)


def redact_items(values: Any) -> Any:
    """Returns a dict of masked values; ``Redacted`` for other types but None."""
    if isinstance(values, Mapping):
        return {name: redact(value) for name, value in values.items()}
    return values if values is None or isinstance(values, Redacted) else Redacted(values)


class SecretDict(dict):  # type: ignore[type-arg]
    """Secrets by name: masked in the repr, and left out of pickles."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.update(values or {})

    def take(self, name: str, value: Any) -> Any:
        """Returns what is stored for a value, which is masked already."""
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        value = redact(value)
        super().__setitem__(name, self.take(name, value))

    def update(self, *args: Any, **kwargs: Any) -> None:
        values = redact_items(dict(*args, **kwargs))
        del args, kwargs
        for name, value in values.items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        default = redact(default)
        if name not in self:
            self[name] = default
        return self[name]

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        self.update(other)
        return self

    def copy(self) -> Self:
        return type(self)(self)

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, "***"))

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickle may be stored or sent: it must not contain the token.
        return type(self), ()

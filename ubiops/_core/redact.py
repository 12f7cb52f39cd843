"""Values that show themselves to nobody: error reporters write down the repr of each local variable of a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class SecretStr(str):
    """A text whose repr, as in a debugger or an error report, is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def strip(self, chars: str | None = None, /) -> SecretStr:
        return SecretStr(super().strip(chars))


class SecretBytes(bytes):
    """Bytes that show only how many they are: a body may hold the value of a secret variable."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


class Redacted:
    """What stands for a value of a wrong type, which may hold a secret too: nothing is left of it but its type."""

    __slots__ = ("kind",)

    def __init__(self, value: Any) -> None:
        self.kind = type(value).__name__

    def __repr__(self) -> str:
        return "'***'"


def redact(value: Any) -> Any:
    """A text or bytes in a form that is masked, ``Redacted`` in place of anything else but None.

    Whatever takes a secret from the user calls it first of all, so that no frame of a traceback holds the bare one.
    """
    if value is None or isinstance(value, (SecretStr, SecretBytes, Redacted)):
        return value
    if isinstance(value, str):
        return SecretStr(value)
    return SecretBytes(value) if isinstance(value, (bytes, bytearray)) else Redacted(value)


def redact_items(values: Any) -> Any:
    """A mapping as a dict in which each value is hidden, ``Redacted`` in place of anything else but None."""
    if isinstance(values, Mapping):
        return {name: redact(value) for name, value in values.items()}
    return values if values is None or isinstance(values, Redacted) else Redacted(values)


class SecretDict(dict):  # type: ignore[type-arg]
    """Secrets by their names: hidden as they come in, masked when they are shown, left behind by a pickle."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.update(values or {})

    def take(self, name: str, value: Any) -> Any:
        """What is kept of a value that comes in; it is hidden already."""
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
        # A pickle travels and is kept: it must not carry the token.
        return type(self), ()

"""The API token, and other secrets by identifier."""

from __future__ import annotations

from typing import Any

from ubiops._core.redact import Redacted, SecretDict, redact
from ubiops.exceptions import ApiTypeError

AUTHORIZATION = "Authorization"
"""The identifier of the API token."""


class ApiKeys(SecretDict):
    """Keys by identifier. ``Authorization`` can be written in any case."""

    def __setitem__(self, name: str, value: Any) -> None:
        value = redact(value)
        name = _identifier(name)
        if name != AUTHORIZATION:
            _warn_misspelled(name)
        super().__setitem__(name, value)

    def __missing__(self, name: str) -> Any:
        if _identifier(name) != name:
            return self[_identifier(name)]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(_identifier(name), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(_identifier(name))

    def take(self, name: str, value: Any) -> Any:
        if isinstance(value, Redacted):
            raise ApiTypeError(f"api_key[{name!r}] must be a string, got {value.kind}")
        return value


def _warn_misspelled(name: Any) -> None:
    """Warns about an identifier that was probably meant to be ``Authorization``.

    Others belong to the program, such as those that a hook stores.
    """
    from ubiops._core.suggestions import nearest, warn

    if isinstance(name, str) and nearest(name, (AUTHORIZATION, "token", "api_token", "api_key"), 0.7):
        warn(f"api_key has {name!r}, which is not used: the key of the API token is {AUTHORIZATION!r}")


def _identifier(name: Any) -> Any:
    return AUTHORIZATION if isinstance(name, str) and name.lower() == "authorization" else name

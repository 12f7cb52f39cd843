"""Headers: validation, the token's header, and a dict of headers that redacts itself."""

from __future__ import annotations

import re
from typing import Any

from ubiops._core.redact import SecretBytes, SecretDict, SecretStr, redact
from ubiops.exceptions import ApiTypeError, ApiValueError

# All that a header's value may not hold: it would end the header and begin another.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What tells where a body ends follows from the body: anything else would be taken for another request.
_FRAMING = frozenset(("content-length", "transfer-encoding"))


def check_header(name: str, value: Any) -> SecretStr:
    """A header's value as text.

    Raises:
        ubiops.ApiTypeError: The value is neither text nor bytes.
        ubiops.ApiValueError: Name or value hold characters that a header can't hold. The value is not shown.
    """
    value = redact(value)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiValueError(f"{name!r:.80} is no name of a header")
    if name.lower() in _FRAMING:
        raise ApiValueError(f"the header {name} is set by the client itself")
    if isinstance(value, SecretBytes):
        value = SecretStr(_from_bytes(value))
    if not isinstance(value, SecretStr):
        raise ApiTypeError(f"the header {name} takes a string, got {value.kind if value else 'None'}")
    if not value.isascii() and max(value) > "\xff":
        raise ApiValueError(f"the header {name} holds characters that a header can't hold (only Latin-1)")
    if _CONTROL.search(value):
        raise ApiValueError(f"the header {name} holds control characters, such as a line break at its end")
    return value


def last_of_each(headers: dict[str, str]) -> dict[str, str]:
    """Headers of which each is there once, the last one, however their names are spelled."""
    return dict({name.lower(): (name, value) for name, value in headers.items()}.values())


class Headers(SecretDict):
    """Headers by their names, each of them one that can be sent."""

    def take(self, name: str, value: Any) -> SecretStr:
        return check_header(name, value)


def _from_bytes(value: bytes) -> str:
    # Not imported before it is needed: hardly anybody gives headers or tokens as bytes.
    from six import ensure_str

    return ensure_str(value, "latin-1")


_AUTH_SCHEME = re.compile(r"(?:(?:token|bearer)\s+)+", re.IGNORECASE)


def authorization(key: str | bytes, prefix: str | None) -> str:
    """The value of the header Authorization for a key and a prefix, however often the prefix was given.

    Args:
        key: The secret, or the secret after its prefix: ``abc``, ``Token abc`` and even ``Token Token abc``.
        prefix: ``Token`` or ``Bearer``; None takes the one of the key, or ``Token``.

    Raises:
        ubiops.ApiValueError: There is no secret in the key, or it holds characters that a header can't hold.
    """
    key = SecretStr(key if isinstance(key, str) else _from_bytes(key))
    text = check_header("Authorization", key.strip())
    found = _AUTH_SCHEME.match(text)
    scheme = prefix.strip() if prefix else None
    if found:
        scheme = scheme or found.group().split(None, 1)[0]
        text = SecretStr(text[found.end() :])
    elif scheme and text.lower().startswith(scheme.lower() + " "):
        text = SecretStr(text[len(scheme) :].strip())
    if not text or text.lower() in ("token", "bearer"):
        raise ApiValueError("the API token is empty: set UBIOPS_API_TOKEN or configuration.api_key['Authorization']")
    return SecretStr(f"{check_header('Authorization', scheme or 'Token')} {text}")

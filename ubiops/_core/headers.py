"""Headers: validation, the token's header, and a dict with a redacted repr."""

from __future__ import annotations

import re
from typing import Any

from ubiops._core.redact import SecretBytes, SecretDict, SecretStr, redact
from ubiops.exceptions import ApiTypeError, ApiValueError

# Characters that would end the header and start another one.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# They say where the body ends. With a wrong one, the rest would be another request.
_FRAMING = frozenset(("content-length", "transfer-encoding"))


def check_header(name: str, value: Any) -> SecretStr:
    """Returns a header's value as a string.

    Raises:
        ubiops.ApiTypeError: The value is neither a string nor bytes.
        ubiops.ApiValueError: The name or the value is not valid. The value is not
            shown.
    """
    value = redact(value)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiValueError(f"{name!r:.80} is not a valid header name")
    if name.lower() in _FRAMING:
        raise ApiValueError(f"the header {name} is set by the client itself")
    if isinstance(value, SecretBytes):
        value = SecretStr(_from_bytes(value))
    if not isinstance(value, SecretStr):
        raise ApiTypeError(f"the header {name} must be a string, got {value.kind if value else 'None'}")
    if not value.isascii() and max(value) > "\xff":
        raise ApiValueError(f"the header {name} has characters outside Latin-1, which a header can't contain")
    if _CONTROL.search(value):
        raise ApiValueError(f"the header {name} contains control characters, such as a line break at its end")
    return value


def last_of_each(headers: dict[str, str]) -> dict[str, str]:
    """Returns headers without duplicates: the last of each case-insensitive name."""
    return dict({name.lower(): (name, value) for name, value in headers.items()}.values())


class Headers(SecretDict):
    """Headers by name, validated as they are set."""

    def take(self, name: str, value: Any) -> SecretStr:
        return check_header(name, value)


def _from_bytes(value: bytes) -> str:
    # Imported here because headers and tokens are rarely given as bytes.
    from six import ensure_str

    return ensure_str(value, "latin-1")


_AUTH_SCHEME = re.compile(r"(?:(?:token|bearer)\s+)+", re.IGNORECASE)


def authorization(key: str | bytes, prefix: str | None) -> str:
    """Returns the value of the Authorization header for a key and a prefix.

    Args:
        key: The secret, with or without its prefix: ``abc``, ``Token abc`` and even
            ``Token Token abc``.
        prefix: ``Token`` or ``Bearer``; None uses the prefix of the key, or ``Token``.

    Raises:
        ubiops.ApiValueError: The key has no secret, or is not valid in a header.
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

"""The address of the API: parsing, validation, and its normal form."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ubiops._core.redact import Redacted, SecretStr, redact
from ubiops.exceptions import ApiTypeError, ApiValueError

DEFAULT_HOST = "https://api.ubiops.com/v2.1"
DEFAULT_VERSION = "v2.1"

_HAS_VERSION = re.compile(r"/(v\d+(?:\.\d+)*)(?:/|$)")


def default_port(scheme: str) -> int:
    """Returns the default port of a scheme."""
    return 443 if scheme == "https" else 80


def split_host(host: str) -> tuple[str, str]:
    """Splits a normalized address into its origin (scheme, host, port) and path."""
    scheme, _, rest = host.partition("://")
    netloc, slash, path = rest.partition("/")
    return f"{scheme}://{netloc}", slash + path


def generation_of(url: str) -> tuple[str, str | None]:
    """Splits a URL of the API into the address before the version and the version, such
    as ``v2.1``; it is None if there is none."""
    found = _HAS_VERSION.search(url)
    return (url[: found.start()], found[1]) if found else (url, None)


def normalize_host(value: Any) -> str:
    """Returns the address of the API in normal form.

    It has a scheme, a host, the port if one is given, and the path with the version.

    Raises:
        ubiops.ApiTypeError: The value is not a string.
        ubiops.ApiValueError: It is not a valid address; it contains a user name, a
            query, a fragment or control characters; or its scheme is neither http nor
            https.
    """
    value = redact(value)
    if not isinstance(value, SecretStr):
        kind = value.kind if isinstance(value, Redacted) else "bytes"
        raise ApiTypeError(f"host must be a string such as {DEFAULT_HOST!r}, got {kind}")
    host, why = _parse_host(value.strip())
    if why:
        # The text before an @ may be a token.
        shown = f"{str(value)!r:.200} " if value and "@" not in value else ""
        raise ApiValueError(f"host {shown}can't be used: {why}. It looks like {DEFAULT_HOST!r}")
    return host


def _parse_host(text: str) -> tuple[str, str]:
    """Returns the address in normal form, or why it is not valid.

    The error is not raised here, where a password would be visible in a local variable.
    """
    if not text:
        return "", "it is empty"
    if not text.isascii() or any(c <= " " or c == "\x7f" or c == "\\" for c in text):
        return "", "it contains spaces, control characters, backslashes or non-ASCII letters (use the name's xn-- form)"
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        return "", str(error)
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        return "", f"its scheme is {scheme!r}, and only http and https are supported"
    if "@" in parts.netloc:
        return "", "it contains a user name or a password; a token belongs in api_key"
    if "?" in text or "#" in text:
        return "", "it contains a query or a fragment"
    name = (parts.hostname or "").lower()
    # Brackets are for IPv6 addresses only.
    pattern = r"[0-9a-f:.]+(%25[\w.-]+)?" if "[" in parts.netloc else r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?"
    if not re.fullmatch(pattern, name) or ("[" in parts.netloc and ":" not in name):
        return "", "it has no valid host name"
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    if any(segment in (".", "..") for segment in path.split("/")) or "%" in path:
        return "", "its path contains '.', '..' or escapes"
    if not _HAS_VERSION.search(path):
        path += f"/{DEFAULT_VERSION}"
    netloc = f"[{name}]" if ":" in name else name
    return f"{scheme}://{netloc}{'' if port is None else f':{port}'}{path}", ""

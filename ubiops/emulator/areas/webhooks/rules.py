"""Rules for the settings of webhooks that the API's description doesn't hold."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ubiops.emulator.core.errors import bad_request

# The characters of a header's name, by RFC 9110.
_KEY = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
_MAXIMUM_VALUE = 8_000
_MAXIMUM_HEADERS = 100
# The emulator sets these itself.
_OWN = ("content-length", "host", "transfer-encoding", "connection")


def check_settings(settings: dict[str, Any]) -> None:
    """Checks event, URL, timeout and headers.

    Raises:
        ApiError: One of them is invalid.
    """
    if not settings["event"].startswith(f"{settings['object_type']}_request_"):
        raise bad_request(f"The event {settings['event']} does not fit the object_type {settings['object_type']}")
    check_url(settings["url"])
    if settings["timeout"] < 1:
        raise bad_request(f"timeout must be 1 or more, not {settings['timeout']}")
    if len(settings["headers"]) > _MAXIMUM_HEADERS:
        raise bad_request(f"A webhook can have at most {_MAXIMUM_HEADERS} headers")
    for header in settings["headers"]:
        _check_header(header)


def check_url(url: str) -> None:
    """Rejects what is not the URL of a server that speaks HTTP.

    Raises:
        ApiError: It is something else.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        raise bad_request(f"url must be a URL that begins with http:// or https://, not {url[:100]!r}")


def _check_header(header: dict[str, Any]) -> None:
    if not _KEY.fullmatch(header["key"]) or header["key"].lower() in _OWN:
        raise bad_request(f"{header['key'][:100]!r} can't be the name of a header")
    value = header.get("value")
    if value is None:
        raise bad_request(f"The header {header['key']} needs a value")
    if len(value) > _MAXIMUM_VALUE or not value.isprintable() or not value.isascii():
        # The value may be a secret.
        raise bad_request(f"The value of the header {header['key']} must be ASCII text without line breaks")


def keep_protected(headers: list[dict[str, Any]], present: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns new headers, in which null keeps the value of a protected header."""
    values = {header["key"].lower(): header["value"] for header in present if header["protected"]}
    return [
        {**header, "value": values.get(header["key"].lower())}
        if header.get("value") is None and header["protected"]
        else header
        for header in headers
    ]


def hide_protected(headers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns headers as responses show them."""
    return [{**header, "value": None if header["protected"] else header["value"]} for header in headers]

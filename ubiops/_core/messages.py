"""The server's own words, found in whatever kind of body an error answer has."""

from __future__ import annotations

import json
import re

# As in exceptions: each program that imports the package imports this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST = 1000
_JSON_KEYS = ("error", "error_message", "detail", "message")
_XML = ("Details", "Message")
_TITLE = r"(?is)<title[^>]*>(.*?)</title>"
_HTML = r"(?i)<!doctype html|<html|<head|<body"


def server_message(body: str | bytes) -> str | None:
    """What the server says in its own words, at most 1,000 characters of it; None when it says nothing readable."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    text = text.strip()
    if not text:
        return None
    try:
        return _shorten(_from_json(json.loads(text)))
    except (ValueError, RecursionError):
        pass
    # Not imported before it is needed: it brings all names of characters in HTML.
    from html import unescape

    head = text[:10_000]
    if re.search(_HTML, head):
        title = re.search(_TITLE, head)
        # A page of a proxy or gateway is not dumped whole: its title says what it says.
        return _shorten(unescape(title.group(1))) if title else None
    for name in _XML:
        # By hand: a pattern would try each of many beginnings with each of many ends.
        inside, end, _ = head.partition(f"<{name}>")[2].partition(f"</{name}>")
        if end and inside.strip():
            return _shorten(unescape(inside.strip().replace("<![CDATA[", "").replace("]]>", "")))
    return _shorten(text)


def _from_json(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in _JSON_KEYS:
            if value.get(key):
                found = value[key]
                return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if value else None


def _shorten(text: str | None) -> str | None:
    if text is None:
        return None
    text = printable(text)
    return (text[:_LONGEST] + "…" if len(text) > _LONGEST else text) or None


def printable(text: str) -> str:
    """A server's text in one line, without control characters: they would draw on the terminal of whoever reads it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())

"""Texts for messages: the server's message, and URLs without secrets."""

from __future__ import annotations

import json
import re

# As in exceptions: every program that imports the package imports this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_MESSAGE = 1000
_MAX_PAGE = 100_000
_MAX_HEADING = 2000
_JSON_KEYS = ("error", "error_message", "detail", "message")
_SECRETS = "(?i:token|secret|passw|api_?-?key|signature|credential|authorization)"
_XML = ("Details", "Message")
_HTML = r"(?i)<!doctype html|<html|<head|<body"


def server_message(body: str | bytes) -> str | None:
    """Returns the server's own message, at most 1,000 characters of it.

    It is taken from JSON, from XML, from the title and the heading of an HTML page, or
    from plain text. None if there is nothing readable.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    text = text.strip()
    if not text:
        return None
    try:
        return _shorten(_from_json(json.loads(text)))
    except (ValueError, RecursionError):
        pass
    # Imported here because it brings the names of all characters in HTML.
    from html import unescape

    head = text[:10_000]
    if re.search(_HTML, head):
        return _shorten(unescape(_page_message(text[:_MAX_PAGE])))
    for name in _XML:
        # Without a pattern, which would try many starts with many ends.
        inside, end, _ = head.partition(f"<{name}>")[2].partition(f"</{name}>")
        if end and inside.strip():
            return _shorten(unescape(inside.strip().replace("<![CDATA[", "").replace("]]>", "")))
    return _shorten(text)


def _page_message(page: str) -> str:
    """Returns the title and the first heading of an HTML page, once if they agree."""
    title, heading = _element(page, "title"), _element(page, "h1")
    if heading.lower() in title.lower():
        return title
    return heading if title.lower() in heading.lower() else f"{title}: {heading}"


def _element(page: str, name: str) -> str:
    """Returns the text of the first element with a name, in linear time."""
    start = re.search(rf"(?i)<{name}[\s>]", page)
    inside = page.find(">", start.end() - 1) + 1 if start else 0
    end = re.compile(rf"(?i)</{name}").search(page, inside) if inside else None
    if end is None:
        return ""
    text = page[inside : min(end.start(), inside + _MAX_HEADING)]
    return " ".join(re.sub(r"<[^>]*>", "", text).split())


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
    return (text[:_MAX_MESSAGE] + "…" if len(text) > _MAX_MESSAGE else text) or None


def printable(text: str) -> str:
    """Returns a server's text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shown_url(url: str) -> str:
    """Returns a URL for messages, logs and events.

    Query values whose names suggest a secret are masked.
    """
    if "?" not in url:
        return url
    path, _, query = url.partition("?")
    return f"{path}?" + re.sub(rf"((?:^|&)(?:[^=&]*(?:{_SECRETS})[^=&]*|sig)=)[^&]+", r"\1***", query)

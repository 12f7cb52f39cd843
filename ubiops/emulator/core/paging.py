"""Lists that are sent page by page."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

# The default length of a page is a guess.
_DEFAULT_LIMIT = 50
_POSITION = re.compile(rb"p=(\d{1,15})")


def page(context: RequestContext, items: Sequence[Any]) -> dict[str, Any]:
    """Returns the page of a list that the query parameters `cursor` and `limit` select.

    Raises:
        ApiError: The cursor is not one of those that responses contain.
    """
    cursor, limit = context.query.get("cursor"), context.query.get("limit", _DEFAULT_LIMIT)
    start = _position(cursor) if cursor else 0
    return {
        "next": _cursor(start + limit) if limit and start + limit < len(items) else None,
        "previous": _cursor(max(0, start - limit)) if start > 0 else None,
        "results": list(items[start : start + limit]),
    }


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(b"p=%d" % position).decode("ascii")


def _position(cursor: str) -> int:
    try:
        found = _POSITION.fullmatch(base64.b64decode(cursor.encode("utf-8"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise bad_request(f"cursor {cursor[:50]!r} is not the cursor of a page")
    return int(found[1])

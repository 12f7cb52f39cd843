"""The head of an answer, read at once where it is written the usual way, which takes http.client much longer."""

from __future__ import annotations

import re
from typing import NamedTuple

# One header in which nothing is special: none that decides where the body ends, no folding, no odd characters.
_LINE = (
    rb"(?!content-length:|transfer-encoding:|connection:(?![ \t]*keep-alive[ \t]*\r))"
    rb"[!#$%&'*+.^_`|~0-9a-z-]+:[^\r\n]*\r\n"
)
_HEAD = re.compile(
    rb"HTTP/1\.1 ((?!204|304)[2-5][0-9][0-9]) ([^\r\n]*)\r\n"
    rb"((?:" + _LINE + rb"){0,49}content-length:[ \t]*([0-9]{1,15})[ \t]*\r\n(?:" + _LINE + rb"){0,49})\r\n",
    re.IGNORECASE,
)


class Head(NamedTuple):
    """What the head of an answer says."""

    size: int
    """Bytes of the head itself."""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    length: int
    """Bytes of the body."""


def usual_head(data: bytes) -> Head | None:
    """The head of an answer that keeps its connection and tells its body's length; None for any other one.

    Args:
        data: What has come of the answer so far.
    """
    found = _HEAD.match(data)
    if found is None:
        return None
    headers = []
    # Latin-1 is what http.client reads headers as.
    for line in found[3].decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        headers.append((name, value.lstrip(" \t")))
    return Head(found.end(), int(found[1]), found[2].decode("latin-1").strip(), headers, int(found[4]))

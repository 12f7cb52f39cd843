"""The head of an answer, read at once where it is written the usual way, which takes http.client much longer."""

from __future__ import annotations

import re

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([^\r\n]*)\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n){1,100})\r\n"
)
# The headers that decide where the body ends.
_FRAMING = frozenset(("content-length", "transfer-encoding", "connection"))


class Head:
    """What the head of an answer says.

    Args:
        size: Bytes of the head itself.
        status: The status.
        reason: The text behind it.
        headers: Names and values, in their order.
        length: Bytes of the body.
    """

    __slots__ = ("headers", "length", "reason", "size", "status")

    def __init__(self, size: int, status: int, reason: str, headers: list[tuple[str, str]], length: int) -> None:
        self.size = size
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length = length


def parse_simple_head(data: bytes) -> Head | None:
    """The head of an answer that tells its body's length and keeps its connection open; None for any other one.

    Args:
        data: What has come of the answer so far.
    """
    found = _HEAD.match(data)
    if found is None or found[1] in (b"204", b"304"):
        return None
    headers = []
    length = None
    # Latin-1 is what http.client reads headers as.
    for line in found[3].decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        value = value.lstrip(" \t")
        headers.append((name, value))
        kind = name.lower()
        if kind in _FRAMING:
            if kind == "content-length" and length is None and value.isdecimal() and len(value) < 16:
                length = int(value)
            elif kind != "connection" or value.lower() != "keep-alive":
                return None
    if length is None:
        return None
    return Head(found.end(), int(found[1]), found[2].decode("latin-1").strip(), headers, length)

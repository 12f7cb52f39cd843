"""Parses response heads: a fast path for common ones, and http.client for the rest."""

from __future__ import annotations

import http.client
import io
import re
from typing import TYPE_CHECKING, Any

from ubiops._transport.attempt import remaining

if TYPE_CHECKING:
    import socket

    from ubiops._transport.attempt import Attempt

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([^\r\n]*)\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n){1,100})\r\n"
)
# The headers that determine where the body ends.
_FRAMING = frozenset(("content-length", "transfer-encoding", "connection"))
_MAX_LINES = 1000
"""Largest number of lines before the body, those of informational responses included.
"""


class Head:
    """A parsed response head.

    Args:
        size: Bytes of the head.
        status: The status code.
        reason: The reason phrase.
        headers: Names and values in their order.
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
    """Parses a head that gives the body's length and keeps the connection open.

    Args:
        data: The part of the response that has arrived.

    Returns:
        The head; None for any other kind of head, and for one that is incomplete.
    """
    found = _HEAD.match(data)
    if found is None or found[1] in (b"204", b"304"):
        return None
    headers = []
    length = None
    # http.client decodes headers as Latin-1.
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


class HTTPResponse(http.client.HTTPResponse):
    """http.client's response with a deadline, a fast path for heads, and limits.

    Args:
        sock: The connection.
        debuglevel: As for http.client, whose parser prints the head above 0.
        method: The request's method.
        url: The request's target.
        attempt: The attempt that the response belongs to.
        deadline: Monotonic deadline for reading.
    """

    fp: Any
    headers: Any
    msg: Any

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int,
        method: str | None,
        url: str | None,
        *,
        attempt: Attempt,
        deadline: float | None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._attempt = attempt
        self._prints = debuglevel > 0
        if deadline is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline, attempt.idle_timeout))

    def begin(self) -> None:
        # Nothing is consumed before it is clear that the fast path applies.
        head = None if self._prints else parse_simple_head(self.fp.peek())
        if head is None:
            self._begin_slowly()
            return
        self.fp.read(head.size)
        self.version, self.code, self.status, self.reason = 11, head.status, head.status, head.reason
        self.headers = self.msg = http.client.HTTPMessage()
        for name, value in head.headers:
            self.headers.set_raw(name, value)
        self.chunked, self.will_close, self.length = False, self._attempt.unfinished, head.length

    def _begin_slowly(self) -> None:
        fp = self.fp
        self.fp = lines = _BoundedLines(fp)
        try:
            super().begin()
            # http.client skips only 100 (Continue). The response after another 1xx
            # would be read as that of the next request.
            while 101 < self.status < 200:
                self.headers = self.msg = None
                super().begin()
        finally:
            if self.fp is lines:
                self.fp = fp
        encoding = self.getheader("Transfer-Encoding", "identity")
        if not self.chunked and encoding.lower() != "identity":
            # http.client would return the encoded bytes, or leave a part of them for
            # the next response.
            raise http.client.HTTPException(f"the transfer encoding {encoding!r} is not supported, only chunked is")
        if self.status == 101 or self._attempt.unfinished:
            self.will_close = True
        self._attempt.ends_with_connection = self.length is None and not self.chunked


class _BoundedLines:
    """The lines of a response's head and of the informational responses before it,
    limited in number. An incomplete line is an error."""

    def __init__(self, fp: Any) -> None:
        self._fp = fp
        self._count = 0
        self.close = fp.close
        self.flush = fp.flush

    def readline(self, limit: int) -> bytes:
        line: bytes = self._fp.readline(limit)
        # No bytes at all mean that the server closed the connection without a response,
        # which http.client reports.
        if not line.endswith(b"\n") and len(line) < limit and (line or self._count):
            if self._count == 0 and not line.startswith(b"HTTP/"[: len(line)]):
                raise http.client.BadStatusLine(line.decode("latin-1"))
            raise http.client.IncompleteRead(line)
        self._count += 1
        if self._count > _MAX_LINES:
            raise http.client.HTTPException(f"there are more than {_MAX_LINES} lines before the body")
        return line


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline, however few bytes arrive at a time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float, idle_timeout: float | None) -> None:
        self._raw, self._sock, self._deadline, self._idle_timeout = raw, sock, deadline, idle_timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(remaining(self._deadline, self._idle_timeout))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        super().close()
        self._raw.close()

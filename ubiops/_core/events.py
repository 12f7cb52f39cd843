"""Server-sent events: the parser of the WHATWG HTML standard, fed with bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ubiops._core.codec import parse_json
from ubiops.exceptions import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINE_BYTES = 1 << 24
"""The most bytes (16 MiB) of one line."""
MAX_EVENT_BYTES = 1 << 24
"""The most bytes (16 MiB) of one event's data."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
# What most events are: one line of data, perhaps after their type.
_SIMPLE = re.compile(rb"(?:event:([^\n]*)\n)?data:([^\n]*)")


class Event:
    """One server-sent event.

    Attributes:
        event: The event's type; ``message`` if the server names none.
        data: The event's data; several data lines are joined by line feeds.
        text: The data with the blank that may follow the colon of a line, which the
            standard removes: the API sends texts that begin with one.
        id: The last event id that the server sent; empty if it sent none.
        retry: The reconnection time in milliseconds that the server sent with this
            event; None if it sent none. The client does not reconnect by itself.
    """

    __slots__ = ("data", "event", "id", "retry", "text")

    def __init__(
        self, data: str, event: str = "message", id: str = "", retry: int | None = None, text: str | None = None
    ) -> None:
        self.data = data
        self.text = data if text is None else text
        self.event = event
        self.id = id
        self.retry = retry

    def json(self) -> Any:
        """Returns the data parsed as JSON.

        Raises:
            ubiops.InvalidResponseError: The data is not valid JSON.
        """
        return parse_json(self.data.encode("utf-8", "surrogatepass"), 200)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.data, self.event, self.id, self.retry) == (other.data, other.event, other.id, other.retry)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Event(event={self.event!r}, data={self.data!r:.200}, id={self.id!r})"


class EventParser:
    """Turns the bytes of a stream into events, as they complete.

    An event that the end of the stream cuts off is dropped, as the standard demands.

    Attributes:
        last_line: The last line that is a JSON object instead of a part of an event,
            with which the API ends a stream; empty if there was none. The standard
            ignores such lines.

    Args:
        status: The HTTP status of the response, for errors.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_buffer",
        "_data",
        "_id",
        "_retry",
        "_scanned",
        "_size",
        "_status",
        "_texts",
        "_type",
        "last_line",
    )

    def __init__(self, status: int = 200) -> None:
        self._status = status
        self._buffer = bytearray()
        self._scanned = 0
        self._at_start = True
        self._after_cr = False
        self._id = ""
        self.last_line = b""
        self._reset()

    def _reset(self) -> None:
        self._data: list[str] = []
        self._texts: list[str] = []
        self._size = 0
        self._type = ""
        self._retry: int | None = None

    def feed(self, block: bytes) -> Iterable[Event]:
        """Returns the events that these bytes complete. They must be taken at once.

        Raises:
            ubiops.InvalidResponseError: A line or an event is too large. It may be
                raised when the events are taken.
        """
        return self._take_events(block) if self._is_whole(block) else self._take_part(block)

    def _take_part(self, block: bytes) -> Iterator[Event]:
        if not block:
            return
        if self._after_cr:
            # The line feed of a CRLF that was split between two blocks.
            self._after_cr = False
            if block[:1] == b"\n":
                block = block[1:]
        buffer = self._buffer
        buffer += block
        if self._at_start:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                return
            self._at_start = False
            if buffer.startswith(_BOM):
                del buffer[: len(_BOM)]
        begin = 0
        scan = self._scanned
        while True:
            found = _LINE_END.search(buffer, scan)
            if found is None:
                break
            line = bytes(buffer[begin : found.start()])
            begin = scan = found.end()
            if found[0] == b"\r" and begin == len(buffer):
                self._after_cr = True
            del found  # it keeps the buffer from being resized
            self._check(len(line), MAX_LINE_BYTES, "a line")
            event = self._take_line(line)
            if event is not None:
                yield event
        del buffer[:begin]
        self._scanned = len(buffer)
        self._check(len(buffer), MAX_LINE_BYTES, "a line")

    def _is_whole(self, block: bytes) -> bool:
        """Returns whether a block consists of whole events, with line feeds only."""
        return (
            block[-2:] == b"\n\n"
            and not (self._buffer or self._data or self._type or self._after_cr)
            and self._retry is None
            and not (self._at_start and block[:1] == _BOM[:1])
            and len(block) <= MAX_EVENT_BYTES
            and b"\r" not in block
        )

    def _take_events(self, block: bytes) -> list[Event]:
        """Returns the events of a block that consists of whole ones."""
        self._at_start = False
        events = []
        for lines in block[:-2].split(b"\n\n"):
            found = _SIMPLE.fullmatch(lines)
            if found is None:
                taken = [self._take_line(line) for line in lines.split(b"\n")]
                events += [event for event in (*taken, self._dispatch()) if event is not None]
                continue
            kind, content = found.groups()
            text = content.decode("utf-8", "replace")
            data = text[1:] if text[:1] == " " else text
            kind = (kind[1:] if kind[:1] == b" " else kind).decode("utf-8", "replace") if kind else ""
            events.append(Event(data, kind or "message", self._id, None, text))
        return events

    def end(self) -> None:
        """Takes the end of the stream, which may also end the last line."""
        if self._buffer[:1] == b"{":
            self.last_line = bytes(self._buffer)

    def _take_line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        if line[:1] == b"{":
            self.last_line = line
            return None
        name, _, rest = line.partition(b":")
        if not name:
            return None  # a comment
        whole = rest
        if rest[:1] == b" ":
            rest = rest[1:]
        if name == b"data":
            self._size += len(rest) + 1
            self._check(self._size, MAX_EVENT_BYTES, "an event")
            self._texts.append(whole.decode("utf-8", "replace"))
            self._data.append(rest.decode("utf-8", "replace"))
        elif name == b"event":
            self._type = rest.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in rest:
                self._id = rest.decode("utf-8", "replace")
        elif name == b"retry" and re.fullmatch(rb"[0-9]{1,18}", rest):
            self._retry = int(rest)
        return None

    def _dispatch(self) -> Event | None:
        data, texts, kind, retry = self._data, self._texts, self._type, self._retry
        self._reset()
        return Event("\n".join(data), kind or "message", self._id, retry, "\n".join(texts)) if data else None

    def _check(self, size: int, limit: int, what: str) -> None:
        if size > limit:
            raise InvalidResponseError(self._status, f"{what} of the event stream has more than {limit >> 20} MiB")

"""Server-sent events of a response, as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._core.codec import parse_json
from ubiops._core.decoding import BLOCK, decoder_for
from ubiops._core.events import Event, EventParser
from ubiops.exceptions import ApiException, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._transport.response import RawResponse

__all__ = ["Event", "EventStream"]


class EventStream:
    """The events of a response, in the order in which they arrive.

    Iterate over it to receive them. The connection is closed when the stream ends, when
    the loop is left early, and by ``close()`` or the end of a ``with`` block. Events
    are not sent again: a stream is read once.

    Attributes:
        status: The HTTP status.
        headers: The headers. Names are case-insensitive.
        method: The method of the request.
        url: The URL of the request.
    """

    def __init__(self, raw: RawResponse, *, method: str, url: str) -> None:
        self._raw = raw
        self._decoder = decoder_for(raw.headers, raw.status)
        self._parser = EventParser(raw.status)
        self._closed = False
        self._ended = False
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.method = method
        self.url = url

    def _receive(self) -> list[Event] | None:
        """Returns the events in the next bytes; None at the end of the stream."""
        if self._ended:
            return None
        if self._closed:
            raise ApiValueError("the event stream is closed: read it inside its with block")
        try:
            data = self._raw.read_available(BLOCK)
            if data:
                feed = self._parser.feed
                return [event for block in self._decoder.feed(data) for event in feed(block)]
            self._decoder.end()
            self._parser.end()
        except ApiException as error:
            error.method, error.url = self.method, self.url
            error._take_failure()
            self.close()
            raise
        self._ended = True
        self.close()
        return None

    def __iter__(self) -> Iterator[Event]:
        """Returns the events.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the stream ended.
            ubiops.ApiTimeoutError: No byte arrived in time, or the call's deadline
                passed.
            ubiops.InvalidResponseError: An event is too large.
            ubiops.ApiValueError: The stream was closed before.
        """
        try:
            while (events := self._receive()) is not None:
                yield from events
        finally:
            self.close()

    @property
    def result(self) -> Any:
        """The JSON object in the last line of the response, as a dict: the API ends the
        stream of a request with the whole request, which is not an event. None before
        the end of the stream, and if there is no such line.

        Raises:
            ubiops.InvalidResponseError: The line is not valid JSON.
        """
        line = self._parser.last_line if self._ended else b""
        return parse_json(line, self.status) if line else None

    @property
    def closed(self) -> bool:
        """Whether the connection is closed."""
        return self._closed

    def close(self) -> None:
        """Closes the connection. May be called more than once."""
        if not self._closed:
            self._closed = True
            self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<EventStream {self.status}: {self.method} {self.url}>"

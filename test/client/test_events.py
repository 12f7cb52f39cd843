"""Server-sent events: the parser follows the standard; the stream is closed."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from scripted import Wire, chunked, client_of, reply, then_close, then_reset, then_silence

import ubiops
from ubiops._core import events
from ubiops._core.events import Event, EventParser
from ubiops.events import EventStream

STREAM = "Content-Type: text/event-stream"

CASES: dict[str, tuple[bytes, list[Event]]] = {
    "one line": (b"data: a\n\n", [Event("a")]),
    "no space": (b"data:a\n\n", [Event("a")]),
    "one space is removed": (b"data:  a\n\n", [Event(" a")]),
    "several lines": (b"data: a\ndata: b\n\n", [Event("a\nb")]),
    "empty data": (b"data\n\n", [Event("")]),
    "two empty lines of data": (b"data\ndata\n\n", [Event("\n")]),
    "all fields": (b"event: e\nid: 7\nretry: 10\ndata: a\n\n", [Event("a", "e", "7", 10)]),
    "the id stays": (
        b"id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [Event("a", id="7"), Event("b", id="7"), Event("c")],
    ),
    "an id with NUL": (b"id: 1\0\ndata: a\n\n", [Event("a")]),
    "an id without data": (b"id: 7\n\ndata: a\n\n", [Event("a", id="7")]),
    "a type without data": (b"event: e\n\ndata: a\n\n", [Event("a")]),
    "retry that is not a number": (b"retry: 1.5\nretry: -1\nretry:\ndata: a\n\n", [Event("a")]),
    "comments": (b": hello\n:\ndata: a\n: again\n\n", [Event("a")]),
    "unknown fields": (b"what: x\nDATA: y\ndata: a\n\n", [Event("a")]),
    "a colon in the data": (b"data: a:b: c\n\n", [Event("a:b: c")]),
    "CRLF": (b"data: a\r\ndata: b\r\n\r\n", [Event("a\nb")]),
    "CR": (b"data: a\rdata: b\r\r", [Event("a\nb")]),
    "mixed line endings": (b"data: a\n\r\ndata: b\r\n\ndata: c\r\r\n", [Event("a"), Event("b"), Event("c")]),
    "a BOM at the start": (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
    "only one BOM": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [Event("b")]),
    "non-ASCII characters": ("data: é\u2028💥\n\n".encode(), [Event("é\u2028💥")]),
    "bytes that are not UTF-8": (b"data: \xff\n\n", [Event("\ufffd")]),
    "cut off": (b"data: a\n\ndata: b\n", [Event("a")]),
    "cut off in a line": (b"data: a\n\ndata: b", [Event("a")]),
    "nothing": (b"", []),
    "empty lines": (b"\n\n\r\n\r", []),
    "half a BOM": (b"\xef\xbb", []),
}


@pytest.mark.parametrize("what", CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
def test_the_parser_follows_the_standard_however_the_bytes_arrive(what: str, size: int) -> None:
    data, expected = CASES[what]
    parser = EventParser()
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    assert [event for block in blocks for event in parser.feed(block)] == expected


@pytest.mark.parametrize(
    ("data", "last_line"),
    [
        (b'data: a\n\n{"id": 1}\n', b'{"id": 1}'),
        (b'data: a\n\n{"id": 1}', b'{"id": 1}'),
        (b'{"id": 1}\r\n\r\n', b'{"id": 1}'),
        (b'{"id": 1}\n{"id": 2}\n', b'{"id": 2}'),
        (b'data: {"id": 1}\n\n', b""),
        (b"data: a\n\nwhat: x", b""),
        (b"", b""),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1 << 20])
def test_a_last_line_of_json_is_kept(data: bytes, last_line: bytes, size: int) -> None:
    parser = EventParser()
    for start in range(0, len(data), size):
        for event in parser.feed(data[start : start + size]):
            assert event == Event("a") or event.json() == {"id": 1}
    parser.end()
    assert parser.last_line == last_line


def test_the_result_of_a_stream_is_its_last_line() -> None:
    body = b'event: update\ndata: a\n\n{"status": "completed"}\n'
    with Wire([reply(200, body, STREAM)]) as wire, client_of(wire) as client, stream(client) as events_of:
        assert events_of.result is None
        assert list(events_of) == [Event("a", "update")]
        assert events_of.result == {"status": "completed"}
    with Wire([reply(200, b"{broken", STREAM)]) as wire, client_of(wire) as client, stream(client) as events_of:
        assert list(events_of) == []
        with pytest.raises(ubiops.InvalidResponseError, match="valid JSON"):
            _ = events_of.result


def test_lines_and_events_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 200)
    with pytest.raises(ubiops.InvalidResponseError, match="a line of the event stream"):
        list(EventParser().feed(b"data: " + b"x" * 200))
    with pytest.raises(ubiops.InvalidResponseError, match="an event of the event stream"):
        list(EventParser().feed((b"data: " + b"x" * 90 + b"\n") * 3))


def test_an_event_shows_its_fields_and_its_json() -> None:
    event = Event('{"a": [1]}', "update")
    assert event.json() == {"a": [1]}
    assert repr(event) == "Event(event='update', data='{\"a\": [1]}', id='')"
    assert event != Event('{"a": [1]}')
    assert event != "other"
    with pytest.raises(ubiops.InvalidResponseError, match="valid JSON"):
        Event("{").json()


def stream(client: Any, **options: Any) -> Any:
    return client.call_api("/things", "GET", response_type="events", _return_http_data_only=True, **options)


TWO = b"data: 1\n\nevent: e\ndata: 2\n\n"


@pytest.mark.parametrize(
    "response",
    [
        reply(200, TWO, STREAM),
        chunked(TWO[:5], TWO[5:], headers=[STREAM]),
        f"HTTP/1.1 200 OK\r\n{STREAM}\r\n\r\n".encode() + TWO,
        reply(200, gzip.compress(TWO), STREAM, "Content-Encoding: gzip"),
    ],
    ids=["with a length", "in chunks", "until the connection closes", "compressed"],
)
def test_a_stream_yields_its_events(response: bytes) -> None:
    with Wire([then_close(response)]) as server, client_of(server) as client:
        found = stream(client)
        assert isinstance(found, EventStream)
        assert list(found) == [Event("1"), Event("2", "e")]
        assert found.closed
        assert list(found) == []
        assert server.requests[0].headers["accept"] == "text/event-stream"


def test_events_arrive_before_the_stream_ends_and_leaving_early_closes_the_connection() -> None:
    first = chunked(b"data: 1\n\n", headers=[STREAM], end=b"")
    with Wire([then_silence(first)]) as server, client_of(server) as client:
        for event in stream(client):
            assert event.data == "1"
            break
        server.wait_until_left()


def test_a_connection_is_used_again_after_a_stream_that_ended() -> None:
    with Wire([chunked(TWO, headers=[STREAM])]) as server, client_of(server) as client:
        for _ in range(3):
            assert len(list(stream(client))) == 2
        assert server.connections == 1


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (then_close(chunked(TWO, headers=[STREAM], end=b"")), ubiops.ApiConnectionError),
        (then_reset(chunked(TWO, headers=[STREAM], end=b"")), ubiops.ApiConnectionError),
        (then_close(reply(200, TWO, STREAM)[:-1]), ubiops.ApiConnectionError),
        (then_silence(chunked(TWO, headers=[STREAM], end=b"")), ubiops.ApiTimeoutError),
        (then_close(reply(200, TWO, STREAM, "Content-Encoding: gzip")), ubiops.InvalidResponseError),
    ],
    ids=["cut off", "reset", "shorter than its length", "silence", "not compressed"],
)
def test_a_stream_that_breaks_is_a_typed_error_and_is_not_retried(step: Any, error: type[Exception]) -> None:
    with Wire([step]) as server, client_of(server, read_timeout=0.2) as client:
        with pytest.raises(error) as caught, stream(client) as found:
            list(found)
        assert (caught.value.method, caught.value.url) == ("GET", f"{server.host}/things")  # type: ignore[attr-defined]
        assert len(server.requests) == 1
        with pytest.raises(ubiops.ApiValueError, match="closed"):
            list(found)


def test_the_deadline_of_the_call_bounds_the_stream() -> None:
    with Wire([then_silence(chunked(TWO, headers=[STREAM], end=b""))]) as server, client_of(server) as client:
        found = stream(client, _request_timeout=0.4)
        with pytest.raises(ubiops.ApiTimeoutError):
            list(found)


def test_what_is_not_a_stream_is_an_error() -> None:
    error = pytest.raises(ubiops.InvalidResponseError, match="'application/json' where text/event-stream")
    with Wire([reply(200, {})]) as server, client_of(server) as client, error:
        stream(client)


def test_an_error_status_is_raised_at_once() -> None:
    error = pytest.raises(ubiops.NotFoundError, match="No")
    with Wire([reply(404, {"error": "No"})]) as server, client_of(server) as client, error:
        stream(client)


def test_a_stream_shows_its_request() -> None:
    with Wire([reply(200, TWO, STREAM)]) as server, client_of(server) as client, stream(client) as found:
        assert repr(found) == f"<EventStream 200: GET {server.host}/things>"
        assert found.headers["content-type"] == "text/event-stream"

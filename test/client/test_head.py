"""The fast path for response heads agrees with http.client, or defers to it."""

from __future__ import annotations

import http.client
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubiops._transport.head import Head, parse_simple_head

JSON = b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: 2\r\n"


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))  # type: ignore[type-var]


def read_by_http_client(data: bytes) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(_Socket(data), method="GET")  # type: ignore[arg-type]
    response.begin()
    return response


def check(data: bytes) -> Head:
    head = parse_simple_head(data)
    assert head is not None
    expected = read_by_http_client(data)
    assert (head.status, head.reason, head.length) == (expected.status, expected.reason, expected.length)
    assert head.headers == expected.headers.items()
    assert not expected.chunked
    assert not expected.will_close
    assert head.size == expected.fp.tell()
    return head


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + JSON + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 201 \r\n" + LENGTH + JSON + b"\r\n{}",
        b"HTTP/1.1 404  Not  Found \r\ncontent-length:2\r\nX:\r\nY:  a: b \t\r\n\r\n{}",
        b"HTTP/1.1 500 Fehler \xfc\r\nX-Name: \xfc\xff\r\nX-Name: twice\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + LENGTH + b"\r\n{",
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n{}HTTP/1.1 200 OK\r\n",
    ],
)
def test_a_simple_head_is_parsed_as_http_client_parses_it(data: bytes) -> None:
    check(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 100 Continue\r\n" + LENGTH + b"\r\n",
        b"HTTP/1.1 204 No Content\r\n" + LENGTH + b"\r\n",
        b"HTTP/1.1 304 Not Modified\r\n" + LENGTH + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + LENGTH + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + LENGTH + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"TRANSFER-ENCODING: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: folded\r\n over two lines\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 5\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nno header\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\n: no name\r\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\n" + LENGTH + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100 + LENGTH + b"\r\n{}",
        b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\n{}",
        b"<html>not http</html>",
    ],
)
def test_any_other_head_is_left_to_http_client(data: bytes) -> None:
    assert parse_simple_head(data) is None


NAMES = st.sampled_from(
    ["Content-Length", "content-length", "Connection", "Transfer-Encoding", "X-Name", "Date", "a b", "X\r", "", "\xfc"]
)
VALUES = st.one_of(
    st.integers(-2, 12).map(str),
    st.sampled_from(["keep-alive", "close", "chunked", " 2", "2 ", "\t", "a: b", "x\ny", "x\r\n z", "x\x0by", "\x85"]),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=8),
)


@given(
    status=st.integers(99, 600),
    reason=st.sampled_from(["OK", "", "Not Found", " x ", "\xfc"]),
    headers=st.lists(st.tuples(NAMES, st.sampled_from([":", ": ", " : ", ""]), VALUES), max_size=5),
)
def test_the_fast_path_never_differs_from_http_client(
    status: int, reason: str, headers: list[tuple[str, str, str]]
) -> None:
    lines = [f"HTTP/1.1 {status} {reason}", *("".join(header) for header in headers), "", ""]
    data = "\r\n".join(lines).encode("latin-1") + b"{}"
    if parse_simple_head(data) is not None:
        check(data)

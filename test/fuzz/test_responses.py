"""Whatever the server sends, a call returns a value or raises an ApiException."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Wire, client_of, reply, then_close

import ubiops

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 201, 202, 204, 206, 299, 301, 302, 304, 307, 400, 401, 404, 418, 429, 500, 503, 599])
ENCODINGS = st.sampled_from(["", "Content-Encoding: gzip", "Content-Encoding: deflate", "Content-Encoding: br"])


class Talk:
    """A client, and a server whose next response a test sets."""

    def __init__(self, wire: Wire, api: ubiops.CoreApi) -> None:
        self._wire, self._api = wire, api

    def check_calls(self, response: bytes) -> None:
        """Makes calls of each kind, and checks what they return or raise."""
        self._wire.steps = [then_close(response)]
        calls: list[Any] = [
            lambda: self._api.deployments_list("p"),
            lambda: self._api.deployments_get("p", "d"),
            lambda: self._api.deployments_delete("p", "d"),
            lambda: self._api.revisions_file_download("p", "d", "r", "v").read(),
            lambda: self._api.deployments_get("p", "d", _preload_content=False).json(),
        ]
        for call in calls:
            try:
                value = call()
            except ubiops.ApiException as error:
                assert str(error)
                assert "of-the-fuzzing" not in f"{error!s}{error!r}{vars(error)!r}"
            else:
                repr(value)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    with Wire([reply(200, {})]) as wire:
        settings = {"api_key": {"Authorization": "of-the-fuzzing"}, "max_retries": 0, "read_timeout": 10}
        with client_of(wire.host, **settings) as client:
            yield Talk(wire, ubiops.CoreApi(client))


@given(
    status=STATUSES, body=BODIES, encoding=ENCODINGS, location=st.text(st.characters(max_codepoint=255), max_size=20)
)
def test_responses_of_any_status_and_body(talk: Talk, status: int, body: bytes, encoding: str, location: str) -> None:
    headers = [encoding] if encoding else []
    if 300 <= status < 400 and location.isprintable() and location.strip():
        headers.append(f"Location: {location}")
    talk.check_calls(reply(status, body, *headers))


@given(body=JSON, cut=st.integers(0, 60))
def test_compressed_responses_truncated_anywhere(talk: Talk, body: Any, cut: int) -> None:
    packed = gzip.compress(json.dumps(body).encode())
    talk.check_calls(reply(200, packed[: max(0, len(packed) - cut)], "Content-Encoding: gzip"))


@given(garbage=st.binary(max_size=300))
def test_bytes_that_are_not_a_response(talk: Talk, garbage: bytes) -> None:
    talk.check_calls(garbage)


@given(
    version=st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"http/1.1", b""]),
    status=st.sampled_from([b"200", b"2OO", b"-1", b"099", b"1000", b""]),
    headers=st.lists(
        st.sampled_from(
            [
                b"Content-Length: 5",
                b"Content-Length: -1",
                b"Content-Length: 99999999999999999999",
                b"Content-Length: 5, 5",
                b"Content-Length: x",
                b"Transfer-Encoding: chunked",
                b"Transfer-Encoding: gzip, chunked",
                b"Connection: keep-alive",
                b"Connection: close",
                b"Content-Disposition: attachment; filename*=UTF-8''%ff",
                b"no colon",
                b": no name",
                b"X: \xff\xfe",
                b" folded: line",
            ]
        ),
        max_size=4,
    ),
    body=st.sampled_from([b"", b"{}", b"[{}]", b"5\r\n[1,2]\r\n0\r\n\r\n", b"zz\r\n", b"5\r\n[1"])
    | st.binary(max_size=40),
)
def test_almost_valid_heads(talk: Talk, version: bytes, status: bytes, headers: list[bytes], body: bytes) -> None:
    talk.check_calls(b"\r\n".join([version + b" " + status + b" OK", *headers, b"", body]))

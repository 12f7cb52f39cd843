"""Arguments arrive unchanged, or the call is rejected before anything is sent.

The bytes on the wire are decoded here, independently of the code under test.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Wire, client_of, reply

import ubiops

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.text(max_size=40) | st.sampled_from(
    ["%2e%2e", "..", ".", "a/b", "a?b", "a#b", "\r\n", "\\", "%00", "é", "\ud800"]
)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire([reply(200, {})]) as made:
        yield made


@pytest.fixture(scope="module")
def client(wire: Wire) -> Iterator[ubiops.ApiClient]:
    with client_of(wire.host) as made:
        yield made


def decoded(text: str) -> str:
    """Decodes percent-encoding as RFC 3986 defines it."""
    out = bytearray()
    position = 0
    while position < len(text):
        if text[position] == "%":
            out.append(int(text[position + 1 : position + 3], 16))
            position += 3
        else:
            out += text[position].encode("ascii")
            position += 1
    return out.decode("utf-8")


@given(segment=TEXT)
def test_a_path_parameter_arrives_in_its_segment_or_not_at_all(
    wire: Wire, client: ubiops.ApiClient, segment: str
) -> None:
    before = len(wire.requests)
    try:
        client.call_api("/projects/{name}/deployments", "GET", {"name": segment})
    except ubiops.ApiValueError:
        assert len(wire.requests) == before
        assert segment in ("", ".", "..") or re.search("[\ud800-\udfff]", segment)
        return
    parts = wire.requests[-1].target.split("/")
    assert parts[:3] == ["", "v2.1", "projects"]
    assert parts[4:] == ["deployments"]
    assert re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+", parts[3])
    assert parts[3] not in (".", "..")
    assert decoded(parts[3]) == segment


@given(value=TEXT)
def test_a_query_value_arrives_whole_and_alone_or_not_at_all(wire: Wire, client: ubiops.ApiClient, value: str) -> None:
    before = len(wire.requests)
    try:
        client.call_api("/x", "GET", query_params={"labels": value, "last": "1"})
    except ubiops.ApiValueError:
        assert len(wire.requests) == before
        assert re.search("[\ud800-\udfff]", value)
        return
    path, mark, query = wire.requests[-1].target.partition("?")
    assert (path, mark) == ("/v2.1/x", "?")
    pairs = [pair.split("=") for pair in query.split("&")]
    assert [(name, decoded(text)) for name, text in pairs] == [("labels", value), ("last", "1")]


@given(value=st.text(max_size=40) | st.text(st.characters(max_codepoint=255), max_size=40))
def test_a_header_arrives_as_one_header_or_not_at_all(wire: Wire, client: ubiops.ApiClient, value: str) -> None:
    before = len(wire.requests)
    try:
        client.call_api("/x", "GET", header_params={"X-Fuzz": value})
    except ubiops.ApiValueError:
        assert len(wire.requests) == before
        assert re.search(r"[^\x20-\x7e\x80-\xff\t]", value)
        return
    lines = [(name, text) for name, text in wire.requests[-1].lines if name.lower() == "x-fuzz"]
    assert [text for _, text in lines] == [value.strip()]


@given(token=st.text(max_size=40))
def test_a_token_arrives_with_one_prefix_or_not_at_all(wire: Wire, token: str) -> None:
    before = len(wire.requests)
    try:
        with client_of(wire.host, api_key={"Authorization": token}) as client:
            client.call_api("/x", "GET")
    except ubiops.ApiValueError as error:
        assert len(wire.requests) == before
        assert len(token.strip()) < 8 or token.strip() not in str(error)
        return
    sent = [text for name, text in wire.requests[-1].lines if name.lower() == "authorization"]
    assert len(sent) <= 1
    assert all(re.match(r"(?i)(token|bearer) ", text) for text in sent)


@given(name=TEXT.filter(bool), field=TEXT)
def test_names_and_fields_of_a_form_arrive_in_their_part(
    wire: Wire, client: ubiops.ApiClient, name: str, field: str
) -> None:
    before = len(wire.requests)

    class Named:
        def __init__(self) -> None:
            self.name: Any = name
            self.data = b"zip"

        def read(self, amount: int) -> bytes:
            data, self.data = self.data, b""
            return data

    try:
        client.call_api("/x", "POST", post_params={"source": field}, files={"file": Named()})
    except ubiops.ApiValueError:
        assert len(wire.requests) == before
        assert re.search("[\ud800-\udfff]", field)
        return
    request = wire.requests[-1]
    mark = b"--" + request.headers["content-type"].rpartition("=")[2].encode()
    first, second = request.body.split(mark)[1:3]
    assert request.body.endswith(mark + b"--\r\n")
    assert request.body.count(mark) == 3
    head, _, content = first.partition(b"\r\n\r\n")
    assert head == b'\r\nContent-Disposition: form-data; name="source"'
    assert content == field.encode() + b"\r\n"
    head, _, content = second.partition(b"\r\n\r\n")
    assert head.startswith(b'\r\nContent-Disposition: form-data; name="file"; filename="')
    assert head.count(b"\r\n") == 2
    assert head.count(b'"') == 4
    assert content == b"zip\r\n"

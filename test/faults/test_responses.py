"""Every response, however broken, yields the right value or a clear, typed error."""

from __future__ import annotations

import gzip
import json
import pickle
import sys
import time
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from scripted import call, chunked, reply, then_close

import ubiops
from ubiops import exceptions
from ubiops._core.operation import Operation

JSON = "Content-Type: application/json"
GZIP = "Content-Encoding: gzip"
DEFLATE = "Content-Encoding: deflate"


class Case(NamedTuple):
    """The bytes of a response, and the value or the error that they must yield."""

    name: str
    response: bytes
    value: Any = None
    error: type[ubiops.ApiException] | None = None
    text: str = ""


def good(name: str, response: bytes, value: Any) -> Case:
    return Case(name, response, value)


def bad(name: str, response: bytes, error: type[ubiops.ApiException], text: str) -> Case:
    return Case(name, response, None, error, text)


CASES = [
    good("plain JSON", reply(200, {"a": 1}), {"a": 1}),
    good("JSON in chunks", chunked(b'{"a"', b": 1}"), {"a": 1}),
    good("JSON until the connection closes", b"HTTP/1.1 200 OK\r\n\r\n[1]", [1]),
    good("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n[1]", [1]),
    good("JSON with another media type", reply(200, [1], "Content-Type: text/plain"), [1]),
    good("JSON in UTF-16 with a byte order mark", reply(200, '["ü"]'.encode("utf-16")), ["ü"]),
    good("non-ASCII characters", reply(200, '["ü"]'.encode()), ["ü"]),
    good("an empty body with 204", reply(204), None),
    good("a megabyte of whitespace, compressed", reply(200, gzip.compress(b" " * (1 << 20) + b"[1]"), GZIP), [1]),
    good(
        "exactly one block, compressed",
        reply(200, gzip.compress(b'["' + b"a" * ((1 << 18) - 4) + b'"]'), GZIP),
        ["a" * ((1 << 18) - 4)],
    ),
    good("an empty body with 204 and an encoding", reply(204, b"", GZIP), None),
    good("gzip", reply(200, gzip.compress(b"[1]"), GZIP), [1]),
    good("gzip in two members", reply(200, gzip.compress(b"[1,") + gzip.compress(b"2]"), GZIP), [1, 2]),
    good("x-gzip in chunks", chunked(gzip.compress(b"[1]"), headers=["Content-Encoding: x-gzip"]), [1]),
    good("deflate", reply(200, zlib.compress(b"[1]"), DEFLATE), [1]),
    good("identity", reply(200, b"[1]", "Content-Encoding: identity"), [1]),
    good("after early hints", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(200, [1]), [1]),
    good(
        "after two informational responses",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + reply(200, [1]),
        [1],
    ),
    good("a Content-Length that is not a number", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[1]", [1]),
    good(
        "a Content-Length of 5,000 digits", b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n[1]", [1]
    ),
    bad("an empty body with 200", reply(200, b""), ubiops.InvalidResponseError, "is empty where JSON was expected"),
    bad("only whitespace", reply(200, b" \n"), ubiops.InvalidResponseError, "is empty where JSON was expected"),
    bad("truncated JSON", reply(200, b'{"a": '), ubiops.InvalidResponseError, "is not valid JSON"),
    bad(
        "an HTML page",
        reply(200, b"<html>Log in!</html>", "Content-Type: text/html"),
        ubiops.InvalidResponseError,
        "host",
    ),
    bad("bytes that are not text", reply(200, b'"\xff\xfe\xfd"'), ubiops.InvalidResponseError, "is not valid JSON"),
    bad("JSON nested too deeply", reply(200, b"[" * 200_000), ubiops.InvalidResponseError, "is not valid JSON"),
    bad(
        "a number with too many digits",
        reply(200, b"[" + b"9" * 5000 + b"]"),
        ubiops.InvalidResponseError,
        "is not valid JSON",
    ),
    bad("plain text declared as gzip", reply(200, b"[1]", GZIP), ubiops.InvalidResponseError, "declared as compressed"),
    bad("truncated gzip", reply(200, gzip.compress(b"[1]")[:-9], GZIP), ubiops.InvalidResponseError, "too early"),
    bad(
        "gzip followed by other bytes",
        reply(200, gzip.compress(b"[1]") + b"more", GZIP),
        ubiops.InvalidResponseError,
        "decompressed",
    ),
    bad("an unknown encoding", reply(200, b"[1]", "Content-Encoding: br"), ubiops.InvalidResponseError, "only gzip"),
    bad("not HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ubiops.ApiConnectionError, "the connection broke"),
    bad("no status code", b"HTTP/1.1 what OK\r\n\r\n", ubiops.ApiConnectionError, "the connection broke"),
    bad("a truncated status code", b"HTTP/1.1 20", ubiops.ApiConnectionError, "cut off"),
    bad("an unfinished head", b"HTTP/1.1 200 OK\r\nA: b\r\n", ubiops.ApiConnectionError, "cut off"),
    bad(
        "a header line that is too long", b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, ubiops.ApiConnectionError, "broke"
    ),
    bad("too many headers", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", ubiops.ApiConnectionError, "broke"),
    bad("two Content-Lengths", reply(200, b"[1]", "Content-Length: 2"), ubiops.ApiConnectionError, "Content-Length"),
    bad("a body shorter than its Content-Length", reply(200, b"[1]")[:-1], ubiops.ApiConnectionError, "cut off"),
    bad("missing last chunk", chunked(b"[1]", end=b""), ubiops.ApiConnectionError, "cut off"),
    bad("truncated chunk", chunked(b"[1", end=b"5\r\n]"), ubiops.ApiConnectionError, "cut off"),
    bad("a chunk without a size", chunked(b"[1]", end=b"what\r\n]"), ubiops.ApiConnectionError, "cut off"),
    bad("a negative chunk size", chunked(b"[1]", end=b"-5\r\n]"), ubiops.ApiConnectionError, "cut off"),
    bad("a chunk size that is too long", chunked(b"[1]", end=b"1" * 70_000), ubiops.ApiConnectionError, "broke"),
    good("transfer encoding identity", reply(200, [1], "Transfer-Encoding: identity"), [1]),
    bad(
        "a transfer encoding before chunked",
        chunked(b"[1]").replace(b"chunked", b"gzip, chunked"),
        ubiops.ApiConnectionError,
        "the transfer encoding 'gzip, chunked' is not supported",
    ),
    bad(
        "an unknown transfer encoding with a length",
        reply(200, b"[1]", "Transfer-Encoding: xchunked"),
        ubiops.ApiConnectionError,
        "transfer encoding",
    ),
    bad("a protocol switch", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ubiops.ApiException, "101"),
    bad(
        "endless informational responses",
        b"HTTP/1.1 102 Processing\r\n\r\n" * 600,
        ubiops.ApiConnectionError,
        "before the body",
    ),
    bad("not modified", reply(304), ubiops.RedirectError, "Not Modified"),
    bad("a status above 599", reply(799, {"error": "x"}), ubiops.ServerError, "799"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_response_yields_a_value_or_a_typed_error(case: Case, wire: Any, client_for: Any) -> None:
    client = client_for(wire(then_close(case.response)), max_retries=0)
    if case.error is None:
        assert call(client) == case.value
        return
    with pytest.raises(case.error) as caught:
        call(client)
    assert case.text in str(caught.value)
    assert caught.value.method == "GET"
    assert caught.value.url is not None
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [], {}, [None], float("inf")])
@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [("deployments_list", ("p",), list), ("deployments_get", ("p", "d"), dict)],
)
def test_a_value_of_the_wrong_type_is_an_error(
    value: Any, method: str, arguments: tuple[str, ...], expected: type, wire: Any, client_for: Any
) -> None:
    api = ubiops.CoreApi(client_for(wire(reply(200, value))))
    if isinstance(value, expected) and value != [None]:
        getattr(api, method)(*arguments)
        return
    with pytest.raises(ubiops.InvalidResponseError, match="where (a list|an object) was expected"):
        getattr(api, method)(*arguments)


def test_a_deeply_nested_value_of_the_wrong_type_is_an_error(wire: Any, client_for: Any) -> None:
    """A value that can just be parsed may be too deep for the steps afterwards."""
    server = wire(b"")
    api = ubiops.CoreApi(client_for(server))
    for depth in range(sys.getrecursionlimit() - 100, sys.getrecursionlimit() + 1):
        server.steps = (reply(200, b"[" * depth + b"]" * depth),)
        with pytest.raises(ubiops.InvalidResponseError):
            api.deployments_get("p", "d")


def test_unexpected_fields_and_values_of_list_items_are_kept(wire: Any, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(wire(reply(200, [{"name": "d", "labels": 5, "unknown": 1}]))))
    (first,) = api.deployments_list("p")
    assert (first.name, first.labels, first.id) == ("d", 5, None)
    assert first.to_dict()["unknown"] == 1


@pytest.mark.parametrize(
    ("entry", "kind"), [(None, "null"), ("text", "str"), ([1], "a list"), (1, "int"), (True, "bool")]
)
def test_list_items_of_the_wrong_type_are_an_error(entry: Any, kind: str, wire: Any, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(wire(reply(200, [{"name": "d"}, entry]))))
    with pytest.raises(ubiops.InvalidResponseError, match=f"is {kind} in entry 1 where an object was expected"):
        api.deployments_list("p")


@pytest.mark.parametrize(
    ("kind", "value", "entry"),
    [("str", ["a", None], 1), ("int", [1, True], 1), ("float", ["1"], 0), ("bool", [True, 1], 1)],
)
def test_list_items_of_a_plain_type_are_checked_too(
    kind: str, value: list[Any], entry: int, wire: Any, client_for: Any
) -> None:
    client = client_for(wire(reply(200, value)))
    with pytest.raises(ubiops.InvalidResponseError, match=f"in entry {entry} where {kind} was expected"):
        client.call_api("/things", "GET", response_type=f"list[{kind}]")


# --- statuses -------------------------------------------------------------------------

STATUSES = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    402: "ApiRequestError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "ApiRequestError",
    407: "ApiRequestError",
    409: "ConflictError",
    413: "PayloadTooLargeError",
    422: "ApiRequestError",
    429: "TooManyRequestsError",
    500: "ServerError",
    501: "ServerError",
    502: "ServerError",
    503: "ServerError",
    504: "ServerError",
    599: "ServerError",
    300: "RedirectError",
    304: "RedirectError",
}


@pytest.mark.parametrize(("status", "name"), STATUSES.items())
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_status_raises_its_class_with_the_servers_message(
    status: int, name: str, method: str, wire: Any, client_for: Any
) -> None:
    response = reply(status, {"error": "Message"}, "x-request-id: 7")
    with pytest.raises(ubiops.ApiException) as caught:
        call(client_for(wire(then_close(response)), max_retries=0), method)
    error = caught.value
    assert type(error).__name__ == name
    assert error.status == status
    assert error.headers is not None
    assert error.headers["X-Request-Id"] == "7"
    if status != 304:
        assert error.get_body_message() == "Message"
        assert error.body == '{"error": "Message"}'
        assert "Message" in str(error)


PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>" + b"<p>nginx</p>" * 5000
MESSAGES = [
    (b'{"error": "one"}', "one"),
    (b'{"error_message": "two"}', "two"),
    (b'{"detail": "three"}', "three"),
    (b'{"error": {"code": 4}}', '{"code": 4}'),
    (b"<?xml version='1.0'?><Error><Code>X</Code><Message>five</Message></Error>", "five"),
    (b"<Error><Message>no</Message><Details>six &lt;6&gt;</Details></Error>", "six <6>"),
    (b"plain seven", "plain seven"),
    (PAGE, "502 Bad Gateway"),
    (b"", None),
    (b"\xff\xfe\x00bytes", "\ufffd\ufffd bytes"),
    (b'{"error": "a\\u001b[31mb\\u202ec"}', "a [31mb c"),
    (b"x" * 100_000, "x" * 1000 + "…"),
]


@pytest.mark.parametrize(("body", "message"), MESSAGES, ids=range(len(MESSAGES)))
def test_the_servers_message_is_reported_without_dumping_a_page(
    body: bytes, message: str | None, wire: Any, client_for: Any
) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        call(client_for(wire(reply(404, body))))
    assert caught.value.get_body_message() == message
    assert len(str(caught.value)) < 1500


HOSTILE = {
    "whitespace within a message": b"<Message>" + b" " * 9_900 + b"x",
    "unclosed messages": b"<Message>" * 1_100,
    "unclosed titles": b"<html>" + b"<title" * 1_600,
    "unclosed CDATA sections": b"<Message><![CDATA[" + b"]]> " * 2_000,
    "brackets": b"[" * 9_999,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_error_bodies_are_parsed_quickly(body: bytes, wire: Any, client_for: Any) -> None:
    """A parser with quadratic time would need minutes or hours.

    CPU time of this thread is measured, so that the load of the machine does not
    matter.
    """
    client = client_for(wire(reply(404, body)))
    before = time.thread_time()
    with pytest.raises(ubiops.NotFoundError):
        call(client)
    assert time.thread_time() - before < 5


def test_control_characters_of_a_reason_are_removed(wire: Any, client_for: Any) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        call(client_for(wire(reply(404, b"", reason="No\x1b[2J\x07pe \xe9"))))
    assert caught.value.reason == "No [2J pe é"
    assert str(caught.value).isprintable() or str(caught.value).replace("\n", "").isprintable()
    with pytest.raises(ubiops.ApiConnectionError) as broken:
        call(client_for(wire(then_close(b"\x1b[2Jno HTTP\r\n\r\n")), max_retries=0))
    assert str(broken.value).replace("\n", "").isprintable()


def test_a_long_reason_is_truncated(wire: Any, client_for: Any) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        call(client_for(wire(reply(404, b"", reason="x" * 60_000))))
    assert len(str(caught.value)) < 1500


def test_an_error_with_a_truncated_body_keeps_its_status(wire: Any, client_for: Any) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        call(client_for(wire(then_close(reply(404, {"error": "half"})[:-5]))))
    assert caught.value.status == 404


def test_the_body_of_an_error_is_read_up_to_a_limit(wire: Any, client_for: Any) -> None:
    with pytest.raises(ubiops.BadRequestError) as caught:
        call(client_for(wire(reply(400, b"x" * (3 << 20)), reply(200, [1]))))
    assert caught.value.body is not None
    assert len(caught.value.body) == 1 << 20


def test_a_missing_token_is_reported_with_a_hint(wire: Any, client_for: Any) -> None:
    response = reply(401, {"error": "No"})
    with pytest.raises(ubiops.UnauthorizedError, match="no API token was sent: set UBIOPS_API_TOKEN"):
        call(client_for(wire(response), api_key=None))
    with pytest.raises(ubiops.UnauthorizedError, match="was not accepted: check UBIOPS_API_TOKEN"):
        call(client_for(wire(response)))


# --- size -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Connection: close\r\n",
        b"Content-Length: 200000000\r\n",
        b"Content-Length: 200000000\r\nX-A: b\r\n folded\r\n",
    ],
    ids=["chunked", "chunked with a length", "until the connection closes", "a length", "a length in a folded head"],
)
def test_an_endless_response_is_read_up_to_a_limit(
    head: bytes, wire: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ubiops._core.results.MAX_RESPONSE_BYTES", 1 << 20)
    block = b"[" * (1 << 16)

    def flood(peer: Any) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(1 << 11):
            peer.send(b"10000\r\n" + block + b"\r\n" if b"chunked" in head else block)
        peer.close()

    with pytest.raises(ubiops.InvalidResponseError, match="more than 1 MiB, which is more than is read into memory"):
        call(client_for(wire(flood)))


def test_a_decompression_bomb_does_not_fill_the_memory(
    wire: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tracemalloc

    monkeypatch.setattr("ubiops._core.results.MAX_RESPONSE_BYTES", 4 << 20)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(400)) + squeeze.flush()
    assert len(bomb) < 1 << 20
    client = client_for(wire(reply(200, bomb, GZIP)))
    tracemalloc.start()
    try:
        with pytest.raises(ubiops.InvalidResponseError, match="more than 4 MiB"):
            call(client)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_a_decompression_bomb_is_rejected_early_by_its_ratio(wire: Any, client_for: Any) -> None:
    """The process grows by less than 64 MiB; other responses may have 256 MiB."""
    import tracemalloc

    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(300)) + squeeze.flush()
    client = client_for(wire(reply(200, bomb, GZIP)))
    tracemalloc.start()
    try:
        with pytest.raises(ubiops.InvalidResponseError, match="rejected as a decompression bomb"):
            call(client)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_reading_a_compressed_body_needs_little_more_memory_than_its_size(wire: Any, client_for: Any) -> None:
    import tracemalloc

    body = json.dumps([{"name": f"deployment-{number}", "labels": {}} for number in range(500_000)]).encode()
    packed = gzip.compress(body, 6)
    assert len(body) > (20 << 20) > 15 * len(packed) > len(packed) * 10
    client = client_for(wire(reply(200, packed, GZIP)))
    tracemalloc.start()
    try:
        response = client.call_api("/things", "GET")
        assert response[1] == 200
        assert tracemalloc.get_traced_memory()[1] < 1.5 * len(body) + (8 << 20)
    finally:
        tracemalloc.stop()


def test_a_decompression_bomb_in_an_error_does_not_fill_the_memory(wire: Any, client_for: Any) -> None:
    import tracemalloc

    client = client_for(wire(reply(400, gzip.compress(bytes(50 << 20)), GZIP)))
    tracemalloc.start()
    try:
        with pytest.raises(ubiops.BadRequestError) as caught:
            call(client)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.body is not None
    assert len(caught.value.body) == 1 << 20


# --- responses without a body ---------------------------------------------------------


def test_the_response_to_head_has_no_body_even_if_it_declares_one(wire: Any, client_for: Any) -> None:
    server = wire(reply(200, b"", GZIP).replace(b"Content-Length: 0", b"Content-Length: 500"), reply(200, [1]))
    client = client_for(server)
    assert client.call_api("/things", "HEAD")[1] == 200
    assert call(client) == [1]
    assert server.connections == 1


@pytest.mark.parametrize("header", ["Range", "range"])
def test_a_partial_response_is_an_error_unless_it_was_requested(
    header: str, wire: Any, client_for: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A saved part would look like the whole file."""
    monkeypatch.chdir(tmp_path)
    part = reply(206, b"part", "Content-Range: bytes 0-3/100")
    client = client_for(wire(part))
    api = ubiops.CoreApi(client)
    for action in (
        lambda: api.revisions_file_download("p", "d", "r", "v", _preload_content=True),
        lambda: api.revisions_file_download("p", "d", "r", "v"),
        lambda: api.deployments_list("p"),
        lambda: call(client),
    ):
        with pytest.raises(ubiops.InvalidResponseError, match="only a part"):
            action()
    assert list(tmp_path.iterdir()) == []
    with client.call_api(
        "/things", "GET", header_params={header: "bytes=0-3"}, _preload_content=False, _return_http_data_only=True
    ) as response:
        assert (response.status, response.read()) == (206, b"part")


def test_an_operation_that_returns_nothing_accepts_any_body(wire: Any, client_for: Any) -> None:
    for body in (b"", b"deleted", b"{}"):
        assert ubiops.CoreApi(client_for(wire(reply(200, body)))).deployments_delete("p", "d") is None


# --- redirects ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "target", ["/v2.1/there?a=1", "{origin}/v2.1/there?a=1", "there?a=1", "//127.0.0.1:{port}/v2.1/there?a=1"]
)
def test_a_redirect_is_followed_on_the_same_origin(
    status: int, method: str, target: str, wire: Any, client_for: Any
) -> None:
    server = wire(b"", reply(200, b"" if method == "HEAD" else [1]))
    location = target.format(origin=server.origin, port=server.port)
    server.steps = (reply(status, b"", f"Location: {location}"), server.steps[1])
    if method == "HEAD":
        assert client_for(server).call_api("/things", "HEAD")[1] == 200
    else:
        assert call(client_for(server)) == [1]
    assert [(r.method, r.target) for r in server.requests] == [(method, "/v2.1/things"), (method, "/v2.1/there?a=1")]
    assert server.requests[1].headers["authorization"].startswith("Token ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirect_of_a_method_that_changes_something_is_an_error(
    status: int, method: str, wire: Any, client_for: Any
) -> None:
    server = wire(reply(status, b"", "Location: /v2.1/there"))
    with pytest.raises(ubiops.RedirectError, match="'/v2.1/there', which is not followed: only a GET or HEAD is"):
        call(client_for(server), method)
    assert len(server.requests) == 1


def test_a_redirect_to_another_origin_is_an_error_and_sends_no_credentials(
    wire: Any, client_for: Any, certificates: Any
) -> None:
    """Another port, host or scheme: the servers listen but receive nothing."""
    other_port = wire(reply(200, [1]))
    other_scheme = wire(reply(200, [1]), context=certificates.good)
    locations = [
        other_port.host,
        other_scheme.host,
        "http://localhost:{port}/v2.1/there",
        "https://127.0.0.1:{port}/v2.1/there",
        "http://user:pass@127.0.0.1:{port}/v2.1/there",
        "//localhost:{port}/there",
        "http://127.0.0.1.nip.example:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://127.0.0.1:{port}:80/",
        "http://[::1",
        "ftp://127.0.0.1:{port}/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "\\\\localhost\\there",
    ]
    for location in locations:
        server = wire(b"")
        server.steps = (reply(302, b"", f"Location: {location.format(port=server.port)}"),)
        client = client_for(server, **certificates.trust)
        if location.startswith("\\"):
            # A backslash is not a separator: this is a path on the same origin, sent
            # encoded.
            with pytest.raises(ubiops.RedirectError):
                call(client)
            assert all(r.target.startswith("/v2.1/") for r in server.requests)
            continue
        with pytest.raises(ubiops.RedirectError, match="is not followed"):
            call(client)
        assert len(server.requests) == 1, location
    assert other_port.connections == other_scheme.connections == 0


@pytest.mark.parametrize("location", ["", "/a\tb", "/\xe4"])
def test_a_redirect_with_an_invalid_location_is_an_error(location: str, wire: Any, client_for: Any) -> None:
    with pytest.raises(ubiops.RedirectError):
        call(client_for(wire(reply(302, b"", f"Location: {location}"))))


def test_a_redirect_loop_ends(wire: Any, client_for: Any) -> None:
    server = wire(reply(302, b"", "Location: /v2.1/things"))
    with pytest.raises(ubiops.RedirectError, match="too many"):
        call(client_for(server))
    assert len(server.requests) == 6


def test_every_class_of_error_is_raised_for_some_status_or_fault() -> None:
    """No exported class is one that nothing raises."""
    raised = {*STATUSES.values(), *(case.error.__name__ for case in CASES if case.error)}
    by_hand = {"ApiTimeoutError", "ApiTypeError", "ApiValueError", "ApiKeyError", "ApiException"}
    # Raised for local files, for unknown names, and by waiting.
    by_hand |= {"ApiFileError", "ApiFileNotFoundError", "ApiPermissionError", "ApiAttributeError", "ApiImportError"}
    by_hand |= {"StatusError", "WaitTimeoutError"}
    assert set(exceptions.__all__) - raised - by_hand == {"OpenApiException", "UbiOpsException", "UnknownFieldWarning"}


def test_a_raw_response_is_decoded_as_its_headers_say(wire: Any, client_for: Any) -> None:
    client = client_for(wire(reply(200, b"no JSON", GZIP), reply(200, b"no JSON"), reply(200, b"\xff", JSON)))
    api = ubiops.CoreApi(client)
    with api.deployments_list("p", _preload_content=False) as response, pytest.raises(ubiops.InvalidResponseError):
        response.read()
    with api.deployments_list("p", _preload_content=False) as response:
        assert response.read() == b"no JSON"
    with api.deployments_list("p", _preload_content=False) as response, pytest.raises(ubiops.InvalidResponseError):
        response.json()


def test_an_error_with_unknown_fields_shows_them_as_its_message(wire: Any, client_for: Any) -> None:
    body = json.dumps({"errors": [{"field": "name"}]}).encode()
    with pytest.raises(ubiops.BadRequestError) as caught:
        call(client_for(wire(reply(400, body))))
    assert caught.value.get_body_message() == '{"errors": [{"field": "name"}]}'


@pytest.mark.parametrize(
    ("prefix", "generations", "hint"),
    [
        ("/v2.1", ("v2",), "things_get exists in API v2 only, and this host is API v2.1: set configuration.host to "),
        ("/api/v2", ("v2.1",), "things_get exists in API v2.1 only, and this host is API v2: set configuration.host "),
        ("/v2", ("v2",), None),
        ("/v2.1", (), None),
    ],
)
def test_a_404_names_the_host_of_the_generation_that_has_the_operation(
    wire: Any, client_for: Any, prefix: str, generations: tuple[str, ...], hint: str | None
) -> None:
    operation = Operation("things_get", "GET", "/v2/things", returns="any", generations=generations)
    with wire(reply(404, {"error": "Not found"})) as server:
        client = client_for(server.origin + prefix)
        with pytest.raises(ubiops.NotFoundError) as caught:
            client.execute(operation, (), {})
    if hint is None:
        assert caught.value.hint is None
    else:
        assert caught.value.hint.startswith(hint)
        host = f"{server.origin}{prefix.rpartition('/')[0]}/{generations[0]}"
        assert caught.value.hint.endswith(repr(host))
        assert host in str(caught.value)

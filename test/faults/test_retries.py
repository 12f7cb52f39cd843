"""Retries over real connections: which calls, how often, and after what delay.

``test/client/test_retry.py`` tests the decisions alone.
"""

from __future__ import annotations

import email.utils
import io
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from scripted import ZIP_START, Wire, call, reply, silence, then_close, then_reset

import ubiops
from ubiops._core.retry import IDEMPOTENT

METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH")
GOOD = reply(200, [1])
GOOD_HEAD = reply(200, b"")


class Case(NamedTuple):
    """The first response on the wire, and the methods that are then retried."""

    name: str
    step: Any
    retried: frozenset[str]


ALL, NONE = frozenset(METHODS), frozenset[str]()
CASES = [
    Case("reset before a response", then_reset(), IDEMPOTENT),
    Case("closed before a response", then_close(), IDEMPOTENT),
    Case("silence", silence, IDEMPOTENT),
    Case("not HTTP", then_close(b"what?\r\n\r\n"), IDEMPOTENT),
    Case("cut off in the head", then_close(b"HTTP/1.1 200 OK\r\nContent-Le"), IDEMPOTENT),
    Case("cut off in the body", then_close(reply(200, b"[1]")[:-1]), IDEMPOTENT - {"HEAD"}),
    Case("reset in the body", then_reset(reply(200, b"[1]")[:-1]), IDEMPOTENT - {"HEAD"}),
    Case("502", reply(502, b"<html>"), IDEMPOTENT),
    Case("503", reply(503), IDEMPOTENT),
    Case("504", reply(504), IDEMPOTENT),
    Case("429", reply(429), ALL),
    Case("400", reply(400), NONE),
    Case("401", reply(401), NONE),
    Case("404", reply(404), NONE),
    Case("408", reply(408), NONE),
    Case("500", reply(500), NONE),
    Case("501", reply(501), NONE),
    Case("507", reply(507), NONE),
    Case("not JSON", reply(200, b"{"), NONE - {"HEAD"}),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_which_methods_are_retried(case: Case, method: str, wire: Any, client_for: Any, clock: Any) -> None:
    head = method == "HEAD"
    first = case.step
    if head and isinstance(first, bytes):
        first = first.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    server = wire(first, GOOD_HEAD if head else GOOD)
    client = client_for(server, read_timeout=0.3 if case.name == "silence" else 300)

    def act() -> Any:
        return client.call_api("/things", "HEAD")[1] if head else call(client, method)

    succeeds_at_once = head and ("body" in case.name or case.name == "not JSON")
    if succeeds_at_once:
        assert act() == 200
    elif method in case.retried:
        assert act() == (200 if head else [1])
        assert len(clock.waits) == 1
    else:
        with pytest.raises(ubiops.ApiException) as caught:
            act()
        assert len(caught.value.attempts) == 1
        assert clock.waits == []
    sent = 2 if method in case.retried and not succeeds_at_once else 1
    assert len(server.requests) == sent
    # A retry sends exactly the same bytes.
    assert len({(r.method, r.target, tuple(r.lines), r.body) for r in server.requests}) == 1


# --- before anything is sent ----------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_connection_is_retried_for_any_method(method: str, wire: Any, client_for: Any, clock: Any) -> None:
    """The server starts while the client waits."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        client = client_for(f"http://127.0.0.1:{port}")
        servers: list[Wire] = []

        def start_server(seconds: float) -> None:
            clock.waits.append(seconds)
            if len(clock.waits) == 2:
                reserved.close()
                servers.append(_wire_at(port, wire, GOOD_HEAD if method == "HEAD" else GOOD))

        clock.sleep = start_server
        if method == "HEAD":
            assert client.call_api("/things", "HEAD")[1] == 200
        else:
            assert call(client, method) == [1]
    assert len(clock.waits) == 2
    assert len(servers[0].requests) == 1


def _wire_at(port: int, wire: Callable[..., Wire], *steps: Any) -> Wire:
    """A server on a given port, which is known before the server listens."""
    original = socket.create_server
    try:
        socket.create_server = lambda address, **options: original(("127.0.0.1", port), **options)  # type: ignore[assignment]
        return wire(*steps)
    finally:
        socket.create_server = original


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_temporary_failure_to_resolve_the_host_is_retried(
    method: str, wire: Any, client_for: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = wire(GOOD)
    original = socket.getaddrinfo
    lookups: list[Any] = []

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        lookups.append(host)
        if len(lookups) < 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return original("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    assert call(client_for(f"http://api.localhost:{server.port}"), method) == [1]
    assert len(clock.waits) == 2


@pytest.mark.parametrize("how", ["reset", "close"])
def test_an_interrupted_tls_handshake_is_retried_for_any_method(
    how: str, wire: Any, client_for: Any, clock: Any, certificates: Any
) -> None:
    def refuse_first(peer: Any, number: int) -> None:
        if number < 3:
            # Once all received bytes are read, closing the connection doesn't reset it.
            peer.wait()
            getattr(peer, how)()

    server = wire(GOOD, context=certificates.good, at_accept=refuse_first)
    assert call(client_for(server, **certificates.trust), "POST") == [1]
    assert (len(clock.waits), len(server.requests)) == (2, 1)


def test_a_failed_handshake_within_a_tunnel_is_retried_for_any_method(wire: Any, client_for: Any, clock: Any) -> None:
    """The proxy has received a CONNECT request, but the server nothing."""

    def break_off(peer: Any) -> None:
        peer.read_head()
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        peer.wait()
        peer.close()

    proxy = wire(break_off)
    with pytest.raises(ubiops.ApiConnectionError):
        call(client_for("https://api.localhost", proxy=proxy.origin), "POST")
    assert (len(clock.waits), proxy.connections) == (3, 4)


@pytest.mark.parametrize(("method", "attempts"), [("GET", 2), ("POST", 1)])
def test_a_tls_failure_during_the_response_is_retried_only_if_idempotent(
    method: str, attempts: int, wire: Any, client_for: Any, clock: Any, certificates: Any
) -> None:
    def garble(peer: Any) -> None:
        peer.read_request()
        socket.socket.sendall(peer.sock, b"\x17\x03\x03\x00\x20" + bytes(32))
        peer.drain()

    server = wire(garble, context=certificates.good)
    with pytest.raises(ubiops.ApiConnectionError, match="the connection broke") as caught:
        call(client_for(server, max_retries=1, **certificates.trust), method)
    assert len(caught.value.attempts) == len(server.requests) == attempts


def test_a_rejected_certificate_is_not_retried(wire: Any, client_for: Any, clock: Any, certificates: Any) -> None:
    with pytest.raises(ubiops.ApiConnectionError):
        call(client_for(wire(GOOD, context=certificates.wrong_name), **certificates.trust))
    assert clock.waits == []


def test_an_error_that_the_caller_is_handling_does_not_affect_the_call(wire: Any, client_for: Any, clock: Any) -> None:
    """Python chains the errors, and the frames of the caller's error are kept."""

    def fail() -> None:
        kept = ["kept"]
        raise ssl.SSLCertVerificationError(1, f"certificate verify failed: {kept}")

    client = client_for(wire(then_close(), then_close(), GOOD))
    try:
        fail()
    except ssl.SSLError as error:
        assert call(client) == [1]
        client.configuration.host = "http://127.0.0.1:1"
        client.configuration.max_retries = 0
        with pytest.raises(ubiops.ApiConnectionError, match="no connection to the server") as caught:
            call(client)
        assert caught.value.__context__ is error
        assert error.__traceback__ is not None
        assert error.__traceback__.tb_next is not None
        assert error.__traceback__.tb_next.tb_frame.f_locals["kept"] == ["kept"]
    assert len(clock.waits) == 2


# --- how often and how long -----------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 5])
def test_a_call_is_retried_up_to_max_retries_times(limit: int, wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(reply(503, {"error": "Busy"}))
    with pytest.raises(ubiops.ServerError, match="Busy") as caught:
        call(client_for(server, max_retries=limit))
    assert len(server.requests) == len(caught.value.attempts) == limit + 1
    assert len(clock.waits) == limit
    for number, wait in enumerate(clock.waits):
        assert 0 <= wait <= 0.5 * 2**number
    if limit:
        assert caught.value.attempts[0] == "503 Service Unavailable"
        assert caught.value.attempts[-1] == f"503 Service Unavailable; not retried: max_retries ({limit}) is used up"
        assert f"attempts: {limit + 1}\n    503 Service Unavailable\n" in str(caught.value)


def test_a_call_is_retried_three_times_by_default(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(then_close())
    with pytest.raises(ubiops.ApiConnectionError):
        call(client_for(server))
    assert (len(server.requests), len(clock.waits)) == (4, 3)


def test_the_backoff_is_capped(wire: Any, client_for: Any, clock: Any) -> None:
    with pytest.raises(ubiops.ServerError):
        call(client_for(wire(reply(503)), max_retries=12, retry_deadline=100_000))
    assert max(clock.waits) <= 20
    assert len(set(clock.waits)) == 12


def test_a_call_is_not_retried_after_its_deadline(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(reply(503))
    with pytest.raises(ubiops.ServerError) as caught:
        call(client_for(server, max_retries=1000, retry_deadline=60))
    assert sum(clock.waits) < 60
    assert "would exceed the deadline of 60 s" in caught.value.attempts[-1]


def test_different_failures_count_together_and_are_all_reported(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(then_close(), reply(502), reply(429, b"", "Retry-After: 2"), reply(404, {"error": "No"}))
    with pytest.raises(ubiops.NotFoundError) as caught:
        call(client_for(server))
    first, second, third, fourth = caught.value.attempts
    assert "the server closed it without a response" in first
    assert (second, third) == ("502 Bad Gateway", "429 Too Many Requests")
    assert fourth.startswith("404 Not Found")
    assert len(server.requests) == 4


# --- rate limit -----------------------------------------------------------------------


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


DELAYS: list[tuple[str, Callable[[], list[str]], float, float]] = [
    ("seconds", lambda: ["Retry-After: 7"], 7, 8),
    ("a fraction", lambda: ["Retry-After: 1.5"], 1.5, 2),
    ("zero", lambda: ["Retry-After: 0"], 0, 0),
    ("a date", lambda: [f"Retry-After: {http_date(30)}"], 20, 32),
    ("a date in the past", lambda: [f"Retry-After: {http_date(-30)}"], 0, 0),
    ("a date in an obsolete format", lambda: ["Retry-After: Sunday, 06-Nov-94 08:49:37 GMT"], 0, 0),
    ("the rate limit's reset", lambda: ["x-ratelimit-reset: 12"], 12, 13.3),
    ("both", lambda: ["Retry-After: 3", "x-ratelimit-reset: 50"], 3, 4),
    ("an invalid value and the reset", lambda: ["Retry-After: soon", "x-ratelimit-reset: 9"], 9, 10),
    ("no header", list, 0, 0.5),
    ("invalid values", lambda: ["Retry-After: soon", "x-ratelimit-reset: later"], 0, 0.5),
    ("negative", lambda: ["Retry-After: -5"], 0, 0.5),
    ("infinite", lambda: ["Retry-After: inf"], 0, 0.5),
    ("not a number", lambda: ["Retry-After: nan"], 0, 0.5),
    ("hexadecimal", lambda: ["Retry-After: 0x10"], 0, 0.5),
    ("with an exponent", lambda: ["Retry-After: 1e1"], 0, 0.5),
    ("other digits", lambda: ["Retry-After: \xb2"], 0, 0.5),
    ("two values", lambda: ["Retry-After: 7", "Retry-After: 8"], 0, 0.5),
    ("empty", lambda: ["Retry-After:"], 0, 0.5),
    ("an invalid day", lambda: ["Retry-After: Fri, 99 Jan 2100 00:00:00 GMT"], 0, 0.5),
    ("an invalid year", lambda: ["Retry-After: Fri, 01 Jan 99999 00:00:00 GMT"], 0, 0.5),
]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "least", "most"), [case[1:] for case in DELAYS], ids=[case[0] for case in DELAYS])
def test_the_delay_requested_by_the_server_is_honoured(
    headers: Callable[[], list[str]], least: float, most: float, status: int, wire: Any, client_for: Any, clock: Any
) -> None:
    assert call(client_for(wire(reply(status, b"", *headers()), GOOD))) == [1]
    (wait,) = clock.waits
    assert least <= wait <= most


TOO_LONG = ["Retry-After: 121", "Retry-After: 99999999999999999999", "x-ratelimit-reset: 1700000000"]


@pytest.mark.parametrize("header", [*TOO_LONG, "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_requested_delay_that_is_too_long_raises_the_error(
    header: str, wire: Any, client_for: Any, clock: Any
) -> None:
    with pytest.raises(ubiops.TooManyRequestsError) as caught:
        call(client_for(wire(reply(429, {"error": "Slow down"}, header))))
    assert clock.waits == []
    assert caught.value.get_body_message() == "Slow down"


def test_a_requested_delay_beyond_the_deadline_of_the_call_raises_the_error(
    wire: Any, client_for: Any, clock: Any
) -> None:
    with pytest.raises(ubiops.TooManyRequestsError):
        call(client_for(wire(reply(429, b"", "Retry-After: 30"))), _request_timeout=20)
    assert clock.waits == []


def test_retries_after_rate_limiting_can_be_disabled_alone(wire: Any, client_for: Any, clock: Any) -> None:
    client = client_for(wire(reply(503), reply(429, b"", "Retry-After: 1")), auto_retry_rate_limiting=False)
    with pytest.raises(ubiops.TooManyRequestsError):
        call(client)
    assert len(clock.waits) == 1
    client.configuration.auto_retry_rate_limiting = True
    client.configuration.max_retries = 0
    with pytest.raises(ubiops.TooManyRequestsError):
        call(client)
    assert len(clock.waits) == 1


# --- uploads --------------------------------------------------------------------------

CONTENT = ZIP_START + os.urandom(1000) * 700


def upload(wire: Any, client_for: Any, file: Any, step: Any) -> Wire:
    """Uploads a file; the first attempt gets ``step``, and the second succeeds."""
    server: Wire = wire(step, reply(201, {"revision": "r"}))
    assert ubiops.CoreApi(client_for(server)).revisions_file_upload("p", "d", "v", file=file).revision == "r"
    return server


LIMITED = reply(429, b"", "Retry-After: 1")


def test_an_upload_is_retried_as_a_whole_if_its_file_can_be_read_again(
    wire: Any, client_for: Any, clock: Any, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(CONTENT)
    stream = io.BytesIO(b"before " + CONTENT)
    stream.seek(7)
    with path.open("rb") as file:
        for source in (path, str(path), CONTENT, bytearray(CONTENT), memoryview(CONTENT), file, stream):
            server = upload(wire, client_for, source, LIMITED)
            first, second = server.requests
            assert first.body == second.body
            assert second.body.count(CONTENT) == 1
            assert b"before" not in second.body
    assert len(clock.waits) == 7


class OneShotStream(io.RawIOBase):
    """A stream that can't be rewound, such as a pipe or a response's body."""

    def __init__(self) -> None:
        self._source = io.BytesIO(CONTENT)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.readinto(buffer)


def test_an_upload_from_a_stream_that_can_not_be_rewound_is_not_retried(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(LIMITED)
    with pytest.raises(ubiops.TooManyRequestsError):
        ubiops.CoreApi(client_for(server)).revisions_file_upload("p", "d", "v", file=OneShotStream())
    assert server.requests[0].body.count(CONTENT) == 1
    assert (len(server.requests), clock.waits) == (1, [])


@pytest.mark.parametrize("step", [then_reset(), then_close(), reply(503), reply(500)])
def test_an_upload_that_may_have_been_processed_is_not_retried(
    step: Any, wire: Any, client_for: Any, clock: Any
) -> None:
    server = wire(step)
    with pytest.raises(ubiops.ApiException):
        ubiops.CoreApi(client_for(server)).revisions_file_upload("p", "d", "v", file=CONTENT)
    assert (len(server.requests), clock.waits) == (1, [])


# --- log lines ------------------------------------------------------------------------


def test_each_delay_is_logged_with_its_reason(
    wire: Any, client_for: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ubiops")
    server = wire(then_close(), reply(503), reply(429, b"", "Retry-After: 2"), GOOD)
    call(client_for(server))
    records = [record for record in caplog.records if record.name == "ubiops"]
    assert [record.levelno for record in records] == [logging.INFO] * 3
    lines = [record.getMessage() for record in records]
    for line, what, why in zip(
        lines,
        ["the server closed it without a response", "503 Service Unavailable", "429 Too Many Requests"],
        ["backoff of up to 0.5 s", "backoff of up to 1 s", "Retry-After requests 2 s"],
    ):
        assert line.startswith(f"GET {server.host}/things: ")
        assert what in line
        assert "; retrying in " in line
        assert f"({why})" in line


def test_successful_calls_are_not_logged_at_info_level(
    wire: Any, client_for: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    call(client_for(wire(GOOD)))
    assert caplog.records == []


def test_a_retry_after_a_redirect_starts_at_the_original_url(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(reply(302, b"", "Location: /v2.1/there"), reply(503), GOOD)
    assert call(client_for(server)) == [1]
    assert server.requests[0].target == "/v2.1/things"
    assert len(server.requests) == 3


def test_a_call_in_the_background_is_retried_too(wire: Any, client_for: Any, clock: Any) -> None:
    assert call(client_for(wire(reply(503), GOOD)), async_req=True).get(20) == [1]
    assert len(clock.waits) == 1


def test_a_retry_sends_the_token_of_the_first_attempt(wire: Any, client_for: Any, clock: Any) -> None:
    """The hook that renews the token runs once per call, not per attempt."""
    calls = []
    server = wire(reply(503), GOOD)
    call(client_for(server, refresh_api_key_hook=lambda configuration: calls.append(1)))
    assert len(calls) == 1
    assert len({request.headers["authorization"] for request in server.requests}) == 1

"""Timeouts: every wait is bounded, and a number given for a call bounds all of it.

Where a server keeps sending bytes, the injected clock passes the deadline. Only silence
needs a real timeout, which is short: the servers would go on for 20 seconds.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import call, chunked, drip, reply, silence, then_close, then_silence

import ubiops
from ubiops._core.timeouts import Timeouts, read_timeout_option
from ubiops._transport.response import RawResponse

SHORT = 0.05
"""Seconds of a real timeout. No assertion depends on something happening within it."""
LONG = 10.0
DEADLINE = 60.0
"""Seconds of a deadline that only the injected clock reaches."""


@pytest.fixture
def in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < LONG


def test_the_defaults_are_finite() -> None:
    configuration = ubiops.Configuration()
    assert (configuration.connect_timeout, configuration.read_timeout) == (10, 300)
    assert (configuration.max_retries, configuration.retry_deadline) == (3, 300)


def test_the_defaults_arrive_at_the_socket(wire: Any, client_for: Any) -> None:
    client = client_for(wire(reply(200, [1])))
    with ubiops.CoreApi(client).deployments_list("p", _preload_content=False) as response:
        assert response._raw._response._connection.sock.gettimeout() == 300
        response.read()
    with ubiops.CoreApi(client).deployments_list("p", _preload_content=False, _request_timeout=(1, 7)) as response:
        assert response._raw._response._connection.sock.gettimeout() == 7


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, Timeouts(10, 300, None)),
        (5, Timeouts(5, 5, 5)),
        (1000, Timeouts(10, 1000, 1000)),
        ((1, 2), Timeouts(1, 2, None)),
        ((None, 2), Timeouts(None, 2, None)),
    ],
)
def test_a_number_is_for_the_whole_call_and_a_pair_for_connecting_and_reading(given: Any, expected: Timeouts) -> None:
    assert read_timeout_option(given, Timeouts(10, 300, None)) == expected


NONSENSE = [
    0,
    -1,
    float("nan"),
    float("inf"),
    True,
    "5",
    "soon",
    (1,),
    (1, 2, 3),
    (0, 1),
    (1, "2"),
    [],
    {},
    b"1",
    1j,
    1e300,
    10**400,
    10**5000,
]


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: f"{value!r:.20}" if value != 10**5000 else "huge")
def test_an_invalid_timeout_is_rejected_before_anything_is_sent(value: Any, wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    client = client_for(server)
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="_request_timeout"):
        ubiops.CoreApi(client).deployments_list("p", _request_timeout=value)
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="_request_timeout"):
        call(client, _request_timeout=value)
    for name in ("connect_timeout", "read_timeout", "retry_deadline"):
        with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match=name):
            setattr(client.configuration, name, value)
        with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match=name):
            ubiops.Configuration(**{name: value})
    assert server.connections == 0


HEAD = b"HTTP/1.1 200 OK\r\n"
# Ways for a server to keep a client waiting: responses that never end.
SILENT = {
    "silence": silence,
    "silence within the head": then_silence(HEAD),
    "silence within the body": then_silence(reply(200, b"[1]")[:-1]),
    "silence within a chunk": then_silence(chunked(b"[1", end=b"5\r\n,")),
}
DRIPPING = {
    "status line": (b"", b"HTTP/1.1 200 " + b"O" * 10_000),
    "head": (HEAD, b"X-A: b\r\n"),
    "body": (reply(200, b"")[:-5].replace(b"Length: ", b"Length: 99999") + b"\r\n\r\n", b" "),
    "chunks": (chunked(end=b""), b"1\r\n \r\n"),
    "body without a length": (HEAD + b"\r\n", b" "),
    "gzip": (HEAD + b"Content-Encoding: gzip\r\n\r\n", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    "informational responses": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
ERRORS = {
    "silence within an error": then_silence(reply(404, b"[1]")[:-1]),
    "an error that trickles in": drip(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99999\r\n\r\n", b"no "),
}
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


@pytest.mark.usefixtures("in_time")
@TLS
@pytest.mark.parametrize("what", SILENT)
def test_a_number_bounds_a_call_to_a_silent_server(
    what: str, tls: bool, wire: Any, client_for: Any, certificates: Any
) -> None:
    server = wire(SILENT[what], context=certificates.good if tls else None)
    with pytest.raises(ubiops.ApiTimeoutError, match="raise _request_timeout") as caught:
        call(client_for(server, **certificates.trust), _request_timeout=SHORT)
    assert caught.value.status == 0


@pytest.mark.usefixtures("in_time")
@TLS
@pytest.mark.parametrize("what", DRIPPING)
def test_a_number_bounds_a_call_to_a_server_that_sends_byte_after_byte(
    what: str, tls: bool, wire: Any, client_for: Any, certificates: Any, clock: Any
) -> None:
    start, endless = DRIPPING[what]

    def pass_the_deadline(peer: Any) -> None:
        peer.read_request()
        clock.advance(DEADLINE)
        drip(start, endless, pause=0.001, read=False)(peer)

    server = wire(pass_the_deadline, context=certificates.good if tls else None)
    with pytest.raises(ubiops.ApiTimeoutError, match=r"(?s)deadline of 60 s.*raise _request_timeout") as caught:
        call(client_for(server, **certificates.trust), _request_timeout=DEADLINE)
    assert caught.value.status == 0
    assert clock.waits == []


@pytest.mark.usefixtures("in_time")
@TLS
@pytest.mark.parametrize("what", ERRORS)
def test_an_error_whose_body_takes_too_long_keeps_its_status(
    what: str, tls: bool, wire: Any, client_for: Any, certificates: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is known by then, and says more than the timeout."""
    server = wire(ERRORS[what], context=certificates.good if tls else None)
    read = RawResponse.read

    def read_late(response: RawResponse, amount: int | None = None) -> bytes:
        clock.advance(DEADLINE)
        return read(response, amount)

    monkeypatch.setattr(RawResponse, "read", read_late)
    with pytest.raises(ubiops.ApiRequestError) as caught:
        call(client_for(server, **certificates.trust), _request_timeout=DEADLINE)
    assert caught.value.status in (400, 404)


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("what", SILENT)
def test_a_pair_bounds_each_silence(what: str, wire: Any, client_for: Any, clock: Any) -> None:
    client = client_for(wire(SILENT[what]), max_retries=1)
    with pytest.raises(ubiops.ApiTimeoutError, match=f"no data from the server for {SHORT} s") as caught:
        call(client, _request_timeout=(5, SHORT))
    assert len(caught.value.attempts) == 2
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        call(client, "POST", _request_timeout=(5, SHORT))
    assert len(caught.value.attempts) == 1


@pytest.mark.usefixtures("in_time")
def test_a_call_without_timeouts_uses_those_of_the_configuration(wire: Any, client_for: Any) -> None:
    client = client_for(wire(silence), read_timeout=SHORT, max_retries=0)
    with pytest.raises(ubiops.ApiTimeoutError):
        call(client)


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("step", [drip(reply(200, b"x" * 5000)[:-5000], b"x"), then_silence(reply(200, b"xx")[:-1])])
def test_a_number_bounds_the_reading_of_a_download(
    step: Any, wire: Any, client_for: Any, clock: Any, tmp_path: Path
) -> None:
    api = ubiops.CoreApi(client_for(wire(step)))
    with api.revisions_file_download("p", "d", "r", "v", _request_timeout=DEADLINE) as response:
        assert response.status == 200
        clock.advance(DEADLINE)
        with pytest.raises(ubiops.ApiTimeoutError):
            response.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("timeout", [SHORT, (5, SHORT)], ids=["whole", "pair"])
def test_an_upload_that_the_server_does_not_read_times_out(
    timeout: Any, tls: bool, wire: Any, client_for: Any, certificates: Any
) -> None:
    over = threading.Event()

    def ignore(peer: Any) -> None:
        peer.read_head()
        over.wait(LONG)
        peer.close()

    server = wire(ignore, context=certificates.good if tls else None)
    api = ubiops.CoreApi(client_for(server, **certificates.trust))
    with pytest.raises(ubiops.ApiTimeoutError):
        api.revisions_file_upload("p", "d", "v", file=bytes(20 << 20), _request_timeout=timeout)
    with pytest.raises(ubiops.ApiTimeoutError):
        api.revisions_rebuild("p", "d", "r", "v", {"a": "x" * (20 << 20)}, _request_timeout=timeout)
    over.set()


@pytest.mark.usefixtures("in_time")
def test_a_call_made_while_reading_an_uploaded_stream_has_its_own_limits(wire: Any, client_for: Any) -> None:
    class Source:
        def __init__(self) -> None:
            self.left = [b"a", b"b"]

        def read(self, amount: int) -> bytes:
            call(other, _request_timeout=60)
            return self.left.pop(0) if self.left else b""

    other = client_for(wire(reply(200, [1])))
    api = ubiops.CoreApi(client_for(wire(silence), max_retries=0))
    with pytest.raises(ubiops.ApiTimeoutError):
        api.revisions_file_upload("p", "d", "v", file=Source(), _request_timeout=(5, SHORT))


@pytest.mark.usefixtures("in_time")
def test_the_deadline_includes_retries_and_their_backoff(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(then_close())
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        call(client_for(server, max_retries=1000), _request_timeout=DEADLINE)
    assert len(caught.value.attempts) == len(server.requests) == len(clock.waits) + 1
    assert sum(clock.waits) < DEADLINE


def test_a_retry_gets_only_the_remaining_time(
    wire: Any, client_for: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ubiops._transport import pool as transport

    server = wire(reply(503), reply(200, [1]))
    client = client_for(server)
    client.rest_client  # noqa: B018 - which is made with limits of its own
    seen = []
    original = transport.Timeout
    monkeypatch.setattr(transport, "Timeout", lambda **limits: seen.append(limits) or original(**limits))
    assert call(client, _request_timeout=30) == [1]
    assert [0 < limits["read"] <= 30 for limits in seen] == [True, True]
    assert seen[1]["read"] < seen[0]["read"]
    assert all(limits["connect"] <= 10 for limits in seen)


@pytest.mark.usefixtures("in_time")
def test_a_connection_that_is_never_accepted_times_out(client_for: Any) -> None:
    """A listener whose queue is full drops new connections, as a firewall does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        try:
            for _ in range(8):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
                waiting.append(one)
            client = client_for(f"http://127.0.0.1:{port}", connect_timeout=SHORT, max_retries=0)
            with pytest.raises(ubiops.ApiTimeoutError, match=f"timed out after {SHORT} s while connecting") as caught:
                call(client, "POST")
            assert caught.value.hint is not None
            assert "connect_timeout" in caught.value.hint
        finally:
            for one in waiting:
                one.close()


@pytest.mark.usefixtures("in_time")
def test_a_tls_handshake_that_trickles_in_times_out(wire: Any, client_for: Any) -> None:
    def drip_records(peer: Any) -> None:
        peer.wait()
        peer.send(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        for _ in range(400):
            time.sleep(0.02)
            peer.send(b"\0")

    server = wire(drip_records)
    client = client_for(server.host.replace("http:", "https:"), max_retries=0)
    with pytest.raises(ubiops.ApiTimeoutError):
        call(client, _request_timeout=SHORT)


@pytest.mark.usefixtures("in_time")
def test_a_proxy_response_that_trickles_in_is_bounded_by_the_connect_timeout(wire: Any, client_for: Any) -> None:
    proxy = wire(drip(HEAD, b"X-A: b\r\n"))
    client = client_for("https://api.localhost", proxy=proxy.origin, connect_timeout=SHORT, max_retries=0)
    with pytest.raises((ubiops.ApiTimeoutError, ubiops.ApiConnectionError)):
        call(client)


@pytest.mark.usefixtures("in_time")
def test_an_address_that_is_silent_leaves_time_for_the_next_one(
    wire: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on networks that announce IPv6 but do not route it."""
    server = wire(reply(200, [1]))
    original = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        addresses = ["127.0.0.2", "127.0.0.1"] if host == "two.localhost" else [host]
        return [found for address in addresses for found in original(address, *args, **kwargs)]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.2", server.port))
        except OSError:
            pytest.skip("this machine has only one loopback address")
        listener.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(("127.0.0.2", server.port))
            client = client_for(f"http://two.localhost:{server.port}", connect_timeout=0.3, max_retries=0)
            assert call(client, "POST") == [1]
            (connection,) = [one for one in client.rest_client._pool.pool.queue if one is not None]
            assert connection.host == "two.localhost"
    assert server.requests[0].headers["host"] == f"two.localhost:{server.port}"


@pytest.mark.usefixtures("in_time")
def test_a_host_with_many_unreachable_addresses_times_out(
    client_for: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address is tried, but all of them share the limit."""
    tried = []

    def connect(self: socket.socket, address: Any) -> None:
        tried.append(address)
        limit = self.gettimeout()
        assert limit is not None
        clock.advance(limit)
        raise socket.timeout("timed out")

    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 9)) for n in range(1, 200)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: addresses)
    monkeypatch.setattr("socket.socket.connect", connect, raising=False)
    with pytest.raises(ubiops.ApiTimeoutError):
        call(client_for("http://many.localhost:9", max_retries=0), _request_timeout=DEADLINE)
    assert tried


def test_waiting_for_a_build_rejects_invalid_timeouts(wire: Any, client_for: Any) -> None:
    client = client_for(wire(reply(200, {})))
    for value in (0, -1, float("nan"), None, "5", True):
        with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="timeout"):
            ubiops.utils.wait_for_revision(client, "p", "d", "v", "r", timeout=value)

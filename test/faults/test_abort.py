"""An attempt that is aborted from another thread fails at once, wherever it is, and its
connection is not used again."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted import PATIENCE, Peer, Wire, WireFor, chunked, reply, silence, then_silence

import ubiops
from ubiops._core.timeouts import Timeouts
from ubiops._transport.attempt import Attempt
from ubiops._transport.pool import RESTClient
from ubiops._transport.response import RawResponse

PROMPT = 5.0
"""Seconds within which an aborted call must fail; nothing else ends it that early."""
HEAD = b"HTTP/1.1 200 OK\r\n"
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


@pytest.fixture
def rest_for(certificates: Any) -> Iterator[Callable[..., RESTClient]]:
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> RESTClient:
            configuration = ubiops.Configuration(**{"proxy": "", **certificates.trust, **settings})
            made = RESTClient(configuration)
            stack.callback(made.close)
            return made

        yield make


def send(rest: RESTClient, origin: str, attempt: Attempt | None = None, body: Any = None) -> RawResponse:
    headers = {"Content-Length": str(len(body))} if body is not None else {}
    content = body if body is None or isinstance(body, bytes) else iter([body])
    timeouts = Timeouts(PATIENCE, PATIENCE, None)
    return rest.send("GET" if body is None else "POST", origin, "/x", headers, content, timeouts, None, attempt)


def aborted_while(reached: Callable[[], Any], attempt: Attempt, work: Callable[[], Any]) -> None:
    """Runs ``work``, aborts it when ``reached`` returns, and checks how it ends."""

    def abort() -> None:
        reached()
        time.sleep(0.05)
        started.append(time.monotonic())
        attempt.abort()

    started: list[float] = []
    thread = threading.Thread(target=abort)
    thread.start()
    with pytest.raises(ubiops.ApiConnectionError, match="the request was aborted") as caught:
        work()
    assert time.monotonic() - started[0] < PROMPT
    thread.join()
    assert caught.value._failure is not None
    assert not caught.value._failure.transient


class Event(threading.Event):
    """An event that a scripted server sets when it reaches a step."""

    def then(self, step: Callable[[Any], Any]) -> Callable[[Any], None]:
        def run(peer: Peer) -> None:
            peer.wait()
            self.set()
            step(peer)

        return run


def test_while_the_name_is_being_resolved(rest_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt()
    original = socket.getaddrinfo

    def look_up(*args: Any, **options: Any) -> Any:
        attempt.abort()
        return original("127.0.0.1", *args[1:], **options)

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with pytest.raises(ubiops.ApiConnectionError, match="the request was aborted"):
        send(rest_for(), "http://127.0.0.1:9", attempt)


def test_while_connecting(rest_for: Any) -> None:
    """A listener whose queue is full drops new connections, as a firewall does."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(8):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        attempt = Attempt()
        rest = rest_for()
        aborted_while(lambda: time.sleep(0.1), attempt, lambda: send(rest, f"http://127.0.0.1:{port}", attempt))


def test_within_the_tls_handshake(wire: WireFor, rest_for: Any) -> None:
    reached, attempt = Event(), Attempt()
    server = wire(reached.then(lambda peer: peer.drain()))
    rest = rest_for()
    aborted_while(
        lambda: reached.wait(PATIENCE), attempt, lambda: send(rest, f"https://127.0.0.1:{server.port}", attempt)
    )


def test_while_the_proxy_opens_the_tunnel(wire: WireFor, rest_for: Any) -> None:
    reached, attempt = Event(), Attempt()
    rest = rest_for(proxy=wire(reached.then(lambda peer: peer.drain())).origin)
    aborted_while(lambda: reached.wait(PATIENCE), attempt, lambda: send(rest, "https://api.localhost", attempt))


@TLS
@pytest.mark.parametrize("streamed", [False, True])
def test_while_sending(streamed: bool, tls: bool, wire: WireFor, rest_for: Any, certificates: Any) -> None:
    reached, over, attempt = Event(), threading.Event(), Attempt()
    server: Wire = wire(
        reached.then(lambda peer: (over.wait(PATIENCE), peer.close())), context=certificates.good if tls else None
    )
    rest = rest_for()
    body: Any = bytes(50 << 20)
    try:
        aborted_while(
            lambda: reached.wait(PATIENCE),
            attempt,
            lambda: send(rest, server.origin, attempt, memoryview(body) if streamed else body),
        )
    finally:
        over.set()


@TLS
@pytest.mark.parametrize(
    "step", [silence, then_silence(HEAD), then_silence(b"HTTP/1.1 102 Processing\r\n\r\n")], ids=["none", "half", "1xx"]
)
def test_while_waiting_for_the_head(step: Any, tls: bool, wire: WireFor, rest_for: Any, certificates: Any) -> None:
    reached, attempt = Event(), Attempt()
    server: Wire = wire(reached.then(step), reply(200, [1]), context=certificates.good if tls else None)
    rest = rest_for()
    aborted_while(lambda: reached.wait(PATIENCE), attempt, lambda: send(rest, server.origin, attempt))
    assert send(rest, server.origin).read() == b"[1]"
    assert server.connections == 2


BODIES = {
    "length": reply(200, b"x" * 100)[:-50],
    "chunks": chunked(b"x" * 50, end=b""),
    "connection": HEAD + b"\r\n" + b"x" * 50,
}


@TLS
@pytest.mark.parametrize("into", [False, True], ids=["read", "readinto"])
@pytest.mark.parametrize("what", BODIES)
def test_while_reading(what: str, into: bool, tls: bool, wire: WireFor, rest_for: Any, certificates: Any) -> None:
    reached = Event()
    server: Wire = wire(
        reached.then(then_silence(BODIES[what])), reply(200, [1]), context=certificates.good if tls else None
    )
    rest, attempt = rest_for(), Attempt()
    response = send(rest, server.origin, attempt)

    def read() -> None:
        buffer = memoryview(bytearray(1000))
        while response.readinto(buffer) if into else response.read(1000):
            pass

    aborted_while(lambda: reached.wait(PATIENCE), attempt, read)
    with pytest.raises(ubiops.ApiConnectionError, match="the request was aborted"):
        read()
    assert send(rest, server.origin).read() == b"[1]"
    assert server.connections == 2


def test_a_response_can_be_aborted_too(wire: WireFor, rest_for: Any) -> None:
    server = wire(then_silence(BODIES["length"]))
    response = send(rest_for(), server.origin)
    timer = threading.Timer(0.1, response.abort)
    timer.start()
    with pytest.raises(ubiops.ApiConnectionError, match="the request was aborted"):
        response.read()
    timer.join()


def test_an_attempt_aborted_before_it_starts_sends_nothing(wire: WireFor, rest_for: Any) -> None:
    server = wire(reply(200, [1]))
    rest, attempt = rest_for(), Attempt()
    attempt.abort()
    attempt.abort()
    with pytest.raises(ubiops.ApiConnectionError, match="the request was aborted"):
        send(rest, server.origin, attempt)
    assert server.connections == 0


@TLS
def test_aborting_a_finished_call_does_not_disturb_later_calls_on_its_connection(
    tls: bool, wire: WireFor, rest_for: Any, certificates: Any
) -> None:
    attempt, late = Attempt(), threading.Event()

    def respond_late(peer: Peer) -> None:
        peer.read_request()
        late.set()
        time.sleep(0.2)
        peer.send(reply(200, [2]))

    server: Wire = wire(reply(200, [1]), respond_late, context=certificates.good if tls else None)
    rest = rest_for()
    assert send(rest, server.origin, attempt).read() == b"[1]"
    thread = threading.Thread(target=lambda: (late.wait(PATIENCE), attempt.abort()))
    thread.start()
    # By now, its connection serves another call.
    assert send(rest, server.origin).read() == b"[2]"
    thread.join()
    assert server.connections == 1


def test_an_idle_connection_shut_down_by_an_old_attempt_is_replaced(wire: WireFor, rest_for: Any) -> None:
    server = wire(reply(200, [1]))
    rest, attempt = rest_for(), Attempt()
    assert send(rest, server.origin, attempt).read() == b"[1]"
    attempt.abort()
    assert send(rest, server.origin).read() == b"[1]"
    assert server.connections == 2


def test_aborting_leaves_no_socket_behind(wire: WireFor, rest_for: Any) -> None:
    server: Wire = wire(then_silence(BODIES["length"]))
    rest = rest_for()
    for _ in range(5):
        response = send(rest, server.origin)
        response.abort()
        with pytest.raises(ubiops.ApiConnectionError):
            response.read()
    server.wait_until_left(5)

"""Connections: one pool per client, kept alive, shared, and replaced when stale."""

from __future__ import annotations

import os
import socket
import threading
import time
from multiprocessing.dummy import DummyProcess
from typing import Any

import pytest
from scripted import Peer, Wire, WireFor, call, client_of, drip, reply, silence, then_close, then_silence

import ubiops


def kept_connections(client: Any) -> list[Any]:
    """The idle connections in the pool."""
    return [one for one in client.rest_client._pool.pool.queue if one is not None]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_calls_share_one_connection(tls: bool, wire: WireFor, client_for: Any, certificates: Any) -> None:
    server = wire(reply(200, [1]), context=certificates.good if tls else None)
    client = client_for(server, **certificates.trust)
    for method in ("GET", "POST", "DELETE", "GET"):
        call(client, method)
    assert server.connections == 1
    assert {request.connection for request in server.requests} == {1}


@pytest.mark.parametrize("status", [400, 404, 500, 301])
def test_an_error_keeps_the_connection(status: int, wire: WireFor, client_for: Any) -> None:
    server = wire(reply(status, {"error": "No"}), reply(200, [1]))
    client = client_for(server)
    with pytest.raises(ubiops.ApiException):
        call(client, "POST")
    assert call(client) == [1]
    assert server.connections == 1


def test_the_pool_and_its_tls_context_are_created_once_by_the_first_call(
    wire: WireFor, client_for: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ubiops._transport import pool as transport

    made = []
    tls_context = transport.tls_context
    monkeypatch.setattr(transport, "tls_context", lambda *given: made.append(1) or tls_context(*given))
    server = wire(reply(200, [1]), context=certificates.good)
    client = client_for(server, **certificates.trust)
    assert server.connections == len(made) == 0
    call(client)
    pool = client.rest_client._pool
    server.hang_up()
    call(client)
    assert client.rest_client._pool is pool
    assert (server.connections, len(made)) == (2, 1)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_connection_that_was_closed_while_idle_is_replaced_silently(
    method: str, tls: bool, wire: WireFor, client_for: Any, certificates: Any, clock: Any
) -> None:
    server = wire(reply(200, [1]), context=certificates.good if tls else None)
    client = client_for(server, max_retries=0, **certificates.trust)
    for _ in range(3):
        assert call(client, method) == [1]
        server.hang_up()
    assert (server.connections, len(server.requests), clock.waits) == (3, 3, [])


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_an_upload_over_a_stale_connection_uses_a_new_one(
    tls: bool, wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(reply(200, {"revision": "r"}), context=certificates.good if tls else None)
    api = ubiops.CoreApi(client_for(server, **certificates.trust))
    for _ in range(2):
        assert api.revisions_file_upload("p", "d", "v", file=b"x" * 100_000).revision == "r"
        server.hang_up()
    assert server.connections == 2


def test_connection_close_is_honoured(wire: WireFor, client_for: Any) -> None:
    server = wire(reply(200, [1], "Connection: close"))
    client = client_for(server)
    for _ in range(2):
        call(client)
    assert server.connections == 2


def test_bytes_after_a_response_are_not_read_as_the_next_one(wire: WireFor, client_for: Any) -> None:
    server = wire(reply(200, [1]) + reply(200, ["not asked for"]), reply(200, [2]))
    client = client_for(server)
    assert [call(client), call(client)] == [[1], [2]]


def test_an_unread_body_is_not_read_as_the_next_response(wire: WireFor, client_for: Any) -> None:
    server = wire(reply(200, b"x" * 300_000), reply(200, [2]))
    client = client_for(server)
    with ubiops.CoreApi(client).deployments_list("p", _preload_content=False) as response:
        assert response.read(10) == b"x" * 10
    assert call(client) == [2]
    assert server.connections == 2
    pool = client.rest_client._pool.pool
    assert pool.qsize() == pool.maxsize


def test_a_raw_response_returns_its_connection_when_it_has_been_read(wire: WireFor, client_for: Any) -> None:
    server = wire(reply(200, [1]))
    client = client_for(server)
    for _ in range(3):
        with ubiops.CoreApi(client).deployments_list("p", _preload_content=False) as response:
            assert response.json() == [1]
    assert server.connections == 1


def test_idle_connections_send_keepalive_probes(wire: WireFor, client_for: Any) -> None:
    client = client_for(wire(reply(200, [1])))
    call(client)
    (connection,) = kept_connections(client)
    assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
    assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


def test_many_threads_share_a_client_and_each_gets_its_own_responses(wire: WireFor, client_for: Any) -> None:
    def echo(peer: Peer) -> None:
        peer.send(reply(200, {"name": peer.read_request().target}))

    server = wire(echo)
    api = ubiops.CoreApi(client_for(server))
    wrong: list[str] = []
    start = threading.Barrier(16)

    def work(number: int) -> None:
        start.wait()
        for turn in range(25):
            name = f"d-{number}-{turn}"
            found = api.deployments_get("p", name).name
            if found != f"/v2.1/projects/p/deployments/{name}":
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(server.requests) == 16 * 25
    assert server.connections <= 16


@pytest.mark.parametrize("kept", [1, 100])
def test_background_calls_run_in_parallel(kept: int, wire: WireFor, client_for: Any) -> None:
    """Each response waits for all requests, even if few connections are kept."""
    together = threading.Barrier(4)

    def meet(peer: Peer) -> None:
        peer.read_request()
        together.wait(20)
        peer.send(reply(200, {"name": "d"}))

    api = ubiops.CoreApi(client_for(wire(meet), pool_threads=4, connection_pool_maxsize=kept))
    calls = [api.deployments_get("p", "d", async_req=True) for _ in range(4)]
    assert [one.get(20).name for one in calls] == ["d"] * 4


def test_an_error_of_a_background_call_is_raised_by_get(wire: WireFor, client_for: Any) -> None:
    handle = ubiops.CoreApi(client_for(wire(reply(404, {"error": "No"})))).deployments_get("p", "d", async_req=True)
    with pytest.raises(ubiops.NotFoundError, match="No"):
        handle.get(20)


def test_a_client_can_be_closed_twice_and_used_after_closing(wire: WireFor) -> None:
    server = wire(reply(200, [1]))
    with client_of(server) as client:
        client.close()
        assert call(client) == [1]
        client.close()
        client.close()
        assert call(client) == [1]
        with client:
            assert call(client) == [1]
        assert call(client) == [1]
        with ubiops.CoreApi(client) as api:
            assert api.deployments_get("p", "d", async_req=True, _preload_content=False).get(20).json() == [1]
        assert api.deployments_get("p", "d", async_req=True, _preload_content=False).get(20).json() == [1]
    assert server.connections >= 4


def test_closing_a_client_closes_its_connections_and_threads(wire: WireFor) -> None:
    server: Wire = wire(reply(200, [1]))
    with client_of(server, pool_threads=3) as client:
        call(client)
        call(client, async_req=True).get(20)
        connections = kept_connections(client)
    assert connections
    assert all(connection.sock is None for connection in connections)
    assert not any(isinstance(thread, DummyProcess) for thread in threading.enumerate())


def test_closing_waits_for_background_calls(wire: WireFor, client_for: Any) -> None:
    asked = threading.Event()

    def late(peer: Peer) -> None:
        peer.read_request()
        asked.set()
        time.sleep(0.2)
        peer.send(reply(200, [1]))

    client = client_for(wire(late), max_retries=0)
    handle = call(client, async_req=True)
    assert asked.wait(20)
    client.close()
    assert handle.ready()
    assert handle.get(0) == [1]


def test_closing_does_not_disturb_a_call_in_progress(wire: WireFor, client_for: Any) -> None:
    asked, closed = threading.Event(), threading.Event()

    def late(peer: Peer) -> None:
        peer.read_request()
        asked.set()
        closed.wait(20)
        peer.send(reply(200, [1]))

    client = client_for(wire(late), max_retries=0)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call(client)))
    thread.start()
    assert asked.wait(20)
    client.close()
    closed.set()
    thread.join(20)
    assert found == [[1]]


def test_a_changed_host_gets_its_own_connections(wire: WireFor, client_for: Any) -> None:
    first, second = wire(reply(200, [1])), wire(reply(200, [2]))
    client = client_for(first)
    assert call(client) == [1]
    client.configuration.host = second.host
    assert call(client) == [2]
    assert (first.connections, second.connections) == (1, 1)
    first.wait_until_left()


def test_a_connection_that_switches_protocols_is_not_reused(wire: WireFor, client_for: Any) -> None:
    server = wire(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", reply(200, [2]))
    client = client_for(server)
    with pytest.raises(ubiops.ApiException, match="101"):
        call(client)
    assert call(client) == [2]
    assert server.connections == 2


@pytest.mark.parametrize("step", [silence, drip(b"HTTP/1.1 200 OK\r\n", b"x")], ids=["silence", "a drip"])
def test_a_connection_that_timed_out_is_not_reused(step: Any, wire: WireFor, client_for: Any) -> None:
    server = wire(step, reply(200, [2]))
    client = client_for(server, max_retries=0)
    with pytest.raises(ubiops.ApiTimeoutError):
        call(client, _request_timeout=0.2)
    assert call(client) == [2]
    assert server.connections == 2


def test_a_connection_that_was_cut_off_is_not_reused(wire: WireFor, client_for: Any) -> None:
    server = wire(then_close(reply(200, b"[1]")[:-1]), reply(200, [2]))
    client = client_for(server, max_retries=0)
    with pytest.raises(ubiops.ApiConnectionError):
        call(client)
    assert call(client) == [2]


@pytest.mark.parametrize("way", ["JSON", "pieces"])
@pytest.mark.parametrize("body", [b"what\r\n", b"2\r\n[1]]\r\n"])
def test_a_connection_that_is_out_of_step_is_closed_even_if_the_server_keeps_it_open(
    body: bytes, way: str, wire: WireFor, client_for: Any
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = wire(then_silence(head + body), reply(200, [2]))
    client = client_for(server, max_retries=0)
    download = ubiops.CoreApi(client).revisions_file_download
    with pytest.raises(ubiops.ApiConnectionError):
        _ = call(client) if way == "JSON" else list(download("p", "d", "r", "v"))
    server.wait_until_left(1)
    assert call(client) == [2]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_addresses_that_refuse_connections_leave_no_file_open(
    tls: bool, wire: WireFor, client_for: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = wire(reply(200, [1]), context=certificates.good if tls else None)
    original = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        found = original("127.0.0.1", port, *args, **options)
        return [(*found[0][:4], ("127.0.0.1", 1))] * 5 + found

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    client = client_for(f"{server.origin}".replace("127.0.0.1", "localhost"), **certificates.trust)
    folder = "/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"
    before = len(os.listdir(folder))
    assert call(client) == [1]
    # One socket belongs to the client, and one to the server.
    assert len(os.listdir(folder)) <= before + 2

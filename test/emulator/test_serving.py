"""Connections are limited in number and time, and the server stops at once."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import Emulator, serving


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator whose clients may take no time at all."""
    monkeypatch.setattr(serving, "SECONDS_FOR_HEAD", 0)
    monkeypatch.setattr(serving, "SECONDS_FOR_BODY", 0)
    with ubiops.emulator.start() as running:
        yield running


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that accepts five connections."""
    monkeypatch.setattr(serving, "MAXIMUM_CONNECTIONS", 5)
    monkeypatch.setattr(serving, "_last_warning", -float("inf"))
    monkeypatch.setattr(serving, "maximum_connections", lambda: serving.MAXIMUM_CONNECTIONS)
    with ubiops.emulator.start() as running:
        yield running


def connect(emulator: Emulator) -> socket.socket:
    port = int(emulator.host.rpartition(":")[2].partition("/")[0])
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /v2.1/projects/p/deployments HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /v2.1/projects/p/deployments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token x\r\n"
        b"Content-Length: 10\r\n\r\n{",
    ],
)
def test_a_client_that_sends_half_a_request_is_disconnected(impatient: Emulator, sent: bytes) -> None:
    with connect(impatient) as connection:
        connection.sendall(sent)
        assert is_closed(connection)


def test_half_of_the_next_request_counts_too(impatient: Emulator) -> None:
    request = b"GET /v2.1/projects/p/deployments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token x\r\n\r\n"
    with connect(impatient) as connection:
        connection.sendall(request)
        response = b""
        while not response.endswith(b"\r\n\r\n[]"):
            response += connection.recv(4096)
        connection.sendall(request[:20])
        assert is_closed(connection)


def test_an_idle_connection_stays_open(impatient: Emulator, api: Any) -> None:
    client = type(api)(impatient)
    with connect(impatient) as idle:
        request = b"GET /v2.1/projects/p/deployments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token x\r\n\r\n"
        idle.sendall(request)
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        # The same tick that closes this one must leave the idle one open.
        with connect(impatient) as late:
            assert is_closed(late)
        idle.sendall(request)
        received = b""
        while b"HTTP/1.1 200 OK" not in received:
            part = idle.recv(4096)
            assert part
            received += part
    client.pool.clear()


def test_connections_beyond_the_limit_are_closed_with_one_warning(few: Emulator, api: Any, caplog: Any) -> None:
    open_ones = [connect(few) for _ in range(5)]
    try:
        closed = [connect(few) for _ in range(20)]
        assert all(is_closed(connection) for connection in closed)
        for connection in closed:
            connection.close()
    finally:
        for connection in open_ones:
            connection.close()
    assert [record.getMessage() for record in caplog.records] == [
        "there are more than 5 connections; new ones are closed"
    ]
    # All is well again once the others leave.
    while few._server.server_state.connections:
        time.sleep(0.01)
    client = type(api)(few)
    client.deployment()
    client.pool.clear()


def test_the_limit_of_connections_follows_that_of_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    found = []
    for limit in (256, 1024, 1_000_000, resource.RLIM_INFINITY, 20):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        found.append(serving.maximum_connections())
    assert found == [78, 462, 1000, 1000, 10]


def test_a_lack_of_descriptors_is_logged_once(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr(serving, "_last_warning", -float("inf"))
    loop = asyncio.new_event_loop()
    try:
        for _ in range(100):
            context = {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")}
            serving._handle_exception(loop, context)
        assert [record.getMessage() for record in caplog.records] == [
            "no connection can be accepted: [Errno 24] Too many"
        ]
        serving._handle_exception(loop, {"message": "something else"})
        assert caplog.records[1].levelno == logging.ERROR
    finally:
        loop.close()


def test_stopping_waits_for_no_tick(api: Any) -> None:
    seconds = []
    for _ in range(10):
        emulator = ubiops.emulator.start()
        client = type(api)(emulator)
        client.deployment()
        started = time.perf_counter()
        emulator.stop()
        seconds.append(time.perf_counter() - started)
        client.pool.clear()
    # Uvicorn's own ticks would take 0.2 seconds.
    assert sorted(seconds)[5] < 0.1

"""A server on loopback that records requests and returns the response it is set to."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any

import pytest
from scripted import Peer, Request, Wire, client_of, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ubiops


class Recorded:
    """A request as it arrived."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.target = request.target
        self.body = request.body
        self.headers = http.client.HTTPMessage()
        for name, value in request.lines:
            self.headers[name] = value


class Server:
    """The response to send, and the requests that have arrived."""

    def __init__(self) -> None:
        self.status = 200
        self.headers = {"Content-Type": "application/json"}
        self.body = b"{}"
        self.requests: list[Recorded] = []
        self.wire = Wire([self._respond])
        self.host = self.wire.host

    @property
    def last(self) -> Recorded:
        return self.requests[-1]

    def _respond(self, peer: Peer) -> None:
        request = peer.read_request()
        self.requests.append(Recorded(request))
        headers = {**self.headers, "Content-Length": str(len(self.body))}
        lines = [f"HTTP/1.1 {self.status} {phrase(self.status)}", *(f"{name}: {headers[name]}" for name in headers)]
        body = b"" if request.method == "HEAD" or self.status == 204 else self.body
        peer.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with made.wire:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[ubiops.ApiClient]:
    with client_of(server.host, pool_threads=4, api_key={"Authorization": "Token of-the-test"}) as made:
        client: Any = made
        yield client

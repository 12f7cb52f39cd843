"""A server on loopback whose responses a function makes from the requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union
from urllib.parse import parse_qs, urlsplit

from scripted import Peer, Request, Wire, reply

Handler = Callable[[Request], Union[bytes, Any, Callable[[Peer], object]]]
"""Returns the response to a request: bytes as they are, what to do with the connection,
or a JSON value."""


class Served(Wire):
    """A server that responds to each request with what its handler returns."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        super().__init__([self._respond])

    def _respond(self, peer: Peer) -> None:
        request = peer.read_request()
        response = self._handler(request)
        if callable(response):
            response(peer)
        else:
            peer.send(response if isinstance(response, bytes) else reply(200, response))


def path_of(request: Request) -> str:
    return urlsplit(request.target).path


def query_of(request: Request) -> dict[str, str]:
    """Returns the query of a request. The last value of a name counts."""
    parsed = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    return {name: values[-1] for name, values in parsed.items()}

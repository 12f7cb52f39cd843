"""The transport's use of private names of urllib3, and its responses."""

from __future__ import annotations

import copy
import http.client
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from scripted import Peer, Wire, chunked, reply, then_close

import ubiops
from ubiops._core.retry import Failure
from ubiops._core.timeouts import Timeouts
from ubiops._transport.connection import POOL_CLASSES, PRIVATE_NAMES
from ubiops._transport.head import HTTPResponse
from ubiops._transport.pool import RESTClient
from ubiops._transport.response import RawResponse

TIMEOUTS = Timeouts(5, 5, None)


@pytest.mark.parametrize(("owner", "name"), PRIVATE_NAMES)
def test_the_private_names_of_urllib3_that_are_overridden_exist(owner: type, name: str) -> None:
    assert callable(getattr(owner, name))


def private(owner: Any) -> set[str]:
    return {name for name in dir(owner) if name.startswith("_") and not name.endswith("__")}


def test_no_other_private_name_is_overridden_or_used() -> None:
    """Private names of http.client count as well."""
    allowed = {name for _, name in PRIVATE_NAMES}
    for scheme, pool in POOL_CLASSES.items():
        base: Any = urllib3.HTTPConnectionPool if scheme == "http" else urllib3.HTTPSConnectionPool
        for mine, theirs in ((pool, base), (pool.ConnectionCls, base.ConnectionCls)):
            added = mine.__mro__[: mine.__mro__.index(theirs)]
            assert names_in(*added) & private(theirs("127.0.0.1")) <= allowed
    assert not names_in(HTTPResponse) & private(http.client.HTTPResponse) - {"_abc_impl"}


def names_in(*classes: type) -> set[str]:
    """All names that classes define and that their methods use."""
    found = {name for one in classes for name in vars(one)}
    for one in classes:
        for value in vars(one).values():
            found.update(getattr(getattr(value, "__code__", None), "co_names", ()))
    return found


@pytest.fixture
def rest() -> Iterator[RESTClient]:
    made = RESTClient(ubiops.Configuration(proxy=""))
    yield made
    made.close()


def get(rest: RESTClient, server: Wire) -> RawResponse:
    return rest.send("GET", server.origin, "/", {}, None, TIMEOUTS, None)


BODIES = {
    "length": reply(200, b"x" * 300_000),
    "chunks": chunked(b"x" * 100_000, b"x" * 200_000),
    "connection": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000,
    "empty": reply(200, b""),
    "status 204": reply(204),
}


@pytest.mark.parametrize("way", ["whole", "read", "read_available", "views"])
@pytest.mark.parametrize("what", BODIES)
def test_a_body_can_be_read_in_several_ways(what: str, way: str, rest: RESTClient) -> None:
    step = then_close(BODIES[what]) if what == "connection" else BODIES[what]
    with Wire([step]) as server:
        for _ in range(3):
            response = get(rest, server)
            assert b"".join(pieces(response, way)) == (b"" if what in ("empty", "status 204") else b"x" * 300_000)
            assert response.read() == response.read(1) == response.read_available(1) == b""
        # Each connection was returned to the pool, unless its end is that of the body.
        assert server.connections == (3 if what == "connection" else 1)


def pieces(response: RawResponse, way: str) -> Iterator[bytes]:
    if way == "whole":
        yield response.read()
    elif way == "views":
        yield from map(bytes, response.views(70_000))
    else:
        while piece := getattr(response, way)(70_000):
            yield piece


def test_what_is_available_is_returned_before_the_rest_arrives(rest: RESTClient) -> None:
    def respond(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        peer.wait()

    with Wire([respond]) as server:
        response = get(rest, server)
        assert response.read_available(1000) == b"first"
        response.close()


@pytest.mark.parametrize("way", ["read", "read_available", "views"])
@pytest.mark.parametrize("response", [reply(200, b"[1]")[:-1], chunked(b"[1", end=b"")])
def test_a_truncated_body_is_an_error_however_it_is_read(response: bytes, way: str, rest: RESTClient) -> None:
    with Wire([then_close(response)]) as server:
        raw = get(rest, server)
        with pytest.raises(ubiops.ApiConnectionError, match="the response was cut off"):
            list(pieces(raw, way))


def test_the_classification_of_a_failure_is_neither_pickled_nor_copied(rest: RESTClient) -> None:
    with Wire([then_close()]) as server, pytest.raises(ubiops.ApiConnectionError) as caught:
        get(rest, server)
    assert isinstance(caught.value._failure, Failure)
    assert ubiops.ApiException(400)._failure is None
    for other in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert other._failure is None
        assert "_failure" not in vars(other)

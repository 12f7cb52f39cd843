"""A contract server, and both clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from contract.callers import AsyncCaller, BlockingCaller
from contract.server import ContractServer


@pytest.fixture(scope="session")
def shared_server() -> Iterator[ContractServer]:
    with ContractServer() as server:
        yield server


@pytest.fixture
def contract_server(shared_server: ContractServer) -> ContractServer:
    """The server, without what other tests made of it."""
    shared_server.calls.clear()
    shared_server.chosen.clear()
    return shared_server


@pytest.fixture(scope="session", params=["blocking", "async"])
def caller(request: pytest.FixtureRequest, shared_server: ContractServer) -> Iterator[Any]:
    """Makes calls with one of the clients."""
    made: Any = BlockingCaller if request.param == "blocking" else AsyncCaller
    with made(shared_server) as client:
        yield client

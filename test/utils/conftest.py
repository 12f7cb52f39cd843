"""Fixtures of the tests of helpers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from buckets import Bucket
from scripted import client_of


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A server with an empty bucket."""
    with Bucket() as server:
        yield server


@pytest.fixture
def client(bucket: Bucket) -> Iterator[Any]:
    """A client of that server, which never waits long before a retry."""
    with ExitStack() as stack:
        made = stack.enter_context(client_of(bucket))
        made._clock = Quick()
        made.set_default_header("X-Mine", "for the API only")
        yield made


class Quick:
    """A clock that does not wait."""

    def __init__(self) -> None:
        import time

        self.monotonic = time.monotonic
        self.time = time.time
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

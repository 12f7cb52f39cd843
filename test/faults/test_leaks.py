"""Thousands of calls, successful or not, leak no sockets, threads or files."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from scripted import ZIP_START, Wire, WireFor, call, chunked, client_of, reply, then_close, then_reset

import ubiops

PATIENCE = 10
FILES = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")


def in_use() -> tuple[int, int]:
    """Returns the number of open files, sockets included, and of running threads."""
    gc.collect()
    return len(os.listdir(FILES)), threading.active_count()


def left_behind(before: tuple[int, int]) -> tuple[int, int]:
    """Returns how many more there are than before.

    Files of other tests may have been closed in the meantime. Those that another thread
    is about to close are waited for: a leak stays.
    """
    more = (1, 1)
    end = time.monotonic() + PATIENCE
    while any(more) and time.monotonic() < end:
        files, threads = in_use()
        more = max(0, files - before[0]), max(0, threads - before[1])
    return more


BAD = [
    reply(404, {"error": "No"}),
    then_close(reply(200, b"[1]")[:-1]),
    reply(200, b"{"),
    chunked(b"[1]", end=b"what\r\n"),
    then_reset(),
    then_close(),
    reply(302, b"", "Location: http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_thousands_of_calls_leak_nothing(tls: bool, certificates: Any, tmp_path: Path) -> None:
    before = in_use()
    context = certificates.good if tls else None
    good = 500 if tls else 2000
    settings = {"max_retries": 0, **certificates.trust}
    with Wire([reply(200, [1])], context=context) as server, client_of(server, **settings) as client:
        for _ in range(good):
            call(client)
        assert server.connections == 1
    assert left_behind(before) == (0, 0)
    with (
        Wire([step for _ in range(40) for step in BAD], context=context) as server,
        client_of(server, **settings) as client,
    ):
        for _ in range(40 * len(BAD)):
            with pytest.raises(ubiops.ApiException):
                call(client, "POST")
        server.wait_until_left(kept=1)
        open_files, threads = in_use()
        # An open connection is a socket and a thread of the server, and a socket of the
        # client.
        assert open_files - before[0] <= 8
        assert threads - before[1] <= 4
    assert left_behind(before) == (0, 0)
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 996)
    step = reply(200, b"x" * 1000, "Content-Disposition: attachment; filename=a.zip")
    with Wire([reply(201, {}), step, step], context=context) as server, client_of(server, **settings) as client:
        api = ubiops.CoreApi(client)
        for _ in range(50):
            server._taken = 0
            api.revisions_file_upload("p", "d", "v", file=path)
            with api.revisions_file_download("p", "d", "r", "v") as response:
                response.read(10)
            with contextlib.closing(api.revisions_file_download("p", "d", "r", "v")) as response:
                response.save(tmp_path / "saved.zip", overwrite=True)
    assert left_behind(before) == (0, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package.zip", "saved.zip"]


def test_closed_and_collected_clients_leak_nothing(wire: WireFor) -> None:
    server = wire(reply(200, [1]))
    with client_of(server) as client:
        call(client)
    server.hang_up()
    before = in_use()
    for _ in range(50):
        with client_of(server, pool_threads=2) as client:
            call(client)
            call(client, async_req=True).get(20)
    server.hang_up()
    assert left_behind(before) == (0, 0)


def test_the_memory_of_a_client_does_not_grow(wire: WireFor, client_for: Any) -> None:
    client = client_for(wire(reply(200, [1]), reply(404, {"error": "No"})), max_retries=0)
    client.rest_client  # noqa: B018 - what is imported now is not counted

    def work() -> None:
        for _ in range(300):
            with contextlib.suppress(ubiops.NotFoundError):
                call(client)

    work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        work()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # The server records requests of about 1,000 bytes each.
    assert grown < 300 * 4_000

"""Files of any size need only a few megabytes of memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scripted import ZIP_START, Wire, client_of, reply

import ubiops

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted import Peer

SIZE = 256 << 20
MOST = 8 << 20
BLOCK = bytes(1 << 18)


def growth(work: Callable[[], object]) -> int:
    """Returns the growth of this process's peak memory, including the server."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("opened", [False, True], ids=["path", "open file"])
def test_an_upload_takes_little_memory(tmp_path: Path, opened: bool) -> None:
    path = tmp_path / "package.zip"
    with path.open("wb") as file:
        file.write(ZIP_START)
        file.truncate(SIZE)
    received = []

    def take(peer: Peer) -> None:
        received.append(peer.skip_body(peer.read_head()))
        peer.send(reply(201, {"revision": "r"}))

    with Wire([take]) as server, client_of(server) as client, path.open("rb") as file:
        api = ubiops.CoreApi(client)
        grown = growth(lambda: api.revisions_file_upload("p", "d", "v", file=file if opened else path))
    assert SIZE < received[0] < SIZE + 1000
    assert grown <= MOST


def send_file(peer: Peer) -> None:
    peer.read_request()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\n"
    peer.send(head.encode())
    for _ in range(SIZE // len(BLOCK)):
        peer.send(BLOCK)


def test_saving_a_download_takes_little_memory(tmp_path: Path) -> None:
    with Wire([send_file]) as server, client_of(server, temp_folder_path=str(tmp_path)) as client:
        api = ubiops.CoreApi(client)
        grown = growth(lambda: api.revisions_file_download("p", "d", "r", "v", _preload_content=True))
    assert (tmp_path / "a.zip").stat().st_size == SIZE
    assert grown <= MOST


def test_reading_a_download_takes_little_memory() -> None:
    total = 0

    def read() -> None:
        nonlocal total
        with api.revisions_file_download("p", "d", "r", "v") as response:
            for block in response:
                total += len(block)

    with Wire([send_file]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        grown = growth(read)
    assert total == SIZE
    assert grown <= MOST

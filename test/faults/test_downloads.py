"""Downloads: safe names, complete files only, and no file replaced by accident."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted import Peer, WireFor, call, chunked, drip, reply, then_close, then_reset, then_silence

import ubiops
import ubiops._io.downloads

FILES = "/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"
CONTENT = os.urandom(1000) * 3000
ATTACHMENT = "Content-Disposition: attachment; filename=package.zip"


def file(body: bytes = CONTENT, *headers: str) -> bytes:
    return reply(200, body, "Content-Type: application/zip", ATTACHMENT, *headers)


@pytest.fixture
def api_for(client_for: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ubiops.CoreApi]:
    """Creates clients, in an empty working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda server, **settings: ubiops.CoreApi(client_for(server, **settings))


def download(api: ubiops.CoreApi, **options: Any) -> Any:
    return api.revisions_file_download("p", "d", "r", "v", **options)


def saved(api: ubiops.CoreApi, *arguments: Any, **options: Any) -> str:
    with download(api) as response:
        return str(response.save(*arguments, **options))


# --- completeness ---------------------------------------------------------------------

WHOLE = {
    "with a length": file(),
    "in chunks": chunked(CONTENT[:1000], CONTENT[1000:], headers=[ATTACHMENT]),
    "until the connection closes": f"HTTP/1.1 200 OK\r\n{ATTACHMENT}\r\n\r\n".encode() + CONTENT,
    "compressed": file(gzip.compress(CONTENT, 1), "Content-Encoding: gzip"),
    "empty": file(b""),
}


@pytest.mark.parametrize("what", WHOLE)
def test_a_download_returns_the_file(what: str, wire: WireFor, api_for: Any) -> None:
    content = b"" if what == "empty" else CONTENT
    api = api_for(wire(then_close(WHOLE[what])))
    with download(api) as response:
        assert response.read() == content
    with download(api) as response:
        assert b"".join(response) == content
    path = download(api, _preload_content=True)
    assert path == os.path.join(os.getcwd(), "package.zip")
    assert Path(path).read_bytes() == content
    assert os.listdir() == ["package.zip"]


BROKEN: dict[str, Any] = {
    "cut off": then_close(file()[:-1]),
    "cut off at once": then_close(file()[: -len(CONTENT)]),
    "cut off in the head": then_close(f"HTTP/1.1 200 OK\r\n{ATTACHMENT}\r\n".encode()),
    "reset": then_reset(file()[:-1000]),
    "a chunk cut off": then_close(chunked(CONTENT, headers=[ATTACHMENT], end=b"5\r\nab")),
    "missing last chunk": then_close(chunked(CONTENT, headers=[ATTACHMENT], end=b"")),
    "gzip cut off": then_close(file(gzip.compress(CONTENT)[:-5], "Content-Encoding: gzip")),
    "plain text declared as gzip": then_close(file(CONTENT, "Content-Encoding: gzip")),
    "silence": then_silence(file()[:-1]),
    "a drip": drip(file(b"x" * 1000)[:-1000], b"x"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_incomplete_download_is_an_error_and_leaves_nothing(
    what: str, wire: WireFor, api_for: Any, clock: Any
) -> None:
    api = api_for(wire(BROKEN[what]), max_retries=1, read_timeout=0.3)
    expected = ubiops.InvalidResponseError if "gzip" in what else (ubiops.ApiConnectionError, ubiops.ApiTimeoutError)
    limit = {"_request_timeout": 0.7} if what == "a drip" else {}
    with pytest.raises(expected):
        download(api, _preload_content=True, **limit)
    with pytest.raises(expected), download(api, **limit) as response:
        response.save("mine.zip")
    with pytest.raises(expected), download(api, **limit) as response:
        for _ in response:
            pass
    assert os.listdir() == []


def test_a_saved_download_that_is_cut_off_is_retried_from_the_start(wire: WireFor, api_for: Any, clock: Any) -> None:
    server = wire(BROKEN["cut off"], BROKEN["reset"], reply(503), file())
    path = download(api_for(server), _preload_content=True)
    assert Path(path).read_bytes() == CONTENT
    assert os.listdir() == ["package.zip"]
    assert len(clock.waits) == 3


def test_a_download_that_the_caller_reads_is_not_retried_once_it_has_started(
    wire: WireFor, api_for: Any, clock: Any
) -> None:
    """The caller has already used the first bytes."""
    server = wire(reply(503), BROKEN["cut off"], file())
    with pytest.raises(ubiops.ApiConnectionError), download(api_for(server)) as response:
        response.read()
    assert len(server.requests) == 2


def test_a_file_gets_its_name_only_when_it_is_complete_and_on_disk(
    wire: WireFor, api_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, list[str]]] = []

    def watch(name: str) -> None:
        original: Any = getattr(os, name)

        def watched(*arguments: Any) -> Any:
            seen.append((name, os.listdir()))
            return original(*arguments)

        monkeypatch.setattr(f"os.{name}", watched)

    for name in ("fsync", "link", "unlink"):
        watch(name)
    download(api_for(wire(file())), _preload_content=True)
    assert [name for name, _ in seen] == ["fsync", "link", "unlink"]
    synced, linked, _ = (names for _, names in seen)
    assert len(synced) == len(linked) == 1
    assert synced[0].endswith(".part")
    assert os.listdir() == ["package.zip"]


def test_a_full_disk_leaves_nothing_behind(wire: WireFor, api_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    api = api_for(wire(file(), reply(200, [1])))
    with pytest.raises(OSError, match="No space left on device"):
        download(api, _preload_content=True)
    assert os.listdir() == []
    assert call(api.api_client) == [1]


def test_ctrl_c_leaves_nothing_behind(wire: WireFor, api_for: Any) -> None:
    main = threading.main_thread().ident or 0

    def strike(peer: Peer) -> None:
        peer.read_request()
        peer.send(file()[:-1000])
        until = time.monotonic() + 20
        # The signal is sent while the file is being written.
        while not any(os.path.getsize(name) for name in os.listdir()) and time.monotonic() < until:
            time.sleep(0.005)
        signal.pthread_kill(main, signal.SIGINT)
        peer.wait()

    api = api_for(wire(strike, reply(200, [1])))
    with pytest.raises(KeyboardInterrupt):
        download(api, _preload_content=True)
    assert os.listdir() == []
    assert call(api.api_client) == [1]


@pytest.mark.parametrize("place", ["open", "write", "fsync", "link"])
def test_ctrl_c_leaves_nothing_behind_at_any_point(
    place: str, wire: WireFor, api_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    before = len(os.listdir(FILES))
    monkeypatch.setattr(
        {"open": "builtins.open", "write": "ubiops._io.downloads._write"}.get(place, f"os.{place}"), interrupt
    )
    server = wire(file())
    api = api_for(server)
    with pytest.raises(KeyboardInterrupt):
        download(api, _preload_content=True)
    monkeypatch.undo()
    assert [name for name in os.listdir() if name.endswith(".part")] == []
    api.api_client.close()
    server.stop()
    assert len(os.listdir(FILES)) <= before


def test_memory_does_not_grow_with_the_size(wire: WireFor, api_for: Any) -> None:
    def flood(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n\r\n" % (200 << 20, ATTACHMENT.encode()))
        block = bytes(1 << 20)
        for _ in range(200):
            peer.send(block)

    api = api_for(wire(flood))
    tracemalloc.start()
    try:
        with download(api) as response:
            assert sum(len(block) for block in response) == 200 << 20
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_written_block_by_block(wire: WireFor, api_for: Any) -> None:
    bomb = gzip.compress(bytes(50 << 20), 9)
    api = api_for(wire(file(bomb, "Content-Encoding: gzip")))
    tracemalloc.start()
    try:
        path = download(api, _preload_content=True)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert os.path.getsize(path) == 50 << 20


# --- names ----------------------------------------------------------------------------

NAMES: list[tuple[str | None, str]] = [
    ("attachment; filename=a.zip", "a.zip"),
    ('attachment; filename="a b.zip"', "a b.zip"),
    ("attachment; filename*=UTF-8''%e2%82%ac.zip; filename=euro.zip", "€.zip"),
    ("attachment; filename=euro.zip; filename*=UTF-8''%e2%82%ac.zip", "€.zip"),
    ("attachment; filename=euro.zip; filename*=utf-9''x.zip", "euro.zip"),
    ("attachment; filename*=UTF-8''..%2f..%2fetc%2fpasswd", "passwd"),
    ("attachment; filename=../../etc/passwd", "passwd"),
    ('attachment; filename="/etc/passwd"', "passwd"),
    ('attachment; filename="..\\\\..\\\\windows\\\\a.zip"', "a.zip"),
    ('attachment; filename="C:\\\\a.zip"', "a.zip"),
    ('attachment; filename="C:a.zip"', "a.zip"),
    ('attachment; filename="\\\\\\\\server\\\\share\\\\a.zip"', "a.zip"),
    ('attachment; filename="a.zip:stream"', "stream"),
    ("attachment; filename=%2e%2e%2fa.zip", "a.zip"),
    ("attachment; filename=..", "download.zip"),
    ("attachment; filename=.", "download.zip"),
    ('attachment; filename=""', "download.zip"),
    ('attachment; filename="   "', "download.zip"),
    ('attachment; filename="/"', "download.zip"),
    ("attachment; filename=.bashrc", "bashrc"),
    ("attachment; filename=...hidden.zip", "hidden.zip"),
    ('attachment; filename="a.zip. . "', "a.zip"),
    ("attachment; filename*=UTF-8''a%00.zip", "a_.zip"),
    ("attachment; filename*=UTF-8''a%0d%0ab.zip", "a__b.zip"),
    ("attachment; filename*=UTF-8''a%1b%5b31m.zip", "a_[31m.zip"),
    ("attachment; filename*=UTF-8''piz.%e2%80%aeexe", "piz._exe"),
    ("attachment; filename=con.zip", "_con.zip"),
    ("attachment; filename=NUL", "_NUL"),
    ('attachment; filename="con .zip"', "_con .zip"),
    ('attachment; filename="a<b>|?*.zip"', "a_b____.zip"),
    ("attachment; filename=" + "a" * 5000 + ".zip", "a" * 197 + ".zip"),
    ("attachment; filename*=UTF-8''" + "%e2%82%ac" * 500 + ".zip", "€" * 65 + ".zip"),
    ("attachment", "download.zip"),
    ("inline", "download.zip"),
    ("filename", "download.zip"),
    ("", "download.zip"),
    (None, "download.zip"),
]


@pytest.mark.parametrize(("header", "name"), NAMES, ids=[ascii(header)[:60] for header, _ in NAMES])
def test_a_servers_file_name_is_made_safe(
    header: str | None, name: str, wire: WireFor, api_for: Any, tmp_path: Path
) -> None:
    headers = [] if header is None else [f"Content-Disposition: {header}"]
    api = api_for(wire(reply(200, b"x", *headers)))
    with download(api) as response:
        assert response.getfilename() == name
    assert download(api, _preload_content=True) == os.path.join(os.getcwd(), name)
    assert [one.name for one in tmp_path.iterdir()] == ["here"]
    assert os.listdir() == [name]
    assert Path(name).read_bytes() == b"x"


# --- existing files -------------------------------------------------------------------


def test_an_existing_file_is_not_overwritten_unless_asked_for(wire: WireFor, api_for: Any) -> None:
    api = api_for(wire(file(b"new")))
    Path("package.zip").write_bytes(b"old")
    assert [os.path.basename(saved(api)) for _ in range(3)] == [f"package ({n}).zip" for n in (1, 2, 3)]
    assert os.path.basename(download(api, _preload_content=True)) == "package (4).zip"
    assert saved(api, "package.zip") == "package (5).zip"
    assert Path("package.zip").read_bytes() == b"old"
    assert saved(api, "package.zip", overwrite=True) == "package.zip"
    assert Path("package.zip").read_bytes() == b"new"
    assert len(os.listdir()) == 6


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder"])
def test_an_existing_link_or_folder_does_not_redirect_the_download(
    kind: str, wire: WireFor, api_for: Any, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    api = api_for(wire(file(b"new")))
    if kind == "folder":
        Path("package.zip").mkdir()
    else:
        Path("package.zip").symlink_to(outside)
    if kind == "link":
        outside.write_bytes(b"old")
    assert os.path.basename(download(api, _preload_content=True)) == "package (1).zip"
    if kind == "link":
        assert outside.read_bytes() == b"old"
        saved(api, "package.zip", overwrite=True)
        assert outside.read_bytes() == b"old"
    else:
        assert not outside.exists()


def test_a_failed_download_does_not_touch_the_existing_file(wire: WireFor, api_for: Any, clock: Any) -> None:
    api = api_for(wire(BROKEN["cut off"]), max_retries=0)
    Path("package.zip").write_bytes(b"old")
    with pytest.raises(ubiops.ApiConnectionError):
        saved(api, "package.zip", overwrite=True)
    assert os.listdir() == ["package.zip"]
    assert Path("package.zip").read_bytes() == b"old"


def test_simultaneous_downloads_get_different_names(wire: WireFor, api_for: Any) -> None:
    together = threading.Barrier(4)

    def meet(peer: Peer) -> None:
        peer.read_request()
        together.wait(20)
        peer.send(file())

    api = api_for(wire(meet), pool_threads=4)
    calls = [download(api, _preload_content=True, async_req=True) for _ in range(4)]
    assert len({one.get(20) for one in calls}) == 4
    assert all(Path(one.get(20)).read_bytes() == CONTENT for one in calls)


def test_a_file_is_saved_at_the_given_path(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    api = api_for(wire(file(b"x")))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert saved(api, folder) == str(folder / "package.zip")
    assert saved(api, str(folder / "mine.zip")) == str(folder / "mine.zip")
    api.api_client.configuration.temp_folder_path = str(folder)
    assert download(api, _preload_content=True) == str(folder / "package (1).zip")
    with pytest.raises(ubiops.ApiValueError, match="No such file or directory"):
        saved(api, tmp_path / "missing" / "mine.zip")
    assert os.listdir() == []


def test_a_file_gets_the_permissions_of_any_new_file(wire: WireFor, api_for: Any) -> None:
    before = os.umask(0o077)
    try:
        path = download(api_for(wire(file(b"x"))), _preload_content=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# --- handles --------------------------------------------------------------------------


def test_a_response_returns_its_connection_however_it_ends(wire: WireFor, api_for: Any) -> None:
    server = wire(file())
    api = api_for(server)
    for _ in range(3):
        with download(api) as response:
            response.read()
        assert response.closed
    assert server.connections == 1
    with download(api) as response:
        response.read(10)
    with pytest.raises(RuntimeError, match="mine"), download(api) as response:
        raise RuntimeError("mine")
    download(api).close()
    with pytest.raises(ubiops.ApiValueError, match="the response is closed"):
        response.read()
    with download(api) as response:
        assert response.read() == CONTENT


def test_a_saved_response_can_not_be_read_again(wire: WireFor, api_for: Any) -> None:
    with download(api_for(wire(file()))) as response:
        response.save()
        assert response.read() == b""
    with pytest.raises(ubiops.ApiValueError, match="a part of the response was read before"):
        response.save()
    assert os.listdir() == ["package.zip"]


def test_a_response_that_was_read_in_part_is_not_saved(wire: WireFor, api_for: Any) -> None:
    api = api_for(wire(file()))
    with download(api) as response:
        response.read(10)
        with pytest.raises(ubiops.ApiValueError, match="a part of the response was read before"):
            response.save()
    with download(api) as response:
        assert response.data == CONTENT
        assert Path(response.save()).read_bytes() == CONTENT
    assert os.listdir() == ["package.zip"]


@pytest.mark.parametrize("size", [1000, 1 << 18, 300_000, 3_000_000, 1 << 30])
def test_pieces_have_the_requested_size(size: int, wire: WireFor, api_for: Any) -> None:
    with download(api_for(wire(file()))) as response:
        first = response.read(7)
        pieces = list(response.stream(size))
        assert response.read(1) == response.read() == b""
    assert first + b"".join(pieces) == CONTENT
    if size != 1 << 18:
        assert {len(piece) for piece in pieces[:-1]} <= {size}


@pytest.mark.parametrize("ways", [("read", "read"), ("read", "data"), ("data", "text"), ("read", "save")])
def test_a_response_that_failed_or_was_closed_keeps_failing(ways: tuple[str, str], wire: WireFor, api_for: Any) -> None:
    def use(response: Any, way: str) -> Any:
        found = getattr(response, way)
        return found() if callable(found) else found

    api = api_for(wire(BROKEN["cut off"], file()))
    with download(api) as response:
        for way in ways:
            with pytest.raises((ubiops.ApiConnectionError, ubiops.ApiValueError)):
                use(response, way)
    with download(api) as response:
        response.read(10)
    with pytest.raises(ubiops.ApiValueError):
        use(response, ways[1])
    assert os.listdir() == []


def test_the_progress_bar_is_closed_in_every_case(
    wire: WireFor, api_for: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    api = api_for(wire(BROKEN["cut off"], file()))
    download(api, _preload_content=True, _progress_bar=True)
    assert "download" in capsys.readouterr().err


# --- progress of save -----------------------------------------------------------------


def test_save_reports_its_progress(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    size = 1_000_000
    seen: list[tuple[int, int | None]] = []
    api = api_for(wire(reply(200, b"x" * size)))
    with download(api) as response:
        response.save(tmp_path / "a.zip", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 1


def test_the_size_of_a_compressed_download_is_unknown(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    api = api_for(wire(reply(200, gzip.compress(b"x" * 1000), "Content-Encoding: gzip")))
    with download(api) as response:
        response.save(tmp_path / "a.zip", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1000, None)


def test_an_error_of_the_progress_function_ends_the_download(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyError("stop")

    api = api_for(wire(reply(200, b"x" * 1000)))
    with pytest.raises(KeyError, match="stop"), download(api) as response:
        response.save(tmp_path / "a.zip", progress=stop)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_save_shows_a_progress_bar(
    wire: WireFor, api_for: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    api = api_for(wire(reply(200, b"x" * 1000)))
    with download(api) as response:
        response.save(tmp_path / "a.zip", progress=True)
    assert "100%" in capsys.readouterr().err


def test_progress_is_a_function_or_a_switch(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    api = api_for(wire(reply(200, b"x")))
    with (
        pytest.raises(ubiops.ApiTypeError, match="progress must be True, False or a function"),
        download(api) as response,
    ):
        response.save(tmp_path / "a.zip", progress="yes")


def test_a_folder_that_does_not_exist_is_a_file_not_found_error(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "a.zip", f"{tmp_path}/no/"):
        api = api_for(wire(reply(200, b"x")))
        with pytest.raises(FileNotFoundError, match="a download can't be saved"), download(api) as response:
            response.save(path)


def test_json_of_a_body_that_was_read_before_says_so(wire: WireFor, api_for: Any) -> None:
    with download(api_for(wire(reply(200, b"{}")))) as response:
        assert response.read() == b"{}"
        with pytest.raises(ubiops.ApiValueError, match="the body was read before"):
            response.json()

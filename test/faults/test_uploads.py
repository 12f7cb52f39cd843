"""Uploads: constant memory, complete files only, and early responses of the server."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from scripted import ZIP_START, Peer, Wire, WireFor, call, reply

import ubiops
import ubiops._io.sources

FILES = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")
DONE = reply(201, {"success": True, "revision": "r"})
LARGE = 200 << 20
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


def read_all(peer: Peer) -> None:
    peer.skip_body(peer.read_head())
    peer.send(DONE)


@pytest.fixture
def api_for(client_for: Any, certificates: Any) -> Callable[..., ubiops.CoreApi]:
    return lambda server, **settings: ubiops.CoreApi(client_for(server, **certificates.trust, **settings))


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    """A large sparse file, which takes no space on the disk."""
    path = tmp_path / "package.zip"
    with path.open("wb") as file:
        file.write(ZIP_START)
        file.truncate(LARGE)
    return path


@contextlib.contextmanager
def no_file_left_open(path: Path) -> Iterator[None]:
    yield
    opened = []
    for one in os.listdir(FILES):
        with contextlib.suppress(OSError):
            opened.append(os.path.realpath(os.readlink(FILES / one)))
    assert os.path.realpath(path) not in opened


def upload(api: ubiops.CoreApi, file: Any, **options: Any) -> Any:
    return api.revisions_file_upload("p", "d", "v", file=file, **options)


# --- memory ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["path", "file", "stream"])
def test_memory_does_not_grow_with_the_size(kind: str, wire: WireFor, api_for: Any, sparse: Path) -> None:
    api = api_for(wire(read_all))
    upload(api, b"x")
    with contextlib.ExitStack() as stack:
        source: Any = sparse
        if kind == "file":
            source = stack.enter_context(sparse.open("rb"))
        elif kind == "stream":
            source = Endless(LARGE)
        tracemalloc.start()
        try:
            assert upload(api, source).revision == "r"
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()


class Endless(io.RawIOBase):
    """A stream of a given size that can't be rewound."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._left if whence == os.SEEK_END else 0

    def readinto(self, buffer: Any) -> int:
        amount = min(len(buffer), self._left)
        self._left -= amount
        return amount


def test_memory_does_not_grow_with_the_size_over_tls(
    wire: WireFor, api_for: Any, certificates: Any, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    with path.open("wb") as file:
        file.write(ZIP_START)
        file.truncate(40 << 20)
    api = api_for(wire(read_all, context=certificates.good))
    upload(api, b"x")
    tracemalloc.start()
    try:
        upload(api, path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_the_server_receives_the_file(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    content = ZIP_START + os.urandom(3_000_001)
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    server = wire(DONE)
    with path.open("rb") as file:
        for source in (path, file, io.BytesIO(content), content):
            upload(api_for(server), source)
    assert len(server.requests) == 4
    assert all(content in request.body for request in server.requests)


# --- files that change ----------------------------------------------------------------


class Changing(io.FileIO):
    """A file that is changed when its first block has been read."""

    def __init__(self, path: Path, change: Callable[[], Any]) -> None:
        super().__init__(path, "rb")
        self._change: Callable[[], Any] | None = change

    def read(self, amount: int | None = -1) -> Any:
        data = super().read(-1 if amount is None else amount)
        if self._change is not None:
            change, self._change = self._change, None
            change()
        return data


def shrink(path: Path) -> None:
    os.truncate(path, 1000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@TLS
@pytest.mark.parametrize(
    ("change", "words"),
    [(shrink, "it ended .* bytes early"), (empty, "it ended .* bytes early"), (grow, "it has grown")],
)
def test_a_file_that_changes_while_it_is_sent_is_an_error_and_never_arrives_complete(
    change: Callable[[Path], None],
    words: str,
    tls: bool,
    wire: WireFor,
    api_for: Any,
    certificates: Any,
    tmp_path: Path,
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 4_999_996)
    arrived: list[int] = []
    server = wire(lambda peer: (peer.read_head(), arrived.append(peer.drain()), peer.close()))
    if tls:
        server = wire(*server.steps, context=certificates.good)
    api = api_for(server)
    with Changing(path, lambda: change(path)) as file:
        with pytest.raises(
            ubiops.ApiRequestError, match=f"'package.zip' changed while it was being sent: {words}"
        ) as caught:
            upload(api, file)
        assert not file.closed
    server.wait_until_left()
    length = int(server.requests[0].headers["content-length"])
    assert arrived[0] < length
    assert (caught.value.status, len(caught.value.attempts)) == (0, 1)
    assert "send a copy of it" in str(caught.value)
    # The connection carried half a request, so it is not reused.
    server.steps = (reply(200, [1]),)
    assert call(api.api_client) == [1]
    assert server.connections == 2


def test_a_file_that_is_deleted_before_a_retry_is_an_error(
    wire: WireFor, api_for: Any, clock: Any, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 996)

    def limit(peer: Peer) -> None:
        peer.read_request()
        path.unlink()
        peer.send(reply(429, b"", "Retry-After: 0"))

    with pytest.raises(ubiops.ApiRequestError, match="'package.zip' can't be read: No such file or directory"):
        upload(api_for(wire(limit)), path)


# --- files that can't be read ---------------------------------------------------------


def deny(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Makes opening a file fail although os.access allows it, as an access control list
    or a network file system can. Works for root too."""
    original = open

    def refuse(file: Any, *args: Any, **options: Any) -> Any:
        if file == str(path):
            raise PermissionError(13, "Permission denied")
        return original(file, *args, **options)

    monkeypatch.setattr("builtins.open", refuse)


def test_a_file_that_can_not_be_opened_is_reported_before_anything_is_sent(
    wire: WireFor, api_for: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 996)
    server = wire(DONE)
    api = api_for(server)
    call(api.api_client)
    deny(monkeypatch, path)
    with pytest.raises(ubiops.ApiValueError, match=r"file can't be read from '.*package.zip': Permission denied"):
        upload(api, path)
    monkeypatch.undo()
    assert len(server.requests) == 1


@pytest.mark.parametrize("change", ["deleted", "denied", "a directory"])
def test_a_file_that_can_no_longer_be_opened_is_noticed_before_the_request_starts(
    change: str, wire: WireFor, api_for: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 996)
    server = wire(DONE)
    api = api_for(server)
    original = ubiops._io.sources.FileSource.__init__

    def then_change(*args: Any, **options: Any) -> None:
        original(*args, **options)
        if change == "denied":
            deny(monkeypatch, path)
        else:
            path.unlink()
        if change == "a directory":
            path.mkdir()

    monkeypatch.setattr(ubiops._io.sources.FileSource, "__init__", then_change)
    with pytest.raises(ubiops.ApiRequestError, match="'package.zip' can't be read: ") as caught:
        upload(api, path)
    monkeypatch.undo()
    assert (caught.value.status, len(caught.value.attempts)) == (0, 1)
    upload(api, b"x")
    assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_named_pipe_without_a_writer_is_rejected_at_once(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    server = wire(DONE)
    api = api_for(server)
    with pytest.raises(ubiops.ApiRequestError, match="'pipe' can't be read: it is a named pipe to which no process"):
        upload(api, pipe)
    upload(api, b"x")
    assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_an_upload_from_a_named_pipe_is_sent_once_and_not_retried(
    wire: WireFor, api_for: Any, clock: Any, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = os.urandom(300_000)
    server = wire(reply(429, b"", "Retry-After: 0"))

    def write() -> None:
        opened.set()
        with pipe.open("wb") as file:
            file.write(content)

    opened = threading.Event()
    writer = threading.Thread(target=write)
    writer.start()
    opened.wait(20)
    time.sleep(0.1)
    with pytest.raises(ubiops.TooManyRequestsError):
        upload(api_for(server), pipe)
    writer.join()
    assert content in server.requests[0].body
    assert len(server.requests) == 1


def test_a_stream_longer_than_announced_is_an_error_and_the_surplus_is_not_sent(wire: WireFor, api_for: Any) -> None:
    """The server would read bytes beyond the announced length as another request."""

    class Surplus(io.BytesIO):
        def read(self, amount: int | None = -1) -> bytes:
            return super().read() + b"DELETE / HTTP/1.1\r\n\r\n"

    arrived: list[int] = []
    server = wire(lambda peer: (peer.read_head(), arrived.append(peer.drain()), peer.close()))
    with pytest.raises(ubiops.ApiRequestError, match="it has grown"):
        upload(api_for(server), Surplus(b"x" * 1000))
    server.wait_until_left()
    assert arrived[0] < int(server.requests[0].headers["content-length"])


def test_a_read_error_is_reported(wire: WireFor, api_for: Any) -> None:
    class Failing(Endless):
        def readinto(self, buffer: Any) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(ubiops.ApiRequestError, match="can't be read: Input/output error"):
        upload(api_for(wire(read_all)), Failing(1000))


@pytest.mark.parametrize(
    "error",
    [
        http.client.IncompleteRead(b"x"),
        urllib3.exceptions.ReadTimeoutError(None, "", "timed out"),  # type: ignore[arg-type]
        RuntimeError("it rains"),
        KeyError("x"),
        StopIteration(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_stream_is_reported_with_its_cause(error: Exception, wire: WireFor, api_for: Any) -> None:
    """A stream may read from a network. Its errors are not those of the call."""

    class Broken:
        def read(self, amount: int = -1) -> Any:
            raise error

    error.__traceback__ = None  # The parameters are shared by the tests of both clients.
    server = wire(lambda peer: (peer.read_head(), peer.drain()))
    with pytest.raises(ubiops.ApiRequestError, match="the file 'file' can't be read: ") as caught:
        upload(api_for(server), Broken())
    assert caught.value.__cause__ is error
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)] == ["_take", "read"]
    assert (caught.value.status, len(caught.value.attempts)) == (0, 1)


def test_memory_that_can_not_be_read_is_rejected(api_for: Any) -> None:
    released = memoryview(b"abc")
    released.release()
    for view in (memoryview(b"abcdef")[::2], released):
        with pytest.raises(ubiops.ApiValueError, match="file can't be read: "):
            upload(api_for("http://127.0.0.1:1"), view)


@pytest.mark.parametrize("given", ["text", 5, None])
def test_a_stream_that_does_not_return_bytes_is_an_error(given: Any, wire: WireFor, api_for: Any) -> None:
    class Strange:
        def read(self, amount: int = -1) -> Any:
            return given

    server = wire(lambda peer: (peer.read_head(), peer.drain()))
    with pytest.raises(ubiops.ApiRequestError, match="instead of bytes"):
        upload(api_for(server), Strange())


# --- early responses ------------------------------------------------------------------


def early(status: int, *, then: str) -> Callable[[Any], None]:
    """Responds as soon as the headers have arrived, then closes or reads the rest."""

    def step(peer: Peer) -> None:
        head = peer.read_head()
        peer.send(reply(status, {"error": "The file is too large"}, "Connection: close"))
        if then == "reads on":
            peer.skip_body(head)
        elif then == "reads some":
            peer._exactly(1 << 20)
        peer.close()

    return step


@TLS
@pytest.mark.parametrize("then", ["closes", "reads some", "reads on"])
@pytest.mark.parametrize("status", [413, 400, 401, 403, 404])
def test_an_early_response_is_reported_instead_of_a_broken_pipe(
    status: int, then: str, tls: bool, wire: WireFor, api_for: Any, certificates: Any, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    with path.open("wb") as file:
        file.write(ZIP_START)
        file.truncate(30 << 20)
    server = wire(early(status, then=then), reply(200, [1]), context=certificates.good if tls else None)
    api = api_for(server)
    with no_file_left_open(path), pytest.raises(ubiops.ApiRequestError, match="The file is too large") as caught:
        upload(api, path)
    assert caught.value.status == status
    assert len(caught.value.attempts) == 1
    assert call(api.api_client) == [1]


def test_an_early_response_on_a_connection_that_stays_open_ends_the_upload(
    wire: WireFor, api_for: Any, sparse: Path
) -> None:
    """The server would read the next request as the rest of this one."""
    arrived = []

    def refuse(peer: Peer) -> None:
        peer.read_head()
        peer.send(reply(413, {"error": "Too large"}))
        arrived.append(peer.drain())

    server = wire(refuse, reply(200, [1]))
    api = api_for(server)
    with pytest.raises(ubiops.PayloadTooLargeError, match="Too large"):
        upload(api, sparse)
    server.wait_until_left()
    assert arrived[0] < LARGE
    assert call(api.api_client) == [1]
    assert server.connections == 2


@pytest.mark.parametrize("word", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"])
def test_an_informational_response_does_not_end_the_upload(
    word: bytes, wire: WireFor, api_for: Any, sparse: Path
) -> None:
    def encourage(peer: Peer) -> None:
        head = peer.read_head()
        peer.send(word * 3)
        peer.skip_body(head)
        peer.send(word + DONE)

    server = wire(encourage, reply(200, [1]))
    api = api_for(server)
    assert upload(api, sparse).revision == "r"
    assert call(api.api_client) == [1]
    assert server.connections == 1


@TLS
def test_an_early_response_to_a_large_json_body_is_reported_too(
    tls: bool, wire: WireFor, api_for: Any, certificates: Any
) -> None:
    server = wire(early(413, then="closes"), reply(200, [1]), context=certificates.good if tls else None)
    api = api_for(server)
    with pytest.raises(ubiops.PayloadTooLargeError, match="The file is too large"):
        api.revisions_rebuild("p", "d", "r", "v", {"a": "x" * (30 << 20)})
    assert call(api.api_client) == [1]


def test_an_early_429_is_retried(wire: WireFor, api_for: Any, clock: Any, sparse: Path) -> None:
    def limit(peer: Peer) -> None:
        peer.read_head()
        peer.send(reply(429, b"", "Retry-After: 3", "Connection: close"))
        peer.close()

    server = wire(limit, read_all)
    assert upload(api_for(server), sparse).revision == "r"
    assert len(clock.waits) == 1
    assert server.connections == 2


@TLS
def test_a_connection_that_breaks_during_the_upload_is_reported(
    tls: bool, wire: WireFor, api_for: Any, certificates: Any, sparse: Path, clock: Any
) -> None:
    def drop(peer: Peer) -> None:
        peer.read_head()
        peer._exactly(1 << 20)
        peer.reset()

    server = wire(drop, context=certificates.good if tls else None)
    with no_file_left_open(sparse), pytest.raises(ubiops.ApiConnectionError, match="the connection broke") as caught:
        upload(api_for(server), sparse)
    assert (clock.waits, server.connections) == ([], 1)
    assert caught.value.status == 0


# --- handles --------------------------------------------------------------------------


@pytest.mark.parametrize("step", [DONE, reply(400, {"error": "No"}), reply(200, b"{")])
def test_a_file_that_was_opened_by_the_client_is_closed_and_one_that_was_given_is_not(
    step: Any, wire: WireFor, api_for: Any, tmp_path: Path
) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 99_996)
    api = api_for(wire(step))
    with no_file_left_open(path), contextlib.suppress(ubiops.ApiException):
        upload(api, path)
    with path.open("rb") as file:
        with contextlib.suppress(ubiops.ApiException):
            upload(api, file)
        assert not file.closed


def test_no_file_is_left_open_if_there_is_no_connection(wire: WireFor, api_for: Any, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 996)
    api = api_for("http://127.0.0.1:1", max_retries=0)
    with no_file_left_open(path), pytest.raises(ubiops.ApiConnectionError):
        upload(api, path)


@TLS
@pytest.mark.parametrize("place", ["read", "send", "response"])
def test_ctrl_c_leaves_nothing_behind(
    place: str,
    tls: bool,
    wire: WireFor,
    api_for: Any,
    certificates: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import signal

    path = tmp_path / "package.zip"
    path.write_bytes(ZIP_START + b"x" * 4_999_996)
    main = threading.main_thread().ident or 0

    def strike(peer: Peer) -> None:
        head = peer.read_head()
        if place == "response":
            peer.skip_body(head)
        else:
            peer._exactly(1 << 20)
        signal.pthread_kill(main, signal.SIGINT)
        peer.drain()

    server = wire(strike, reply(200, [1]), context=certificates.good if tls else None)
    api = api_for(server)
    if place == "read":
        original = ubiops._io.sources.FileSource._take

        def slow(self: Any, source: Any, amount: int) -> Any:
            # The signal arrives here, between two blocks: the server, which sends it,
            # has already received what it waits for.
            if source.tell() > 2 << 20:
                time.sleep(20)
            return original(self, source, amount)

        monkeypatch.setattr(ubiops._io.sources.FileSource, "_take", slow)
    with no_file_left_open(path), pytest.raises(KeyboardInterrupt):
        upload(api, path)
    monkeypatch.undo()
    assert call(api.api_client) == [1]
    assert server.connections == 2


def test_the_progress_bar_is_closed_in_every_case(
    wire: WireFor, api_for: Any, capsys: pytest.CaptureFixture[str], clock: Any
) -> None:
    server: Wire = wire(reply(429, b"", "Retry-After: 0"), DONE, reply(400, {"error": "No"}))
    api = api_for(server)
    upload(api, b"x" * 1_000_000, _progress_bar=True)
    with pytest.raises(ubiops.BadRequestError):
        upload(api, b"x" * 1_000_000, _progress_bar=True)
    assert "upload" in capsys.readouterr().err

"""Starting and stopping: addresses, folders, threads and cleanup."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import pickle
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

import ubiops
import ubiops.emulator
from ubiops.emulator.core.errors import FolderError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parent of temporary folders, which no other program uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def traces() -> tuple[int, list[str]]:
    """Returns the threads and temporary folders of running emulators."""
    threads = [thread for thread in threading.enumerate() if thread.name == "ubiops-emulator"]
    return len(threads), sorted(os.listdir(tempfile.gettempdir()))


def run_python(code: str, *arguments: str) -> tuple[str, str]:
    """Runs a program and returns its output and its errors."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr


def test_an_emulator_listens_on_loopback_until_it_is_stopped() -> None:
    before = traces()
    with ubiops.emulator.start() as emulator:
        host, _, port = emulator.host.partition("//")[2].partition("/")[0].partition(":")
        assert (host, emulator.host[-5:]) == ("127.0.0.1", "/v2.1")
        assert repr(emulator) == f"<Emulator at {emulator.host}>"
        assert len(os.listdir(tempfile.gettempdir())) == 1
        socket.create_connection((host, int(port)), timeout=60).close()
    assert traces() == before
    assert "stopped" in repr(emulator)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=60)
    emulator.stop()


def test_several_emulators_run_side_by_side(api: Any) -> None:
    with ubiops.emulator.start() as one, ubiops.emulator.start() as other:
        assert one.host != other.host
        type(api)(one).deployment("d")
        assert type(api)(other).ok("GET", "/projects/project-1/deployments") == []


def test_a_port_can_be_reused_but_not_shared() -> None:
    with ubiops.emulator.start() as emulator:
        port = int(emulator.host.split(":")[2].partition("/")[0])
        before = traces()
        reason = rf"^can't listen on 127\.0\.0\.1 port {port}: .*; choose another port, or 0 for a free one$"
        with pytest.raises(OSError, match=reason) as caught:
            ubiops.emulator.start(port=port)
        assert caught.value.errno == errno.EADDRINUSE
        assert traces() == before
    with ubiops.emulator.start(port=port) as again:
        assert again.host == emulator.host


def test_an_emulator_on_all_interfaces_is_reached_by_loopback(api: Any) -> None:
    with ubiops.emulator.start(host="0.0.0.0", run_code=False) as emulator:  # noqa: S104
        assert emulator.host.startswith("http://127.0.0.1:")
        assert type(api)(emulator).ok("GET", "/template-deployments")


def test_the_configuration_connects_a_client() -> None:
    import ubiops

    with ubiops.emulator.start() as emulator:
        configuration = emulator.configuration()
        assert configuration.host == emulator.host
        assert configuration.get_api_key_with_prefix("Authorization") == emulator.token
        with ubiops.CoreApi(ubiops.ApiClient(configuration)) as api:
            assert api.deployments_list("p") == []


def test_api_returns_a_client_that_is_closed_with_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    import ubiops

    closed = []
    close = ubiops.CoreApi.close
    monkeypatch.setattr(ubiops.CoreApi, "close", lambda self: (closed.append(self), close(self)))
    with ubiops.emulator.start() as emulator:
        api, other = emulator.api(), emulator.api(pool_threads=2)
        assert isinstance(api, ubiops.CoreApi)
        assert api.deployments_list("p") == []
        assert other.deployments_list("p", async_req=True).get() == []
        assert other.api_client.pool_threads == 2
        assert closed == []
    assert {id(one) for one in closed} == {id(api), id(other)}
    with pytest.raises(RuntimeError, match="the emulator has been stopped"):
        emulator.api()


def test_a_client_of_api_that_nobody_keeps_is_forgotten() -> None:
    with ubiops.emulator.start() as emulator:
        assert emulator.api().deployments_list("p") == []
        gc.collect()
        assert len(emulator._clients) == 0


def test_emulators_that_accept_any_token_name_the_same_one() -> None:
    with ubiops.emulator.start() as one, ubiops.emulator.start() as other:
        assert one.token == other.token == "Token local-emulator"


def test_the_configuration_ignores_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import ubiops

    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    with ubiops.emulator.start() as emulator, ubiops.ApiClient(emulator.configuration()) as client:
        assert ubiops.CoreApi(client).deployments_list("p") == []


def test_only_the_given_tokens_are_accepted(api: Any) -> None:
    with ubiops.emulator.start(tokens=["Token one", "two"]) as emulator:
        client = type(api)(emulator)
        assert emulator.token == "Token one"
        for token in ("Token one", "Token two", "Bearer two"):
            assert client.ok("GET", "/template-deployments", token=token)
        for token in ("Token three", "Token on", "Token ones", "Token ö"):
            assert client.fails(401, "GET", "/template-deployments", token=token) == "Invalid token"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tokens": "abc"}, "tokens must be several tokens"),
        ({"tokens": []}, "tokens must be one or more tokens"),
        ({"tokens": [""]}, "tokens must be one or more tokens"),
        ({"tokens": ["a b"]}, "tokens must be one or more tokens"),
        ({"rate_limit": 0}, "rate_limit must be a positive integer, got 0"),
        ({"maximum_file_size": 0}, "maximum_file_size must be a positive integer, got 0"),
        ({"data_dir": ""}, "data_dir is empty"),
        ({"build_seconds": (0, -1, 0)}, "build_seconds must be numbers of zero or more"),
        ({"build_seconds": (0, float("nan"), 0)}, "build_seconds must be numbers of zero or more"),
        ({"build_seconds": 3}, "build_seconds must be three numbers of seconds"),
        ({"build_seconds": (1, 2, 3, 4)}, "build_seconds must be three numbers of seconds"),
        ({"build_seconds": ("1", "2", "3")}, "build_seconds must be three numbers of seconds"),
        ({"tokens": 5}, "tokens must be several tokens, such as a list, got 5"),
        ({"tokens": [5]}, "tokens must be strings"),
        ({"rate_limit": "5"}, "rate_limit must be a positive integer, got '5'"),
        ({"rate_limit": 1.5}, "rate_limit must be a positive integer, got 1.5"),
        ({"rate_limit": True}, "rate_limit must be a positive integer, got True"),
        ({"maximum_file_size": "1"}, "maximum_file_size must be a positive integer, got '1'"),
        ({"port": "8321"}, "port must be an integer from 0 to 65535, got '8321'"),
        ({"port": -1}, "port must be an integer from 0 to 65535, got -1"),
        ({"host": None}, "host must be the name or address of a host, got None"),
        ({"data_dir": 5}, "data_dir must be a path, got int: 5"),
        ({"build_seconds": 0}, "build_seconds must be three numbers of seconds"),
        ({"project_variables": {"p": {"A1": "x"}}}, "environment variable 'A1' is invalid"),
        ({"project_variables": {"p": {"A": None}}}, "the value of environment variable 'A' must be a string"),
        ({"project_variables": {"p": {"A": b"x"}}}, "the value of environment variable 'A' must be a string"),
    ],
)
def test_invalid_arguments_are_rejected(options: Any, reason: str) -> None:
    before = traces()
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match=reason):
        ubiops.emulator.start(**options)
    assert traces() == before


def test_a_data_folder_can_be_opened_again(api: Any, data_dir: Path, good: bytes) -> None:
    with ubiops.emulator.start(data_dir=data_dir, project_variables={"project-1": {"A": "1"}}) as emulator:
        emulator.clock.freeze()
        client = type(api)(emulator)
        deployment = client.deployment()
        version = client.version(deployment)
        revision = client.build(version, good)
        paths = deployment, version, f"{version}/revisions", f"{deployment}/audit", f"{version}/environment-variables"
        before = [client.ok("GET", path) for path in paths]
    assert data_dir.stat().st_mode & 0o077 == 0
    with ubiops.emulator.start(data_dir=str(data_dir)) as emulator:
        client = type(api)(emulator)
        assert [client.ok("GET", path) for path in paths] == before
        assert client.send("GET", f"{version}/revisions/{revision}/download").data == good
        assert client.ok("GET", version)["status"] == "available"


def test_the_clock_never_goes_back_when_a_folder_is_opened_again(data_dir: Path) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        emulator.clock.advance(1e6)
        ahead = emulator.clock.now()
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        assert emulator.clock.now() >= ahead


def test_the_clock_never_goes_back_when_the_computers_clock_does(
    api: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        type(api)(emulator).deployment()
        before = emulator.clock.now()
    monkeypatch.setattr("time.time", lambda: 1000.0)
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        assert emulator.clock.now() > before - 3600


def test_a_tilde_stands_for_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    ubiops.emulator.start(data_dir="~/data").stop()
    assert (tmp_path / "data" / "emulator.sqlite3").exists()


def test_only_one_emulator_uses_a_folder(data_dir: Path) -> None:
    reason = "in use by another emulator: stop that one, or choose another folder"
    with ubiops.emulator.start(data_dir=data_dir), pytest.raises(FolderError, match=reason):
        ubiops.emulator.start(data_dir=data_dir)
    ubiops.emulator.start(data_dir=data_dir).stop()


RACE = """
import multiprocessing, sys
from ubiops.emulator import start
from ubiops.emulator.core.errors import FolderError

def run(folder, together, arrived, results):
    for number in range(5):
        with arrived.get_lock():
            arrived.value += 1
        # A busy loop starts both at the same time.
        while arrived.value < 2 * (number + 1):
            pass
        try:
            emulator = start(data_dir=f"{folder}/{number}")
        except FolderError as error:
            results.put((number, "in use by another emulator" in str(error)))
            together.wait()
        else:
            results.put((number, None))
            together.wait()
            emulator.stop()

forking = multiprocessing.get_context("fork")
together, arrived, results = forking.Barrier(2), forking.Value("i", 0), forking.Queue()
for _ in range(2):
    forking.Process(target=run, args=(sys.argv[1], together, arrived, results)).start()
found = [results.get() for _ in range(10)]
print([[found.count((number, what)) for what in (None, True)] for number in range(5)])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_one_of_two_emulators_that_start_at_once_gets_the_folder(tmp_path: Path) -> None:
    assert run_python(RACE, str(tmp_path)) == (f"{[[1, 1]] * 5}\n", "")


def test_a_folder_with_other_contents_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "emulator.sqlite3").write_bytes(b"something else, and quite a lot of it" * 100)
    with pytest.raises(FolderError, match="is not an emulator's database"):
        ubiops.emulator.start(data_dir=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="can't be used as a data folder"):
        ubiops.emulator.start(data_dir=tmp_path / "file")
    ubiops.emulator.start(data_dir=tmp_path / "other").stop()
    (tmp_path / "other" / "files").rmdir()
    (tmp_path / "other" / "files").touch()
    with pytest.raises(FolderError, match="files can't be used as a folder for files"):
        ubiops.emulator.start(data_dir=tmp_path / "other")


def test_a_folder_without_a_state_must_be_empty(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderError, match=r"is not empty and holds no state of an emulator .*: choose an empty"):
        ubiops.emulator.start(data_dir=data_dir)
    assert [path.name for path in data_dir.iterdir()] == ["thesis.txt"]


def test_a_folder_whose_database_is_gone_is_not_emptied(data_dir: Path) -> None:
    ubiops.emulator.start(data_dir=data_dir).stop()
    upload = data_dir / "files" / f"{uuid.uuid4()}.zip"
    upload.touch()
    (data_dir / "emulator.sqlite3").unlink()
    with pytest.raises(FolderError, match="is not empty"):
        ubiops.emulator.start(data_dir=data_dir)
    assert upload.exists()


@pytest.mark.parametrize("content", [b"", None])
def test_a_folder_whose_database_is_empty_is_not_emptied(data_dir: Path, content: bytes | None) -> None:
    ubiops.emulator.start(data_dir=data_dir).stop()
    upload = data_dir / "files" / f"{uuid.uuid4()}.zip"
    upload.touch()
    database = data_dir / "emulator.sqlite3"
    database.unlink()
    if content is None:
        # A database without tables.
        with contextlib.closing(sqlite3.connect(str(database))) as connection:
            connection.execute("VACUUM")
    else:
        database.write_bytes(content)
    for _ in range(2):
        with pytest.raises(FolderError, match=r"it is empty, but there are 1 uploaded files in .*: restore"):
            ubiops.emulator.start(data_dir=data_dir)
        assert upload.exists()


def test_the_database_of_another_program_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    database = data_dir / "emulator.sqlite3"
    for version, application, table in ((0, 0, "deployments"), (1, 0, "others"), (2, 5, "deployments")):
        with contextlib.closing(sqlite3.connect(str(database))) as connection:
            connection.execute(f"CREATE TABLE {table} (a)")
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute(f"PRAGMA application_id = {application}")
        before = database.read_bytes()
        with pytest.raises(FolderError, match="it is the database of another program: choose another folder"):
            ubiops.emulator.start(data_dir=data_dir)
        assert database.read_bytes() == before
        assert [path.name for path in data_dir.iterdir()] == ["emulator.sqlite3"]
        database.unlink()


def test_a_damaged_database_is_reported(data_dir: Path, api: Any) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        for number in range(100):
            client.deployment(f"d{number}", description="x" * 300)
    database = data_dir / "emulator.sqlite3"
    content = bytearray(database.read_bytes())
    content[4096 : len(content) - 4096] = bytes(len(content) - 8192)
    database.write_bytes(content)
    with pytest.raises(FolderError, match=r"emulator.sqlite3 (is|can't|is not) .*(damaged|malformed)"):
        ubiops.emulator.start(data_dir=data_dir)


@pytest.mark.skipif(os.name != "posix", reason="needs permissions")
def test_other_users_can_not_read_the_state(data_dir: Path, api: Any, good: bytes) -> None:
    data_dir.mkdir(parents=True, mode=0o755)
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        client.upload(client.version(client.deployment()), good)
        names = sorted(path.name for path in data_dir.iterdir())
        assert names == ["emulator.sqlite3", "emulator.sqlite3-wal", "files", "runtime"]
        assert [(data_dir / name).stat().st_mode & 0o077 for name in names] == [0, 0, 0, 0]
    # As an older version left it.
    (data_dir / "emulator.sqlite3").chmod(0o644)
    (data_dir / "files").chmod(0o755)
    ubiops.emulator.start(data_dir=data_dir).stop()
    assert [path.stat().st_mode & 0o077 for path in data_dir.iterdir()] == [0, 0, 0]


@pytest.mark.skipif(os.name != "posix", reason="needs a system that removes open files")
def test_a_folder_that_is_removed_while_it_is_used_is_reported(data_dir: Path, api: Any) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        path = client.deployment()
        shutil.rmtree(data_dir)
        error = client.fails(507, "PATCH", path, {"description": "new"})
        assert "emulator.sqlite3 has been removed while the emulator runs" in error
        assert client.ok("GET", path)["name"] == "d"


def test_changes_outlive_a_loss_of_power_in_a_data_folder_only(data_dir: Path) -> None:
    modes = []
    for options in ({"data_dir": data_dir}, {}):
        with ubiops.emulator.start(**options) as emulator, emulator._storage.reading() as db:  # type: ignore[arg-type]
            modes.append(db.execute("PRAGMA synchronous").fetchone()[0])
    full, normal = 2, 1
    assert modes == [full, normal]


def test_logs_do_not_wait_for_the_disk(data_dir: Path) -> None:
    statements: list[str] = []
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        emulator._storage._connection.set_trace_callback(statements.append)
        emulator._backend.logs.write("p", "line")
        emulator._storage._connection.set_trace_callback(None)
        with emulator._storage.reading() as db:
            assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
            assert db.execute("SELECT count(*) FROM log_entries").fetchone()[0] == 1
    assert statements[0] == "PRAGMA synchronous = NORMAL"


def test_errors_of_the_emulator_are_those_of_the_library(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "thesis.txt").touch()
    emulator = ubiops.emulator.start()
    port = int(emulator.host.rpartition(":")[2].partition("/")[0])
    with pytest.raises(ubiops.exceptions.UbiOpsException) as address:
        ubiops.emulator.start(port=port)
    emulator.stop()
    with pytest.raises(ubiops.exceptions.UbiOpsException) as stopped:
        emulator.api()
    with pytest.raises(ubiops.exceptions.UbiOpsException) as folder:
        ubiops.emulator.start(data_dir=data_dir)
    with pytest.raises(ubiops.exceptions.UbiOpsException) as host:
        ubiops.emulator.start(host="no-such-host.invalid")
    found = [(caught.type.__name__, isinstance(caught.value, OSError)) for caught in (address, stopped, folder, host)]
    assert found == [("AddressError", True), ("StoppedError", False), ("FolderError", False), ("AddressError", True)]
    assert isinstance(stopped.value, RuntimeError)
    assert isinstance(folder.value, RuntimeError)
    for caught in (address, stopped, folder):
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_folder_with_nothing_but_hidden_files_counts_as_empty(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / ".gitkeep").touch()
    (data_dir / "lost+found").mkdir()
    ubiops.emulator.start(data_dir=data_dir).stop()
    assert (data_dir / "emulator.sqlite3").exists()


def test_a_folder_of_a_newer_version_is_rejected(data_dir: Path) -> None:
    ubiops.emulator.start(data_dir=data_dir).stop()
    connection = sqlite3.connect(str(data_dir / "emulator.sqlite3"))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FolderError, match="was written by a newer version"):
        ubiops.emulator.start(data_dir=data_dir)


def test_only_leftover_uploads_are_removed_at_the_start(data_dir: Path) -> None:
    ubiops.emulator.start(data_dir=data_dir).stop()
    files = data_dir / "files"
    others = {files / name for name in ("notes.txt", "package.zip", "package.zip.part")}
    for path in others:
        path.write_text("of somebody else")
    for name in (f"{uuid.uuid4()}.zip", f"{uuid.uuid4()}.zip.part"):
        (files / name).touch()
    ubiops.emulator.start(data_dir=data_dir).stop()
    assert set(files.iterdir()) == others


def test_a_call_in_progress_finishes_before_the_emulator_stops(api: Any, good: bytes) -> None:
    emulator = ubiops.emulator.start()
    client = type(api)(emulator)
    version = client.version(client.deployment())
    stopping = threading.Thread(target=emulator.stop)
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + good + b"\r\n--b--\r\n"

    def slowly() -> Any:
        yield body[:100]
        stopping.start()
        while not emulator._server.should_exit:
            yield b""
        yield body[100:]

    response = client.send(
        "POST", f"{version}/revisions", body=slowly(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert response.status == 201
    stopping.join()


def test_calls_that_take_too_long_are_cancelled_when_the_emulator_stops(
    api: Any, good: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ubiops.emulator.serving.SECONDS_TO_STOP", 0.1)
    with ubiops.emulator.start() as emulator:
        client = type(api)(emulator)
        version = client.version(client.deployment())
        revision = client.upload(version, good + b"\0" * 50_000_000)
        port = int(emulator.host.rpartition(":")[2].partition("/")[0])
        head = f"/v2.1{version}/revisions%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {emulator.token}\r\n"
        form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n"
        with contextlib.ExitStack() as stack:
            downloading, uploading = (
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(2)
            )
            downloading.sendall(f"GET {head % f'/{revision}/download'}\r\n".encode())
            assert downloading.recv(15) == b"HTTP/1.1 200 OK"
            uploading.sendall(f"POST {head % ''}{form}".encode())
            while len(emulator._server.server_state.tasks) < 2:
                time.sleep(0.01)
            emulator.stop()
            assert uploading.recv(12) == b"HTTP/1.1 503"
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_stopped_emulator_reports_that_it_is_stopped() -> None:
    emulator = ubiops.emulator.start()
    emulator.stop()
    emulator.clock.advance(1)
    with pytest.raises(RuntimeError, match="the emulator has been stopped"):
        emulator.set_project_variable("p", "A", "1")


def test_an_emulator_stops_at_the_end_of_the_program(temporary: Path) -> None:
    code = (
        f"import tempfile; tempfile.tempdir = {str(temporary)!r}\n"
        "import ubiops.emulator; emulator = ubiops.emulator.start(); print(emulator.host)"
    )
    assert run_python(code)[1] == ""
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_the_port_is_free_after_a_stop_despite_forked_processes() -> None:
    code = (
        "import os, signal, ubiops.emulator\n"
        "emulator = ubiops.emulator.start()\n"
        "child = os.fork()\n"
        "if not child: signal.pause()\n"
        "emulator.stop()\n"
        "try: ubiops.emulator.start(port=int(emulator.host.split(':')[2].split('/')[0])).stop()\n"
        "finally: os.kill(child, signal.SIGKILL)\n"
        "print('started again')"
    )
    assert run_python(code) == ("started again\n", "")


def test_a_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("start", "Emulator"):
        monkeypatch.delitem(vars(ubiops.emulator), name, raising=False)
    for name in ("server", "serving"):
        monkeypatch.delitem(sys.modules, f"ubiops.emulator.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"needs uvicorn, which is not installed: pip install 'ubiops\[emulator\]'"
    ):
        ubiops.emulator.start()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'stop'"):
        ubiops.emulator.stop  # type: ignore[attr-defined]  # noqa: B018
    assert {"Clock", "Emulator", "start"} <= set(dir(ubiops.emulator))

"""The async client: awaited methods, cancellation, limits, files, and event loops.

The fault tests cover what it shares with the blocking client: they run against both.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import ZIP_START, Wire, chunked, reply, settings_for, silence, then_close, then_silence

import ubiops
import ubiops.aio
from ubiops.aio import _runner, _workers

PATIENCE = 20.0
LIST = reply(200, [{"name": "d"}])
CREATED = reply(201, {"success": True, "revision": "r"})


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine with a timeout, so that a failing test ends."""

    async def bounded() -> Any:
        return await asyncio.wait_for(work, PATIENCE)

    return asyncio.run(bounded())


def client_of(server: Any, *, max_concurrency: int | None = None, **settings: Any) -> ubiops.aio.ApiClient:
    return ubiops.aio.ApiClient(settings_for(server, **settings), max_concurrency=max_concurrency)


def api_of(server: Any, **settings: Any) -> Any:
    return ubiops.aio.CoreApi(client_of(server, **settings))


@pytest.fixture(autouse=True)
def no_thread_is_left_busy() -> Iterator[None]:
    yield
    until = time.monotonic() + PATIENCE
    while any(thread.name == "ubiops-aio" for thread in threading.enumerate()):
        assert time.monotonic() < until, "a worker thread does not end"
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def idle_threads_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workers, "_IDLE_SECONDS", 0.05)


class Reached:
    """Notifies a task that a scripted server has reached a step."""

    def __init__(self, step: Callable[[Any], Any] = silence) -> None:
        self._event = threading.Event()
        self._step = step

    def __call__(self, peer: Any) -> None:
        self._event.set()
        self._step(peer)

    async def wait(self) -> None:
        assert await asyncio.get_running_loop().run_in_executor(None, self._event.wait, PATIENCE)


# --- calls ----------------------------------------------------------------------------


def test_methods_are_awaited() -> None:
    async def main() -> None:
        with Wire([LIST]) as server:
            async with api_of(server) as api:
                (found,) = await api.deployments_list("p", labels="a:b")
                assert (type(found), found.name) == (ubiops.DeploymentList, "d")
                data, status, headers = await api.deployments_list_with_http_info("p")
                assert (data, status, headers["content-type"]) == ([found], 200, "application/json")
                async with await api.deployments_list("p", _preload_content=False) as response:
                    assert await response.json() == [{"name": "d"}]
                assert await api.api_client.call_api("/x", "GET", response_type="object", _host=server.host) == (
                    [{"name": "d"}],
                    200,
                    headers,
                )
            assert server.requests[0].target == "/v2.1/projects/p/deployments?labels=a%3Ab"
            assert server.requests[0].headers["authorization"].startswith("Token ")

    run(main())


def test_calls_raise_the_errors_of_the_blocking_client() -> None:
    async def main() -> None:
        with Wire([reply(404, {"error": "No"})]) as server:
            async with api_of(server) as api:
                with pytest.raises(ubiops.NotFoundError, match="No"):
                    await api.deployments_get("p", "d")
                with pytest.raises(ubiops.ApiValueError, match=r"deployments_get\(\) needs a value"):
                    await api.deployments_get("p")
                with pytest.raises(ubiops.ApiTypeError, match="did you mean 'labels'"):
                    await api.deployments_list("p", lables="x")
                assert len(server.requests) == 1

    run(main())


def test_async_req_is_rejected() -> None:
    async def main() -> None:
        async with api_of("http://127.0.0.1:9") as api:
            with pytest.raises(ubiops.ApiTypeError, match="async_req=True is not supported.*create_task"):
                await api.deployments_list("p", async_req=True)
            with pytest.raises(ubiops.ApiTypeError, match="async_req=True is not supported"):
                await api.api_client.call_api("/x", "GET", async_req=True)

    run(main())


def test_blocking_clients_are_rejected() -> None:
    api = api_of("http://127.0.0.1:9")
    for thing in (api, api.api_client):
        with pytest.raises(ubiops.ApiTypeError, match="'async with'"), thing:
            pass
    with pytest.raises(ubiops.ApiTypeError, match=r"must be a ubiops\.aio\.ApiClient, got ubiops\.ApiClient"):
        ubiops.aio.CoreApi(ubiops.ApiClient())  # type: ignore[arg-type]
    with pytest.raises(ubiops.ApiTypeError, match=r"must be a ubiops\.ApiClient, got ubiops\.aio\.ApiClient"):
        ubiops.CoreApi(api.api_client)
    assert not isinstance(api, ubiops.CoreApi)
    for limit in (0, -1, True, 1.5):
        with pytest.raises(ubiops.ApiValueError, match="max_concurrency must be a positive integer"):
            ubiops.aio.ApiClient(max_concurrency=limit)  # type: ignore[arg-type]


def test_the_hook_that_renews_the_token_sees_context_variables() -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user")

    def renew(configuration: ubiops.Configuration) -> None:
        configuration.api_key["Authorization"] = user.get()

    class Source(io.BytesIO):
        def read(self, amount: int | None = -1) -> bytes:
            seen.append(user.get())
            return super().read(amount)

    seen: list[str] = []

    async def main() -> None:
        with Wire([CREATED]) as server:
            async with api_of(server, refresh_api_key_hook=renew) as api:
                user.set("of-the-task")
                await api.revisions_file_upload("p", "d", "v", file=Source(b"x"))
            assert server.requests[0].headers["authorization"] == "Token of-the-task"

    run(main())
    assert set(seen) == {"of-the-task"}


# --- many calls at once ---------------------------------------------------------------


def test_a_thousand_calls_on_one_event_loop() -> None:
    async def main() -> None:
        with Wire([LIST]) as server:
            async with api_of(server) as api:
                found = await asyncio.gather(*(api.deployments_list(f"p{number}") for number in range(1000)))
                assert [one.name for (one,) in found] == ["d"] * 1000
            assert server.connections <= 100
            assert {request.target for request in server.requests} == {
                f"/v2.1/projects/p{number}/deployments" for number in range(1000)
            }

    run(main())


def test_calls_do_not_block_the_event_loop() -> None:
    async def main() -> None:
        reached = Reached(lambda peer: (peer.read_request(), go.wait(PATIENCE), peer.send(LIST)))
        go = threading.Event()
        with Wire([reached]) as server:
            async with api_of(server) as api:
                call = asyncio.create_task(api.deployments_list("p"))
                await reached.wait()
                go.set()
                assert len(await call) == 1

    run(main())


def test_calls_beyond_max_concurrency_wait_in_order() -> None:
    now = most = 0
    lock = threading.Lock()

    def count(peer: Any) -> None:
        nonlocal now, most
        peer.read_request()
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        peer.send(LIST)

    async def main() -> None:
        with Wire([count]) as server:
            async with api_of(server, max_concurrency=3) as api:
                await asyncio.gather(*(api.deployments_list(f"p{number}") for number in range(30)))
        assert most == 3
        with Wire([LIST]) as server:
            async with api_of(server, max_concurrency=1) as api:
                await asyncio.gather(*(api.deployments_list(f"p{number}") for number in range(20)))
            assert [request.target.split("/")[3] for request in server.requests] == [f"p{n}" for n in range(20)]

    run(main())


def test_max_concurrency_is_the_size_of_the_connection_pool_by_default() -> None:
    assert ubiops.aio.ApiClient().max_concurrency == 100
    assert client_of("http://x", connection_pool_maxsize=7).max_concurrency == 7
    assert client_of("http://x", max_concurrency=5).max_concurrency == 5


def test_waiting_for_a_free_slot_counts_towards_the_deadline() -> None:
    async def main() -> None:
        reached = Reached()
        with Wire([reached]) as server:
            async with api_of(server, max_concurrency=1) as api:
                first = asyncio.create_task(api.deployments_list("p"))
                await reached.wait()
                with pytest.raises(ubiops.ApiTimeoutError, match="one of 1 concurrent calls to end") as caught:
                    await api.deployments_list("q", _request_timeout=0.05)
                assert caught.value.method == "GET"
                assert caught.value.url is not None
                assert caught.value.url.endswith("/projects/q/deployments")
                assert len(server.requests) == 1
                first.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await first

    run(main())


def test_a_call_that_waits_before_a_retry_releases_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        waiting, go = asyncio.Event(), asyncio.Event()

        class Clock:
            monotonic = staticmethod(time.monotonic)
            time = staticmethod(time.time)

            async def sleep(self, seconds: float) -> None:
                waiting.set()
                await go.wait()

        with Wire([reply(503), LIST]) as server:
            async with api_of(server, max_concurrency=1) as api:
                api.api_client._clock = Clock()
                first = asyncio.create_task(api.deployments_list("p"))
                await waiting.wait()
                assert len(await api.deployments_list("q")) == 1
                go.set()
                assert len(await first) == 1

    run(main())


# --- cancellation ---------------------------------------------------------------------


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancels a task, which must end at once."""
    task.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 5


SLOW = {
    "before the response": silence,
    "in the head": then_silence(b"HTTP/1.1 200 OK\r\n"),
    "in the body": then_silence(LIST[:-1]),
    "in a chunk": then_silence(chunked(b"[1", end=b"5\r\n,")),
    "in an error": then_silence(reply(404, b"[1]")[:-1]),
}


@pytest.mark.parametrize("what", SLOW)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_that_waits_for_the_server_is_cancelled_at_once(what: str, method: str) -> None:
    async def main() -> None:
        reached = Reached(SLOW[what])
        with Wire([reached, reply(200, [1])]) as server:
            async with client_of(server) as client:
                task = asyncio.create_task(client.call_api("/x", method, response_type="object"))
                await reached.wait()
                await asyncio.sleep(0.02)
                await cancelled(task)
                server.wait_until_left()
                # The client still works.
                assert (await client.call_api("/x", "GET", response_type="object"))[0] == [1]
                assert len(server.requests) == 2

    run(main())


def test_a_call_that_connects_is_cancelled_at_once() -> None:
    async def main() -> None:
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for _ in range(8):
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            async with api_of(f"http://127.0.0.1:{listener.getsockname()[1]}") as api:
                task = asyncio.create_task(api.deployments_list("p"))
                await asyncio.sleep(0.05)
                await cancelled(task)

    run(main())


def test_a_call_that_sends_is_cancelled_at_once() -> None:
    async def main() -> None:
        over = threading.Event()
        reached = Reached(lambda peer: (peer.read_head(), over.wait(PATIENCE), peer.close()))
        with Wire([reached]) as server:
            async with api_of(server) as api:
                for work in (
                    api.revisions_file_upload("p", "d", "v", file=bytes(50 << 20)),
                    api.revisions_rebuild("p", "d", "r", "v", {"a": "x" * (50 << 20)}),
                ):
                    task = asyncio.create_task(work)
                    await reached.wait()
                    await asyncio.sleep(0.02)
                    await cancelled(task)
                over.set()

    run(main())


def test_a_call_that_waits_before_a_retry_is_cancelled_at_once() -> None:
    async def main() -> None:
        with Wire([reply(429, b"", "Retry-After: 100")]) as server:
            async with api_of(server) as api:
                task = asyncio.create_task(api.deployments_list("p"))
                while not server.requests:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.05)
                await cancelled(task)
                assert len(server.requests) == 1

    run(main())


def test_a_call_that_waits_for_a_free_slot_is_cancelled_at_once() -> None:
    async def main() -> None:
        reached = Reached()
        with Wire([reached, LIST]) as server:
            async with api_of(server, max_concurrency=1) as api:
                first, second, third = (asyncio.create_task(api.deployments_list(name)) for name in "abc")
                await reached.wait()
                await cancelled(second)
                await cancelled(first)
                assert len(await third) == 1
                assert [request.target.split("/")[3] for request in server.requests] == ["a", "c"]

    run(main())


def test_a_timeout_of_asyncio_cancels_a_call() -> None:
    async def main() -> None:
        with Wire([silence]) as server:
            async with api_of(server) as api:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(api.deployments_list("p"), 0.1)
                server.wait_until_left()

    run(main())


def test_a_response_that_arrives_for_a_cancelled_task_is_closed() -> None:
    """The call is over, but its task was cancelled before it ran again."""

    async def main() -> None:
        body = reply(200, b"x" * 100_000)
        with Wire([body]) as server:
            async with api_of(server) as api:
                for delay in range(20):
                    task = asyncio.create_task(api.deployments_list("p", _preload_content=False))
                    await asyncio.sleep(delay / 5000)
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await (await task).close()
            server.wait_until_left(server.connections)

    run(main())


def test_a_cancelled_read_closes_the_response() -> None:
    async def main() -> None:
        with Wire([then_silence(reply(200, b"xx")[:-1])]) as server:
            async with api_of(server) as api:
                response = await api.deployments_list("p", _preload_content=False)
                task = asyncio.create_task(response.read())
                await asyncio.sleep(0.05)
                await cancelled(task)
                server.wait_until_left()
                with pytest.raises((ubiops.ApiConnectionError, ubiops.ApiValueError)):
                    await response.read()

    run(main())


def test_ctrl_c_ends_a_program_at_once_and_closes_its_connection() -> None:
    code = (
        "import asyncio, sys, ubiops, ubiops.aio\n"
        "async def main():\n"
        "    async with ubiops.aio.CoreApi() as api:\n"
        "        await api.deployments_list('p')\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    reached = threading.Event()
    with Wire([lambda peer: (reached.set(), silence(peer))]) as server:
        environment = {
            **os.environ,
            "UBIOPS_API_HOST": server.host,
            "PYTHONPATH": str(Path(ubiops.__file__).parents[1]),
        }
        with subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        ) as child:
            assert reached.wait(PATIENCE)
            time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            assert child.communicate(timeout=PATIENCE)[0] == "interrupted\n"
        assert child.returncode == 0
        server.wait_until_left()


# --- closing, loops and processes -----------------------------------------------------


def test_closing_waits_for_running_calls() -> None:
    async def main() -> None:
        go = threading.Event()
        reached = Reached(lambda peer: (peer.read_request(), go.wait(PATIENCE), peer.send(LIST)))
        with Wire([reached, LIST]) as server:
            api = api_of(server)
            call = asyncio.create_task(api.deployments_list("p"))
            await reached.wait()
            closing = asyncio.create_task(api.aclose())
            await asyncio.sleep(0.02)
            assert not closing.done()
            go.set()
            await closing
            assert len(await call) == 1
            server.wait_until_left()
            assert len(await api.deployments_list("p")) == 1
            await api.close()
            await api.api_client.aclose()

    run(main())


def test_a_cancelled_close_does_not_wait() -> None:
    async def main() -> None:
        reached = Reached()
        with Wire([reached]) as server:
            api = api_of(server)
            call = asyncio.create_task(api.deployments_list("p"))
            await reached.wait()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(api.close(), 0.05)
            await cancelled(call)

    run(main())


def test_a_client_can_be_used_by_several_event_loops_in_turn() -> None:
    with Wire([LIST]) as server:
        api = api_of(server)
        for _ in range(3):
            assert len(run(api.deployments_list("p"))) == 1
        asyncio.run(api.close())


def test_use_from_a_second_event_loop_is_rejected() -> None:
    with Wire([LIST]) as server:
        api = api_of(server)
        mine = asyncio.new_event_loop()
        try:
            mine.run_until_complete(api.deployments_list("p"))
            with pytest.raises(ubiops.ApiValueError, match="belongs to another event loop"):
                run(api.deployments_list("p"))
            mine.run_until_complete(api.close())
        finally:
            mine.close()


def test_use_in_a_forked_child_is_rejected() -> None:
    with Wire([LIST]) as server:
        api, unused = api_of(server), api_of(server)
        run(api.deployments_list("p"))
        code = 0
        child = os.fork()
        if not child:
            try:
                with pytest.raises(ubiops.ApiValueError, match="used before the process was forked"):
                    run(api.deployments_list("p"))
                assert len(run(unused.deployments_list("p"))) == 1
            except BaseException:
                code = 1
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        run(api.deployments_list("p"))
        asyncio.run(api.close())


def test_a_client_pickles_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire([LIST]) as server:
        client = client_of(server, max_concurrency=7, api_key={"Authorization": "hunter2"})
        client.cookie = "hunter2"
        run(ubiops.aio.CoreApi(client).deployments_list("p"))
        sent = pickle.dumps(ubiops.aio.CoreApi(client))
        assert b"hunter2" not in sent
        monkeypatch.setenv("UBIOPS_API_TOKEN", "other")
        api: Any = pickle.loads(sent)
        assert api.api_client.max_concurrency == 7
        assert len(run(api.deployments_list("p"))) == 1
        assert server.requests[1].headers["authorization"] == "Token other"
        asyncio.run(client.close())
        asyncio.run(api.close())


def test_idle_threads_end_and_leave_no_file_open() -> None:
    files = "/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"

    async def main() -> None:
        with Wire([LIST]) as server:
            async with api_of(server) as api:
                await asyncio.gather(*(api.deployments_list("p") for _ in range(50)))

    run(main())
    before = len(os.listdir(files))
    run(main())
    assert len(os.listdir(files)) <= before


# --- uploads --------------------------------------------------------------------------

CONTENT = ZIP_START + os.urandom(996) + os.urandom(1000) * 999


class AsyncFile:
    """An async file, as aiofiles and anyio make them."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self._file = io.BytesIO(content)
        self.name = "/somewhere/package.zip"

    async def read(self, amount: int = -1) -> bytes:
        await asyncio.sleep(0)
        return self._file.read(amount)


class SeekableFile(AsyncFile):
    async def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    async def tell(self) -> int:
        return self._file.tell()


class UploadedFile(SeekableFile):
    """An async file that seeks only from the start, as Starlette's does."""

    async def seek(self, offset: int) -> int:  # type: ignore[override]
        return self._file.seek(offset)


async def pieces() -> AsyncIterator[bytes]:
    yield CONTENT[:10]
    yield b""
    await asyncio.sleep(0)
    yield CONTENT[10:]


SOURCES: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "text path": str,
    "bytes": lambda path: CONTENT,
    "open file": lambda path: io.BytesIO(CONTENT),
    "async file": lambda path: AsyncFile(),
    "seekable async file": lambda path: SeekableFile(),
    "async file that seeks from the start": lambda path: UploadedFile(),
    "async iterable": lambda path: pieces(),
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("raw", [False, True], ids=["method", "call_api"])
def test_all_kinds_of_files_can_be_uploaded(kind: str, raw: bool, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(CONTENT)

    async def main() -> None:
        with Wire([CREATED]) as server:
            async with api_of(server) as api:
                file = SOURCES[kind](path)
                if raw:
                    await api.api_client.call_api("/x", "POST", files={"file": file})
                else:
                    assert (await api.revisions_file_upload("p", "d", "v", file=file)).revision == "r"
            (request,) = server.requests
            assert request.body.count(CONTENT) == 1
            known = kind not in ("async file", "async file that seeks from the start", "async iterable")
            assert ("content-length" in request.headers) == known
            if "path" in kind or "async file" in kind:
                assert b'filename="package.zip"' in request.body

    run(main())


def test_an_upload_is_retried_if_its_async_file_can_be_read_again() -> None:
    async def main() -> None:
        limited = reply(429, b"", "Retry-After: 0")
        with Wire([limited, CREATED]) as server:
            async with api_of(server) as api:
                await api.revisions_file_upload("p", "d", "v", file=SeekableFile())
            assert [request.body.count(CONTENT) for request in server.requests] == [1, 1]
        with Wire([limited]) as server:
            async with api_of(server) as api:
                with pytest.raises(ubiops.TooManyRequestsError):
                    await api.revisions_file_upload("p", "d", "v", file=pieces())
            assert len(server.requests) == 1

    run(main())


class Strange:
    async def read(self, amount: int) -> Any:
        return "text"


class Failing:
    async def read(self, amount: int) -> bytes:
        raise RuntimeError("it rains")


async def numbers() -> AsyncIterator[Any]:
    yield 5


@pytest.mark.parametrize(
    ("file", "error", "text"),
    [
        (Failing(), ubiops.ApiRequestError, "it rains"),
        (Strange(), ubiops.ApiRequestError, "returns str instead of bytes"),
        (numbers(), ubiops.ApiRequestError, "returns int instead of bytes"),
        (object(), ubiops.ApiTypeError, "must be a path"),
        ("/does/not/exist", (ubiops.ApiValueError, ubiops.ApiRequestError), "exist"),
    ],
    ids=["fails", "text", "numbers", "object", "missing"],
)
def test_a_file_that_can_not_be_sent_is_a_typed_error(file: Any, error: Any, text: str) -> None:
    async def main() -> None:
        with Wire([lambda peer: (peer.read_head(), peer.drain())]) as server:
            async with api_of(server) as api:
                with pytest.raises(error, match=text):
                    await api.revisions_file_upload("p", "d", "v", file=file)

    run(main())


def test_an_upload_whose_async_file_never_returns_is_cancelled_at_once() -> None:
    class Stuck:
        def __init__(self) -> None:
            self.started = asyncio.Event()
            self.ended = False

        async def read(self, amount: int) -> bytes:
            self.started.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.ended = True
            return b""

    async def main() -> None:
        with Wire([lambda peer: (peer.read_head(), peer.drain())]) as server:
            async with api_of(server) as api:
                stuck = Stuck()
                task = asyncio.create_task(api.revisions_file_upload("p", "d", "v", file=stuck))
                await stuck.started.wait()
                await cancelled(task)
                assert stuck.ended

    run(main())


def test_an_upload_shows_its_progress(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        with Wire([CREATED, reply(200, CONTENT)]) as server:
            async with api_of(server) as api:
                await api.revisions_file_upload("p", "d", "v", file=CONTENT, _progress_bar=True)
                async with await api.revisions_file_download("p", "d", "r", "v", _progress_bar=True) as response:
                    assert await response.read() == CONTENT

    run(main())
    shown = capsys.readouterr().err
    assert "upload: 100%" in shown
    assert "download: 100%" in shown


# --- downloads and events -------------------------------------------------------------


def test_a_download_is_read_iterated_and_saved(tmp_path: Path) -> None:
    file = reply(200, CONTENT, "Content-Disposition: attachment; filename=code.zip")

    async def main() -> None:
        with Wire([file]) as server:
            async with api_of(server, temp_folder_path=str(tmp_path)) as api:

                def download(**options: Any) -> Awaitable[Any]:
                    return api.revisions_file_download("p", "d", "r", "v", **options)

                async with await download() as response:
                    assert isinstance(response, ubiops.aio.Response)
                    assert (response.status, response.status_code, response.reason, response.ok) == (
                        200,
                        200,
                        "OK",
                        True,
                    )
                    assert response.getfilename() == "code.zip"
                    assert response.getheader("nothing", "else") == "else"
                    assert response.getheaders() is response.headers
                    assert repr(response).startswith("<Response 200 OK: GET http://127.0.0.1")
                    assert await response.read(10) == CONTENT[:10]
                    assert await response.read() == CONTENT[10:]
                    assert await response.read() == b""
                    assert response.closed
                async with await download() as response:
                    assert b"".join([block async for block in response]) == CONTENT
                async with await download() as response:
                    assert {len(block) async for block in response.iter_content(1000)} == {1000}
                async with await download() as response:
                    assert await response.text() == CONTENT.decode("utf-8", "replace")
                    assert await response.content() == CONTENT
                async with await download() as response:
                    assert await response.save(tmp_path / "mine.zip") == str(tmp_path / "mine.zip")
                assert await download(_preload_content=True) == str(tmp_path / "code.zip")
                response = await download()
                with pytest.raises(ubiops.ApiTypeError, match="'async with'"), response:
                    pass
                await response.aclose()
                with pytest.raises(ubiops.ApiValueError, match="closed"):
                    await response.read()

    run(main())
    assert (tmp_path / "mine.zip").read_bytes() == (tmp_path / "code.zip").read_bytes() == CONTENT


TWO = b"data: 1\n\nevent: e\ndata: 2\n\n"
STREAM = "Content-Type: text/event-stream"


async def stream(client: ubiops.aio.ApiClient, **options: Any) -> Any:
    return await client.call_api("/x", "GET", response_type="events", _return_http_data_only=True, **options)


def test_events_are_iterated_over_as_they_arrive() -> None:
    async def main() -> None:
        with Wire([chunked(TWO, headers=[STREAM])]) as server:
            async with client_of(server) as client:
                for _ in range(2):
                    found = await stream(client)
                    assert isinstance(found, ubiops.aio.EventStream)
                    assert [event.data async for event in found] == ["1", "2"]
                    assert found.closed
                assert server.connections == 1
                assert repr(found).startswith("<EventStream 200: GET")

    run(main())


def test_leaving_a_stream_of_events_early_closes_its_connection() -> None:
    async def main() -> None:
        endless = then_silence(chunked(b"data: 1\n\n", headers=[STREAM], end=b""))
        with Wire([endless]) as server:
            async with client_of(server) as client:
                async for event in await stream(client):
                    assert event.data == "1"
                    break
                await asyncio.sleep(0.01)
                server.wait_until_left(1)
                async with await stream(client) as found:
                    task = asyncio.create_task(anext_of(found))
                    assert (await task).data == "1"
                server.wait_until_left(2)
                waiting = await stream(client)
                rest = waiting.__aiter__()
                await rest.__anext__()
                task = asyncio.create_task(rest.__anext__())
                await asyncio.sleep(0.02)
                await cancelled(task)
                server.wait_until_left(3)
                with pytest.raises(ubiops.ApiTypeError, match="'async with'"), waiting:
                    pass

    run(main())


async def anext_of(found: Any) -> Any:
    async for event in found:
        return event


def test_a_stream_of_events_that_breaks_is_a_typed_error() -> None:
    async def main() -> None:
        with Wire([then_close(chunked(TWO, headers=[STREAM], end=b""))]) as server:
            async with client_of(server) as client:
                found = await stream(client)
                with pytest.raises(ubiops.ApiConnectionError):
                    [event async for event in found]
                await found.aclose()

    run(main())


def test_a_cancelled_task_does_not_wait_for_a_thread_that_can_not_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolving a host name can't be interrupted."""
    monkeypatch.setattr(_runner, "_GRACE", 0.02)
    go, started = threading.Event(), threading.Event()

    def look_up(*arguments: Any, **options: Any) -> Any:
        started.set()
        go.wait(PATIENCE)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", look_up)

    async def main() -> None:
        async with api_of("https://api.example.com", max_retries=0) as api:
            task = asyncio.create_task(api.deployments_list("p"))
            await asyncio.get_running_loop().run_in_executor(None, started.wait, PATIENCE)
            await cancelled(task)

    run(main())
    go.set()

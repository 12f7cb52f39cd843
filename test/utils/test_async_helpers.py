"""The helpers of the async client do what those of the blocking one do."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from buckets import Bucket, cut, storage_error
from scripted import PATIENCE, Wire, chunked, client_of, reply, settings_for

import ubiops.aio
import ubiops.aio._file_operations
import ubiops.aio._streaming
import ubiops.aio.utils
import ubiops.utils

DATA = os.urandom(3 << 20)
STREAM = "Content-Type: text/event-stream"
UPDATES = b"event: update\ndata:Hello\n\nevent: update\ndata: world\n\n"
ENDED = b'{"id": "1", "status": "completed", "error_message": null}'
STREAMS = pytest.mark.parametrize("name", ["stream_deployment_request", "stream_pipeline_request"])


@contextlib.asynccontextmanager
async def api_of(server: Any, **settings: Any) -> AsyncIterator[Any]:
    async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings_for(server, **settings))) as api:
        yield api


def run(server: Any, body: Callable[[Any], Coroutine[Any, Any, None]], **settings: Any) -> None:
    async def main() -> None:
        async with api_of(server, **settings) as api:
            await asyncio.wait_for(body(api), PATIENCE)

    asyncio.run(main())


def test_the_names_and_arguments_are_those_of_the_blocking_helpers() -> None:
    for name in (*ubiops.aio._file_operations.__all__, *ubiops.aio._streaming.__all__):
        ours, theirs = getattr(ubiops.aio.utils, name), getattr(ubiops.utils, name)
        if not inspect.isclass(ours):
            parameters = (inspect.signature(one).parameters.values() for one in (ours, theirs))
            described = [[(one.name, one.kind, one.default) for one in each] for each in parameters]
            assert described[0] == described[1]


def test_files_go_to_a_bucket_and_back(bucket: Bucket, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}").write_bytes(DATA[number:])

    async def body(api: Any) -> None:
        utils = ubiops.aio.utils
        uris = await utils.upload_files(api, "p", [folder], file_prefix="x")
        assert uris == [f"ubiops-file://default/x/{number:02}" for number in range(12)]
        paths = await utils.download_files(api.api_client, "p", prefix="x/", output_path=tmp_path / "out")
        assert [Path(path).read_bytes() for path in paths] == [DATA[number:] for number in range(12)]
        uri = await utils.upload_file(api, "p", folder / "01", file_name="one")
        assert await utils.handle_file_input(api, "p", uri) == uri
        path = await utils.download_file(api, "p", file_uri=uri, output_path=tmp_path)
        assert Path(path).read_bytes() == DATA[1:]

    run(bucket, body, connection_pool_maxsize=2)


def test_faults_are_handled_as_by_the_blocking_helpers(bucket: Bucket, tmp_path: Path) -> None:
    bucket.files = {"a": DATA}
    bucket.expired = {1}
    bucket.faults["get"] = [None, cut(DATA, 1000), storage_error(503, "SlowDown", "x")]
    seen: list[str] = []

    async def hook(event: Any) -> None:
        await asyncio.sleep(0)
        seen.append(event.operation)

    async def body(api: Any) -> None:
        api.api_client.event_hooks = {"request": hook}
        await ubiops.aio.utils.download_file(api, "p", file_name="a", output_path=tmp_path)
        bucket.faults["get"] = [storage_error(404, "NoSuchKey", "it is gone")]
        with pytest.raises(ubiops.NotFoundError, match="it is gone"):
            await ubiops.aio.utils.download_file(api, "p", file_name="a", output_path=tmp_path)
        with pytest.raises(ubiops.ApiValueError, match="either file_name or file_uri"):
            await ubiops.aio.utils.download_file(api, "p")
        with pytest.raises(ubiops.ApiTypeError, match="must be an ubiops.aio.ApiClient"):
            await ubiops.aio.utils.download_file(ubiops.ApiClient(token="x"), "p")  # type: ignore[arg-type]

    run(bucket, body)
    assert (tmp_path / "a").read_bytes() == DATA
    # Only those of the API: an address of the storage is a secret.
    assert set(seen) == {"files_download"}


@pytest.mark.parametrize("what", ["a download", "many downloads", "a wait", "an upload"])
def test_a_task_that_is_cancelled_ends_its_transfer(what: str, bucket: Bucket, tmp_path: Path) -> None:
    stalled = threading.Event()

    def stall(peer: Any) -> None:
        if what == "a wait":
            peer.send(reply(503, b"", "Retry-After: 60"))
        elif what != "an upload":
            peer.send(reply(200, DATA)[:1000])
        stalled.set()
        peer.wait()

    bucket.files = {"a": DATA, "b": DATA}
    bucket.faults = {"get": [stall] * 2, "put": [stall]}
    source = tmp_path / "source"
    source.write_bytes(DATA)
    (tmp_path / "into").mkdir()

    async def body(api: Any) -> None:
        utils = ubiops.aio.utils
        if what == "an upload":
            work = utils.upload_file(api, "p", source)
        elif what == "many downloads":
            work = utils.download_files(api, "p", output_path=tmp_path / "into")  # type: ignore[assignment]
        else:
            work = utils.download_file(api, "p", file_name="a", output_path=tmp_path / "into")
        task = asyncio.create_task(work)
        assert await asyncio.to_thread(stalled.wait, PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(bucket, body)
    assert list((tmp_path / "into").iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "ubiops-transfer"]


@STREAMS
def test_partial_results_are_returned(name: str) -> None:
    stream = getattr(ubiops.aio.utils, name)

    async def body(api: Any) -> None:
        assert [text async for text in stream(api, "p", "n", "v", "text")] == ["Hello", " world"]
        *_, last = [one async for one in stream(api, "p", "n", data={"a": 1}, full_response=True)]
        assert last.status == "completed"

    with Wire([chunked(UPDATES[:20], UPDATES[20:], ENDED, headers=[STREAM])]) as wire:
        run(wire, body)
        kind = name.split("_")[1]
        assert wire.requests[0].target.startswith(f"/v2.1/projects/p/{kind}s/n/versions/v/requests/stream?timeout=")


@STREAMS
def test_failures_are_those_of_the_blocking_streams(name: str) -> None:
    stream = getattr(ubiops.aio.utils, name)

    async def body(api: Any) -> None:
        with pytest.raises(ubiops.NotFoundError, match="no such"):
            await stream(api, "p", "n", data="text").__anext__()
        iterator = stream(api, "p", "n", data="text")
        assert await iterator.__anext__() == "Hello"
        assert await iterator.__anext__() == " world"
        with pytest.raises(ubiops.StatusError, match="Request failed with error message: why"):
            await iterator.__anext__()

    failed = reply(200, UPDATES + b'{"id": "1", "error_message": "why"}', STREAM)
    with Wire([reply(404, {"error": "no such deployment"}), failed]) as wire:
        run(wire, body)


@STREAMS
def test_closing_the_iterator_closes_the_connection(name: str) -> None:
    async def body(api: Any) -> None:
        iterator = getattr(ubiops.aio.utils, name)(api, "p", "n", data="text")
        async for text in iterator:
            assert text == "Hello"
            break
        await iterator.aclose()
        await asyncio.to_thread(wire.wait_until_left)

    with Wire([chunked(UPDATES, headers=[STREAM], end=b"")]) as wire:
        run(wire, body)


def test_a_blocking_client_is_refused(bucket: Bucket) -> None:
    async def body() -> None:
        with client_of(bucket) as client, pytest.raises(ubiops.ApiTypeError, match="must be an ubiops.aio.ApiClient"):
            await ubiops.aio.utils.stream_deployment_request(client, "p", "n", data="x").__anext__()

    asyncio.run(body())

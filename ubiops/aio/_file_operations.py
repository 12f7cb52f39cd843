"""Uploads to buckets and downloads with the async client."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ubiops._storage import operations
from ubiops._storage.session import Session
from ubiops._storage.uri import UbiOpsFile
from ubiops.aio._helpers import async_api_of
from ubiops.aio.client import _LoopClock

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from ubiops._core.steps import Notify
    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi

__all__ = ["UbiOpsFile", "download_file", "download_files", "handle_file_input", "upload_file", "upload_files"]

T = TypeVar("T")


async def upload_file(
    client: ApiClient | CoreApi,
    project_name: str,
    file_path: str | os.PathLike[str],
    bucket_name: str = "default",
    file_name: str | None = None,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Uploads a file to a bucket.

    Arguments, result and errors are those of ``ubiops.utils.upload_file``.
    The transfer counts as one of the calls of the client at a time, and ends if the
    task is cancelled. Functions for the progress are called in other threads.
    """
    __tracebackhide__ = True
    api = async_api_of(client, "upload_file")
    prepare = partial(operations.upload_file, file_path, bucket_name, file_name, _progress_bar, on_progress, resume)
    return await _run(api, project_name, timeout, prepare)


async def upload_files(
    client: ApiClient | CoreApi,
    project_name: str,
    file_paths: Iterable[str | os.PathLike[str]],
    bucket_name: str = "default",
    file_prefix: str | None = None,
    parallel_uploads: int = 5,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> list[str]:
    """Uploads files and folders to a bucket, several at a time.

    Arguments, result and errors are those of ``ubiops.utils.upload_files``.
    The transfer counts as one of the calls of the client at a time, and ends if the
    task is cancelled. Functions for the progress are called in other threads.
    """
    __tracebackhide__ = True
    api = async_api_of(client, "upload_files")
    prepare = partial(
        operations.upload_files,
        file_paths,
        bucket_name,
        file_prefix,
        parallel_uploads,
        _progress_bar,
        on_progress,
        resume,
    )
    return await _run(api, project_name, timeout, prepare)


async def download_file(
    client: ApiClient | CoreApi,
    project_name: str,
    bucket_name: str = "default",
    file_name: str | None = None,
    file_uri: str | None = None,
    output_path: str | os.PathLike[str] = ".",
    stream: bool = True,
    chunk_size: int = 8192,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Downloads a file from a bucket.

    Arguments, result and errors are those of ``ubiops.utils.download_file``.
    The transfer counts as one of the calls of the client at a time, and ends if the
    task is cancelled. Functions for the progress are called in other threads.
    """
    __tracebackhide__ = True
    del stream, chunk_size
    api = async_api_of(client, "download_file")
    prepare = partial(
        operations.download_file, bucket_name, file_name, file_uri, output_path, _progress_bar, on_progress, resume
    )
    return await _run(api, project_name, timeout, prepare)


async def download_files(
    client: ApiClient | CoreApi,
    project_name: str,
    bucket_name: str = "default",
    prefix: str | None = None,
    output_path: str | os.PathLike[str] = ".",
    stream: bool = True,
    chunk_size: int = 8192,
    parallel_downloads: int = 5,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> list[str]:
    """Downloads the files of a bucket, several at a time.

    Arguments, result and errors are those of ``ubiops.utils.download_files``.
    The transfer counts as one of the calls of the client at a time, and ends if the
    task is cancelled. Functions for the progress are called in other threads.
    """
    __tracebackhide__ = True
    del stream, chunk_size
    api = async_api_of(client, "download_files")
    prepare = partial(
        operations.download_files,
        bucket_name,
        prefix,
        output_path,
        parallel_downloads,
        _progress_bar,
        on_progress,
        resume,
    )
    return await _run(api, project_name, timeout, prepare)


async def handle_file_input(
    client: ApiClient | CoreApi,
    project_name: str,
    file: str | os.PathLike[str],
    bucket_name: str = "default",
    file_prefix: str | None = None,
    file_name: str | None = None,
    _progress_bar: bool = True,
    *,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Returns the URI of a file for the input of a request, and uploads it if it is a
    local one.

    Arguments, result and errors are those of ``ubiops.utils.handle_file_input``.
    The transfer counts as one of the calls of the client at a time, and ends if the
    task is cancelled.
    """
    __tracebackhide__ = True
    api = async_api_of(client, "handle_file_input")
    prepare = partial(operations.handle_file_input, file, bucket_name, file_prefix, file_name, _progress_bar, resume)
    return await _run(api, project_name, timeout, prepare)


async def _run(
    api: CoreApi, project_name: str, timeout: float | None, prepare: Callable[[], Callable[[Session], T]]
) -> T:
    """Runs a transfer in a worker thread, which waits for all of its requests.

    It counts as one of the client's calls.
    """
    __tracebackhide__ = True
    client: ApiClient = api.api_client
    loop = asyncio.get_running_loop()

    def sleep(seconds: float) -> None:
        asyncio.run_coroutine_threadsafe(_sleep(client, seconds), loop).result()

    def notify(step: Notify) -> None:
        from ubiops.hooks import await_hooks

        asyncio.run_coroutine_threadsafe(await_hooks(step), loop).result()

    # The client's own clock leaves it to the session to wait, which can be aborted.
    own = isinstance(client._clock, _LoopClock)
    session = Session(client, project_name, timeout, sleep=None if own else sleep, notify=notify)

    def run() -> T:
        __tracebackhide__ = True
        with session:
            try:
                return prepare()(session)
            except BaseException:
                session.abort()
                raise

    with client._runner:
        return await client._runner.run(run, session.abort, timeout)


async def _sleep(client: ApiClient, seconds: float) -> None:
    sleep: Any = client._clock.sleep
    await sleep(seconds)

"""Async files and iterables as uploads, which a worker thread reads."""

from __future__ import annotations

import asyncio
import inspect
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future


class Uploads:
    """The async files of one call.

    Args:
        loop: The event loop in which they are read.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._streams: list[_AsyncStream] = []

    def adapt(self, value: Any) -> Any:
        """Returns a file that a thread can read; anything but async files unchanged."""
        if isinstance(value, (str, os.PathLike, bytes, bytearray, memoryview)):
            return value
        read = getattr(value, "read", None)
        if inspect.iscoroutinefunction(read):
            seekable = inspect.iscoroutinefunction(getattr(value, "seek", None)) and hasattr(value, "tell")
            stream: _AsyncStream = (_SeekableFile if seekable else _AsyncFile)(self._loop, value)
        elif read is None and hasattr(value, "__aiter__"):
            stream = _AsyncIterable(self._loop, value)
        else:
            return value
        self._streams.append(stream)
        return stream

    def abort(self) -> None:
        """Makes the reads in progress fail."""
        for stream in self._streams:
            stream.abort()


class _AsyncStream:
    """What is common to async files and iterables."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Any) -> None:
        self._loop = loop
        self._source = source
        self._pending: Future[Any] | None = None
        self._aborted = False

    def _wait(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Runs a coroutine in the event loop and returns its result."""
        if self._aborted:
            raise OSError("the upload was cancelled")
        self._pending = asyncio.run_coroutine_threadsafe(make(), self._loop)
        if self._aborted:
            self._pending.cancel()
        return self._pending.result()

    def abort(self) -> None:
        self._aborted = True
        if self._pending is not None:
            self._pending.cancel()


class _AsyncFile(_AsyncStream):
    """A file whose ``read`` is a coroutine function."""

    @property
    def name(self) -> Any:
        return getattr(self._source, "name", None) or getattr(self._source, "filename", None)

    @property
    def mode(self) -> Any:
        return getattr(self._source, "mode", "rb")

    @property
    def closed(self) -> bool:
        return getattr(self._source, "closed", False) is True

    def read(self, amount: int) -> Any:
        return self._wait(lambda: self._source.read(amount))


class _SeekableFile(_AsyncFile):
    """An async file that can be read again."""

    def tell(self) -> Any:
        async def tell() -> Any:
            place = self._source.tell()
            return await place if inspect.isawaitable(place) else place

        return self._wait(tell)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> Any:
        # Some files, such as Starlette's UploadFile, can only seek from the start.
        arguments = (offset,) if whence == os.SEEK_SET else (offset, whence)
        try:
            return self._wait(lambda: self._source.seek(*arguments))
        except TypeError as error:
            raise OSError(str(error)) from None


class _AsyncIterable(_AsyncStream):
    """An async iterable of bytes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Any) -> None:
        super().__init__(loop, source)
        self._iterator: Any = None
        self._rest: Any = b""

    def read(self, amount: int) -> Any:
        while self._rest is not None and not self._rest:
            self._rest = self._wait(self._next)
            if self._rest is None:
                return b""
            if not isinstance(self._rest, (bytes, bytearray)):
                rest, self._rest = self._rest, b""
                return rest  # which the upload reports as an error
        if self._rest is None:
            return b""
        block, self._rest = self._rest[:amount], self._rest[amount:]
        return block

    async def _next(self) -> Any:
        if self._iterator is None:
            self._iterator = self._source.__aiter__()
        try:
            return await self._iterator.__anext__()
        except StopAsyncIteration:
            return None

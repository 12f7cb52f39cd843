"""Responses of the async client whose body the caller reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._core.decoding import BLOCK
from ubiops._core.events import Event
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Mapping
    from types import TracebackType
    from typing import TypeVar

    from typing_extensions import Self

    from ubiops import events, response
    from ubiops.aio._runner import Runner

    T = TypeVar("T")

__all__ = ["Event", "EventStream", "Response"]


class Response:
    """A response whose body has not been read: await all of it, or iterate over blocks.

    Close it, or use it with ``async with``.

    Attributes:
        status: The HTTP status.
        reason: The status line's text.
        headers: The headers. Names are case-insensitive.
        url: The URL of the request.
        method: The method of the request.
    """

    def __init__(self, inner: response.Response, runner: Runner, abort: Callable[[], None]) -> None:
        self._inner = inner
        self._runner = runner
        self._abort = abort
        self.status: int = inner.status
        self.reason: str = inner.reason
        self.headers: Mapping[str, str] = inner.headers
        self.url = inner.url
        self.method = inner.method

    async def _run(self, function: Callable[[], T]) -> T:
        return await self._runner.run(function, self._abort)

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.status

    @property
    def ok(self) -> bool:
        """Whether the call succeeded. Always true: other responses raise an error."""
        return self._inner.ok

    @property
    def closed(self) -> bool:
        """Whether the response is closed or was read to its end."""
        return self._inner.closed

    def getheaders(self) -> Mapping[str, str]:
        """Returns the headers."""
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Returns a header by its name, or ``default``."""
        return self.headers.get(name, default)

    def getfilename(self, default: str = "download.zip") -> str:
        """Returns the file name that the server sent, made safe for use in a folder.

        Args:
            default: The name if the server sent none, or none that can be used.
        """
        return self._inner.getfilename(default)

    async def read(self, amt: int | None = None) -> bytes:
        """Returns the next bytes of the body; none at its end.

        Args:
            amt: The most bytes to return; None returns all that are left.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
            ubiops.ApiTimeoutError: A timeout expired.
            ubiops.InvalidResponseError: The body is not compressed as declared.
            ubiops.ApiValueError: The response was closed before.
        """
        return await self._run(lambda: self._inner.read(amt))

    async def stream(self, amt: int | None = BLOCK) -> AsyncIterator[bytes]:
        """Returns the body block by block.

        Args:
            amt: The bytes of each block but the last; None returns blocks as they
                arrive.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
            ubiops.ApiTimeoutError: A timeout expired.
            ubiops.InvalidResponseError: The body is not compressed as declared.
        """
        blocks = self._inner.stream(amt)
        while block := await self._run(lambda: next(blocks, b"")):
            yield block

    def iter_content(self, chunk_size: int | None = BLOCK) -> AsyncIterator[bytes]:
        """Returns the body block by block; requests' name for ``stream``."""
        return self.stream(chunk_size)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.stream()

    async def content(self) -> bytes:
        """Returns the whole body, which is kept: it can be called again."""
        return await self._run(lambda: self._inner.content)

    async def text(self) -> str:
        """Returns the whole body as text; bytes that are invalid UTF-8 are replaced."""
        return (await self.content()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """Returns the whole body parsed as JSON.

        Raises:
            ubiops.InvalidResponseError: It is not valid JSON.
        """
        return await self._run(self._inner.json)

    async def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        progress: bool | Callable[[int, int | None], object] = False,
    ) -> str:
        """Saves the body as a file, which appears only once it is complete and on disk.

        Args:
            path: The path of the file; or a folder, in which the file gets the name
                that the server sent, made safe. Default: the working directory.
            overwrite: Whether to replace an existing file. Otherwise a number is added
                to the name.
            progress: Whether to show a progress bar. Or a function to call after each
                block, in the thread that saves the file, with the bytes that have
                arrived, and those of the whole file; None if their number is unknown.

        Returns:
            The path of the file.

        Raises:
            ubiops.ApiFileError: The folder does not exist or is not writable.
            ubiops.ApiValueError: A part of the body was read before.
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
        """
        return await self._run(lambda: self._inner.save(path, overwrite=overwrite, progress=progress))

    async def close(self) -> None:
        """Discards the rest of the body and returns the connection to the pool.

        May be called more than once."""
        if not self._inner.closed:
            # Another task may be reading.
            self._abort()
            self._inner.close()

    async def aclose(self) -> None:
        """Does the same as ``close``."""
        await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        raise ApiTypeError("a response of the async client requires 'async with' instead of 'with'")

    def __exit__(self, *error: object) -> None: ...

    def __repr__(self) -> str:
        return repr(self._inner)


class EventStream:
    """The server-sent events of a response, in the order in which they arrive.

    Iterate over it with ``async for``. The connection is closed when the stream ends,
    when the loop is left early, and by ``close()`` or the end of an ``async with``
    block.

    Attributes:
        status: The HTTP status.
        headers: The headers. Names are case-insensitive.
        method: The method of the request.
        url: The URL of the request.
    """

    def __init__(self, inner: events.EventStream, runner: Runner, abort: Callable[[], None]) -> None:
        self._inner = inner
        self._runner = runner
        self._abort = abort
        self.status: int = inner.status
        self.headers: Mapping[str, str] = inner.headers
        self.method = inner.method
        self.url = inner.url

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Returns the events.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the stream ended.
            ubiops.ApiTimeoutError: No byte arrived in time, or the call's deadline
                passed.
            ubiops.InvalidResponseError: An event is too large.
            ubiops.ApiValueError: The stream was closed before.
        """
        try:
            while (received := await self._runner.run(self._inner._receive, self._abort)) is not None:
                for event in received:
                    yield event
        finally:
            self._inner.close()

    @property
    def result(self) -> Any:
        """The JSON object in the last line of the response, as a dict: the API ends the
        stream of a request with the whole request, which is not an event. None before
        the end of the stream, and if there is no such line.

        Raises:
            ubiops.InvalidResponseError: The line is not valid JSON.
        """
        return self._inner.result

    @property
    def closed(self) -> bool:
        """Whether the connection is closed."""
        return self._inner.closed

    async def close(self) -> None:
        """Closes the connection. May be called more than once."""
        if not self._inner.closed:
            # Another task may be reading.
            self._abort()
            self._inner.close()

    async def aclose(self) -> None:
        """Does the same as ``close``."""
        await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        raise ApiTypeError("an event stream of the async client requires 'async with' instead of 'with'")

    def __exit__(self, *error: object) -> None: ...

    def __repr__(self) -> str:
        return repr(self._inner)

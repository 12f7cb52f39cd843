"""A response whose body the caller reads."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from ubiops._core.codec import parse_json
from ubiops._core.decoding import BLOCK, Identity, content_length, decoder_for
from ubiops.exceptions import ApiException, ApiFileNotFoundError, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._transport.response import RawResponse


def read_blocks(raw: RawResponse, *, reuse: bool = False) -> Iterator[Any]:
    """Returns the decompressed body of a response in blocks of up to ``BLOCK`` bytes.

    Args:
        raw: The response.
        reuse: Whether a block need only be valid until the next one is requested.
    """
    __tracebackhide__ = True
    try:
        decoder = decoder_for(raw.headers, raw.status)
        if reuse and isinstance(decoder, Identity):
            yield from raw.views(BLOCK)
            return
        while True:
            data = raw.read(BLOCK)
            if not data:
                decoder.end()
                return
            yield from decoder.feed(data)
    except ApiException:
        raw.close()
        raise


class Response:
    """A response whose body has not been read: read it whole or block by block.

    Close it, or use it as a context manager. It offers both the urllib3 and the
    requests attribute names.

    Attributes:
        status: The HTTP status.
        reason: The status line's text.
        headers: The headers. Names are case-insensitive.
        url: The URL of the request.
        method: The method of the request.
    """

    def __init__(
        self,
        raw: RawResponse,
        *,
        method: str = "GET",
        url: str = "",
        progress_wanted: bool = False,
        repeatable: bool = False,
    ) -> None:
        # Imported here because most programs never download a file.
        from ubiops._io.progress import progress_bar

        self._raw = raw
        self._repeatable = repeatable
        self._blocks: Iterator[bytes] | None = None
        self._ended = self._reuse = False
        self._error: ApiException | None = None
        self._rest = memoryview(b"")
        self._content: bytes | None = None
        self._closing = contextlib.ExitStack()
        self._closing.callback(raw.close)
        self._progress = self._closing.enter_context(
            progress_bar(progress_wanted, content_length(raw.headers), "download")
        )
        self._closed = False
        self.status: int = raw.status
        self.reason: str = raw.reason
        self.headers: Mapping[str, str] = raw.headers
        self.method = method
        self.url = url

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.status

    @property
    def ok(self) -> bool:
        """Whether the call succeeded. Always true: other responses raise an error."""
        return self.status < 400

    def raise_for_status(self) -> None:
        """Does nothing: error statuses are raised earlier. Exists as in requests."""

    @property
    def closed(self) -> bool:
        """Whether the response is closed or was read to its end."""
        return self._closed

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
        from ubiops._io.downloads import disposition_filename, safe_filename

        return safe_filename(disposition_filename(self.headers.get("Content-Disposition")), default)

    def read(self, amt: int | None = None, decode_content: bool = True) -> bytes:
        """Returns the next bytes of the body; none at its end.

        Args:
            amt: The most bytes to return; None returns all that are left.
            decode_content: Accepted for compatibility with urllib3 and ignored; the
                body is always decompressed.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
            ubiops.ApiTimeoutError: A timeout expired.
            ubiops.InvalidResponseError: The body is not compressed as declared.
            ubiops.ApiValueError: The response was closed before.
        """
        __tracebackhide__ = True
        if amt is None or amt < 0:
            return b"".join([self._take_rest(), *self._stream()])
        # Views, so that no byte is copied more than once.
        parts = []
        while amt:
            if not self._rest:
                self._rest = memoryview(next(self._stream(), b""))
                if not self._rest:
                    break
            part, self._rest = self._rest[:amt], self._rest[amt:]
            parts.append(part)
            amt -= len(part)
        return b"".join(parts)

    def _take_rest(self) -> bytes:
        data, self._rest = bytes(self._rest), memoryview(b"")
        return data

    def _stream(self) -> Iterator[bytes]:
        __tracebackhide__ = True
        if self._content is not None or self._ended:
            return iter(())
        # A body that failed once raises the same error on every later read.
        if self._error is not None:
            raise self._error
        if self._closed:
            raise ApiValueError("the response is closed: read it inside its with block")
        if self._blocks is None:
            self._blocks = self._read_blocks()
        return self._blocks

    def _read_blocks(self) -> Iterator[bytes]:
        __tracebackhide__ = True
        try:
            for block in read_blocks(self._raw, reuse=self._reuse):
                if self._progress is not None:
                    self._progress(len(block))
                yield block
            self._ended = True
        except ApiException as error:
            error.method, error.url = self.method, self.url
            if not self._repeatable:
                # The caller has used the bytes before, so that the call can't be
                # repeated.
                error._take_failure()
            self._error = error
            raise
        finally:
            self.close()

    def stream(self, amt: int | None = BLOCK, decode_content: bool = True) -> Iterator[bytes]:
        """Returns the body block by block.

        Args:
            amt: The bytes of each block but the last; None returns blocks as they
                arrive.
            decode_content: Accepted for compatibility with urllib3 and ignored; the
                body is always decompressed.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
            ubiops.ApiTimeoutError: A timeout expired.
            ubiops.InvalidResponseError: The body is not compressed as declared.
        """
        __tracebackhide__ = True
        if amt is None or amt == BLOCK:
            rest = self._take_rest()
            if rest:
                yield rest
            yield from self._stream()
            return
        if amt < 1:
            raise ApiValueError(f"the size of a block must be at least 1 byte, got {amt}")
        while True:
            data = self.read(amt)
            if not data:
                return
            yield data

    def iter_content(self, chunk_size: int | None = BLOCK, decode_unicode: bool = False) -> Iterator[bytes]:
        """Returns the body block by block; requests' name for ``stream``."""
        if decode_unicode:
            raise ApiValueError("iter_content returns bytes; decode them yourself, or use text")
        return self.stream(chunk_size)

    def __iter__(self) -> Iterator[bytes]:
        return self.stream()

    @property
    def data(self) -> bytes:
        """The whole body. Read on first use and kept."""
        if self._content is None:
            self._content = self.read()
        return self._content

    @property
    def content(self) -> bytes:
        """The whole body; requests' name for ``data``."""
        return self.data

    @property
    def text(self) -> str:
        """The whole body as text. Bytes that are not valid UTF-8 are replaced."""
        return self.data.decode("utf-8", "replace")

    def json(self) -> Any:
        """Returns the whole body parsed as JSON.

        Raises:
            ubiops.InvalidResponseError: It is not valid JSON.
            ubiops.ApiValueError: The body was read before in another way.
        """
        if self._content is None and self._ended:
            raise ApiValueError("the body was read before; read it with content, text or json() to keep it")
        return parse_json(self.data, self.status)

    def save(
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
                block with the bytes that have arrived, and those of the whole file;
                None if their number is unknown.

        Returns:
            The path of the file.

        Raises:
            ubiops.ApiFileError: The folder does not exist or is not writable.
            ubiops.ApiValueError: A part of the body was read before.
            ubiops.ApiConnectionError: The connection broke before the body was
                complete.
        """
        __tracebackhide__ = True
        if self._content is None and self._blocks is not None:
            raise ApiValueError("a part of the response was read before, so that it can't be saved as a whole")
        target = os.fspath(path) if path is not None else os.getcwd()
        if not isinstance(target, str):
            raise ApiTypeError(f"path must be a string or an os.PathLike, got {type(target).__name__}")
        folder, name = (target, self.getfilename()) if os.path.isdir(target) else os.path.split(target)
        if not name:
            raise ApiFileNotFoundError(f"a download can't be saved in {folder!r}: there is no such folder")
        self._show_progress(progress)
        from ubiops._io.downloads import save

        self._reuse = True
        with self:
            return save(self.stream() if self._content is None else [self._content], folder, name, overwrite=overwrite)

    def _show_progress(self, progress: Any) -> None:
        """Sets what is called with the size of each block that arrives."""
        # The declared length is that of the compressed body, and blocks are
        # decompressed.
        total = None if "Content-Encoding" in self.headers else content_length(self._raw.headers)
        if callable(progress):
            received = 0

            def report(size: int) -> None:
                nonlocal received
                received += size
                progress(received, total)

            self._progress = report
            if self._content is not None:
                report(len(self._content))
        elif not isinstance(progress, bool):
            raise ApiTypeError(f"progress must be True, False or a function, got {type(progress).__name__}")
        elif progress and self._progress is None and self._content is None:
            from ubiops._io.progress import progress_bar

            self._progress = self._closing.enter_context(progress_bar(True, total, "download"))

    def close(self) -> None:
        """Discards the rest of the body and returns the connection to the pool.

        May be called more than once."""
        if not self._closed:
            self._closed = True
            self._closing.close()

    def release_conn(self) -> None:
        """urllib3's name for ``close``."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}: {self.method} {self.url}>"

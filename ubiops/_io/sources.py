"""Files to upload: a path, a folder, bytes or an open file."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Union

from ubiops.exceptions import ApiRequestError, ApiTypeError, ApiValueError, file_error

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ubiops._packages.folder import PackageFolder

FileValue = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, "PackageFolder"]
"""What is accepted as a file: a path, bytes, or a file that is open in binary mode.

A folder, given as a path or a ``PackageFolder``, is sent as a zip archive.
"""

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a zip archive with entries, and of an empty one."""
_UPLOAD_BLOCK = 1 << 18
"""Block size in bytes in which a file is read and sent."""


class FileSource:
    """A file to upload.

    Args:
        value: A path, bytes, or a file that is open in binary mode, which is sent from
            its current position. A folder is packed into a zip archive while it is
            sent.
        name: The name of the parameter, for error messages.
        archive: Whether a file given by path must be a zip archive. Bytes and open
            files are not checked.

    Raises:
        ubiops.ApiTypeError: The value is something else.
        ubiops.ApiFileError: The file does not exist or can't be read. The class is that
            of the cause, such as ``ApiFileNotFoundError``.
        ubiops.ApiValueError: The file is closed or not a zip archive, or the folder
            can't be packed.
    """

    def __init__(self, value: Any, name: str = "file", *, archive: bool = False) -> None:
        __tracebackhide__ = True
        self._path: str | None = None
        self._data: Any = None
        self._file: Any = None
        self._folder: PackageFolder | None = None
        self._start = 0
        self.filename = name
        """The file name that is sent."""
        self.size: int | None = None
        """The number of bytes; None if it is unknown before they are read."""
        if isinstance(value, (str, os.PathLike)):
            self._use_path(value, name, archive)
        elif isinstance(value, (bytes, bytearray, memoryview)):
            try:
                self._data = memoryview(value).cast("B")
            except (TypeError, ValueError) as error:
                raise ApiValueError(f"{name} can't be read: {error}") from None
            self.size = len(self._data)
        elif hasattr(value, "blocks"):
            self._use_folder(value)
        elif hasattr(value, "read"):
            self._use_file(value, name)
        else:
            raise ApiTypeError(
                f"{name} must be a path, bytes or a file opened in binary mode, "
                f"got {type(value).__name__}: {value!r:.80}"
            )

    def _use_path(self, value: Any, name: str, archive: bool) -> None:
        __tracebackhide__ = True
        path = os.fspath(value)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        start = _ZIP_STARTS[0]
        try:
            mode = os.stat(path)
            if stat.S_ISREG(mode.st_mode):
                self.size = mode.st_size
                # Only opening a file shows whether it can be read: there are access
                # control lists, network file systems and files locked by other
                # programs.
                with open(path, "rb", buffering=0) as opened:
                    if archive:
                        start = opened.read(len(start))
        except (OSError, ValueError) as error:
            raise file_error(f"{name} can't be read from {path!r}: {_reason(error)}", error) from None
        if stat.S_ISDIR(mode.st_mode):
            from ubiops._packages.folder import PackageFolder

            self._use_folder(PackageFolder(path))
            return
        if start not in _ZIP_STARTS:
            raise _not_an_archive(path, name, empty=not start)
        self._path = path
        self.filename = os.path.basename(path)

    def _use_folder(self, folder: PackageFolder) -> None:
        self._folder = folder
        self.filename = folder.filename

    def _use_file(self, value: Any, name: str) -> None:
        mode = getattr(value, "mode", "")
        if isinstance(value, io.TextIOBase) or (isinstance(mode, str) and mode and "b" not in mode):
            raise ApiTypeError(f"{name} must be opened in binary mode ('rb'), got a file opened in text mode")
        if getattr(value, "closed", False):
            raise ApiValueError(f"{name} must be an open file, got one that is closed")
        if hasattr(value, "readable") and not value.readable():
            raise ApiValueError(f"{name} must be opened for reading, got a file opened for writing only")
        self._file = value
        given = getattr(value, "name", None)
        if isinstance(given, (str, bytes, os.PathLike)):
            given = os.path.basename(os.fsdecode(given))
        self.filename = given if given and isinstance(given, str) else name
        try:
            self._start = value.tell()
            end = value.seek(0, os.SEEK_END)
            value.seek(self._start)
            self.size = max(0, (value.tell() if end is None else end) - self._start)
        except (AttributeError, OSError, ValueError):
            self.size = None  # A pipe or the like is read once and sent in chunks.

    @property
    def rewindable(self) -> bool:
        """Whether the file can be read a second time."""
        return self._data is not None or self._folder is not None or self.size is not None

    @contextlib.contextmanager
    def open(self) -> Iterator[Iterator[Any]]:
        """Opens the file and returns an iterator over its blocks.

        A file given by path is closed at the end; one that was given open is not.

        Raises:
            ubiops.ApiRequestError: The file can't be opened. While iterating: it can't
                be read, or its size has changed.
        """
        with contextlib.ExitStack() as stack:
            if self._data is not None:
                yield self._slices()
                return
            if self._folder is not None:
                packed = self._pack(self._folder)
                stack.callback(packed.close)
                yield packed
                return
            first = b""
            try:
                if self._path is None:
                    source = self._file
                    if self.size is not None:
                        source.seek(self._start)
                elif self.size is not None:
                    source = stack.enter_context(open(self._path, "rb", buffering=0))
                else:
                    source, first = _open_special(self._path)
                    stack.enter_context(source)
            except Exception as error:
                raise self._unreadable(error) from error
            yield self._read(source, first)

    def blocks(self) -> Iterator[Any]:
        """Returns the blocks of the file, which is closed after the last one.

        Raises:
            ubiops.ApiRequestError: As for ``open``.
        """
        with self.open() as blocks:
            yield from blocks

    def _slices(self) -> Iterator[Any]:
        for start in range(0, len(self._data), _UPLOAD_BLOCK):
            yield self._data[start : start + _UPLOAD_BLOCK]

    def _pack(self, folder: PackageFolder) -> Generator[Any, None, None]:
        try:
            yield from folder.blocks()
        except ApiValueError as error:
            hint = "wait until nothing writes to the folder any more, or send a copy of it"
            raise ApiRequestError(0, f"the folder {folder.path!r} can't be sent: {error}", hint=hint) from None

    def _read(self, source: Any, first: bytes) -> Iterator[Any]:
        if first:
            yield first
        left = self.size
        while left is None or left > 0:
            block = self._take(source, _UPLOAD_BLOCK if left is None else min(_UPLOAD_BLOCK, left))
            if not block:
                if left:
                    raise self._changed(f"it ended {left} bytes early")
                return
            if left is not None:
                left -= len(block)
                if left < 0:
                    # The server would read the surplus as another request.
                    raise self._changed("it has grown")
            yield block
        # A file that has grown is detected before the body is complete, so that the
        # server never accepts a part of it as the whole.
        if self._take(source, 1):
            raise self._changed("it has grown")

    def _take(self, source: Any, amount: int) -> Any:
        try:
            block = source.read(amount)
        except Exception as error:
            # A stream may be anything, even a response from a network. Its errors must
            # not look like those of this call.
            raise self._unreadable(error) from error
        if not isinstance(block, (bytes, bytearray)):
            raise ApiRequestError(0, f"the file {self.filename!r} returns {type(block).__name__} instead of bytes")
        return block

    def _changed(self, how: str) -> ApiRequestError:
        return ApiRequestError(
            0,
            f"the file {self.filename!r} changed while it was being sent: {how} (it had {self.size} bytes)",
            hint="wait until it is complete, or send a copy of it",
        )

    def _unreadable(self, error: Exception) -> ApiRequestError:
        return ApiRequestError(0, f"the file {self.filename!r} can't be read: {_reason(error)}")


def _not_an_archive(path: str, name: str, empty: bool) -> ApiValueError:
    return ApiValueError(
        f"{name} must be a zip file, but {path!r} {'is empty' if empty else 'is not one'}. Give a zip file, or "
        f"a folder to pack into one. To send this file as it is, open it: {name}=open({path!r}, 'rb')"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _open_special(path: str) -> tuple[Any, bytes]:
    """Opens a pipe or a device, and returns it with the bytes read to test it.

    Opening a named pipe waits for a writer, possibly forever. A pipe without one is an
    error.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        first = b""
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            try:
                first = os.read(descriptor, 1)
                if not first:
                    raise OSError("it is a named pipe to which no process writes")
            except BlockingIOError:
                pass  # there is a writer, which has not written yet
        os.set_blocking(descriptor, True)
        return open(descriptor, "rb", buffering=0), first
    except BaseException:
        os.close(descriptor)
        raise

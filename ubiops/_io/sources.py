"""Files to be uploaded: a path, a folder, bytes or an open file, and whether it can be read again."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Union

from ubiops.exceptions import ApiRequestError, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops._packages.folder import PackageFolder

FileValue = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, "PackageFolder"]
"""What may be given as a file.

It is a path, the bytes themselves, or a file that is open for reading in binary mode. A folder, by its path or as a
``PackageFolder``, is packed into a zip archive while it is being sent.
"""

_UPLOAD_BLOCK = 1 << 18
"""Bytes of a file that are read and sent at a time."""


class FileSource:
    """A file to be sent: where its bytes come from, how many they are, and whether they can be read again.

    Args:
        value: A path, bytes, or a file that is open in binary mode, which is sent from where it stands. A folder is
            packed into a zip archive on the way.
        name: The name of the parameter, for the errors' text.

    Raises:
        ubiops.ApiTypeError: The value is none of these.
        ubiops.ApiValueError: There is no such file, it can't be read, or a folder can't be packed.
    """

    def __init__(self, value: Any, name: str = "file") -> None:
        self._path: str | None = None
        self._data: Any = None
        self._open: Any = None
        self._folder: PackageFolder | None = None
        self._start = 0
        self.size: int | None = None
        """Bytes; None when that is not known before they are read."""
        if isinstance(value, (str, os.PathLike)):
            self._from_path(value, name)
        elif isinstance(value, (bytes, bytearray, memoryview)):
            try:
                self._data = memoryview(value).cast("B")
            except (TypeError, ValueError) as error:
                raise ApiValueError(f"{name} can't be read: {error}") from None
            self.size, self.filename = len(self._data), name
        elif hasattr(value, "blocks"):
            self._from_folder(value)
        elif hasattr(value, "read"):
            self._from_open(value, name)
        else:
            raise ApiTypeError(
                f"{name} takes a path, bytes or a file opened in binary mode, got {type(value).__name__}: {value!r:.80}"
            )

    def _from_path(self, value: Any, name: str) -> None:
        path = os.fspath(value)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ApiValueError(f"{name} can't be read from {path!r}: {why}") from None
        if stat.S_ISDIR(status.st_mode):
            from ubiops._packages.folder import PackageFolder

            self._from_folder(PackageFolder(path))
            return
        if not os.access(path, os.R_OK):
            raise ApiValueError(f"{name} can't be read from {path!r}: Permission denied")
        self._path = path
        self.filename = os.path.basename(path)
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None

    def _from_folder(self, folder: PackageFolder) -> None:
        self._folder = folder
        self.filename = folder.filename

    def _from_open(self, value: Any, name: str) -> None:
        if isinstance(value, io.TextIOBase) or (
            isinstance(getattr(value, "mode", ""), str) and "b" not in getattr(value, "mode", "b")
        ):
            raise ApiTypeError(
                f"{name} takes a file opened in binary mode (open it with 'rb'), got one opened for text"
            )
        if getattr(value, "closed", False):
            raise ApiValueError(f"{name} takes an open file, got one that is closed")
        if hasattr(value, "readable") and not value.readable():
            raise ApiValueError(f"{name} takes a file opened for reading, got one opened for writing only")
        self._open = value
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
            self.size = None  # a pipe or the like: read once, sent in chunks

    @property
    def rewindable(self) -> bool:
        """Whether the bytes can be read a second time."""
        return self._open is None or self.size is not None

    def blocks(self) -> Iterator[Any]:
        """The bytes, from the beginning, block by block.

        Raises:
            ubiops.ApiRequestError: The file can't be read, or has another size than it had.
        """
        if self._folder is not None:
            try:
                yield from self._folder.blocks()
            except ApiValueError as error:
                hint = "wait until nothing writes to the folder any more, or send a copy of it"
                why = f"the folder {self._folder.path!r} can't be sent: {error}"
                raise ApiRequestError(0, why, hint=hint) from None
            return
        if self._data is not None:
            for start in range(0, len(self._data), _UPLOAD_BLOCK):
                yield self._data[start : start + _UPLOAD_BLOCK]
            return
        with contextlib.ExitStack() as stack:
            try:
                if self._path is not None:
                    source = stack.enter_context(open(self._path, "rb", buffering=0))
                else:
                    source = self._open
                    if self.size is not None:
                        source.seek(self._start)
            except Exception as error:
                raise self._failed(error) from error
            yield from self._read(source)

    def _read(self, source: Any) -> Iterator[Any]:
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
                    # What is more than was announced would be taken for another request.
                    raise self._changed("it has grown")
            yield block
        # A file that grows is noticed before the body is completed, so that the server gets no half of it as a whole.
        if self._take(source, 1):
            raise self._changed("it has grown")

    def _take(self, source: Any, amount: int) -> Any:
        try:
            block = source.read(amount)
        except Exception as error:
            # A stream may be anything, even an answer that comes over a network: its errors are none of the call's.
            raise self._failed(error) from error
        if not isinstance(block, (bytes, bytearray)):
            raise ApiRequestError(0, f"the file {self.filename!r} gives {type(block).__name__} instead of bytes")
        return block

    def _changed(self, how: str) -> ApiRequestError:
        return ApiRequestError(
            0,
            f"the file {self.filename!r} changed while it was being sent: {how} (it had {self.size} bytes)",
            hint="wait until it is complete, or send a copy of it",
        )

    def _failed(self, error: Exception) -> ApiRequestError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        return ApiRequestError(0, f"the file {self.filename!r} can't be read: {why}")

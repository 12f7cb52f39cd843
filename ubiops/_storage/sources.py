"""Local files to upload, whole or in parts."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO

from ubiops._storage.checksums import new_hash
from ubiops.exceptions import ApiRequestError, ApiTypeError, ApiValueError, file_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 1 << 18


class LocalFile:
    """A file to upload.

    Args:
        path: Its path.
        argument: The name of the argument, for errors.

    Attributes:
        path: As above.
        size: The number of bytes.
        identity: What changes when the file changes.

    Raises:
        ubiops.ApiTypeError: It is not a path.
        ubiops.ApiFileError: The file does not exist or can't be read.
        ubiops.ApiValueError: It is something else, such as a folder or a pipe.
    """

    def __init__(self, path: Any, argument: str = "file_path") -> None:
        self.path = path = path_of(path, argument)
        try:
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                # Only opening a file shows whether it can be read.
                open(path, "rb", buffering=0).close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise file_error(f"{argument} can't be read from {path!r}: {reason}", error) from None
        if stat.S_ISDIR(found.st_mode):
            raise ApiValueError(f"{argument} must be a file, got the folder {path!r}")
        if not stat.S_ISREG(found.st_mode):
            raise ApiValueError(f"{path!r} can't be uploaded: it is not a regular file, whose size is known")
        self.size = found.st_size
        self.identity = _identity(found)

    def open(self) -> BinaryIO:
        """Opens the file.

        Raises:
            ubiops.ApiRequestError: It can't be opened, or was changed.
        """
        try:
            file = open(self.path, "rb", buffering=0)  # noqa: SIM115 - the caller closes it
        except OSError as error:
            raise self._unreadable(error) from None
        if _identity(os.fstat(file.fileno())) != self.identity:
            file.close()
            raise self.changed()
        return file

    def check(self) -> None:
        """Checks that the file was not changed.

        Raises:
            ubiops.ApiRequestError: It was changed, or removed.
        """
        self.open().close()

    def _unreadable(self, error: OSError) -> ApiRequestError:
        return ApiRequestError(0, f"the file {self.path!r} can't be read: {error.strerror or error}")

    def changed(self) -> ApiRequestError:
        """Returns the error of a file that was changed during its upload."""
        return ApiRequestError(
            0,
            f"the file {self.path!r} changed while it was being sent",
            hint="wait until it is complete, or send a copy of it",
        )


def path_of(value: Any, argument: str) -> str:
    """Returns a path as a string.

    Raises:
        ubiops.ApiTypeError: It is something else.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise ApiTypeError(f"{argument} must be a path, got {type(value).__name__}")
    return os.fsdecode(value)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


class Slice:
    """A part of a file as the body of a request. It can be sent again.

    Args:
        file: The file.
        start: The first byte.
        length: The number of bytes.
        report: Called with the number of bytes of each block that is sent, and with a
            negative number when they are sent again.
    """

    content_type = "application/octet-stream"
    rewindable = True

    def __init__(self, file: LocalFile, start: int, length: int, report: Callable[[int], object]) -> None:
        self._file = file
        self._start = start
        self._report = report
        self._sent = 0
        self._hash = new_hash()
        self.length = length
        self.progress: Callable[[int], Any] | None = None

    @property
    def md5(self) -> str:
        """The MD5 of the bytes that were sent, in hexadecimal."""
        return str(self._hash.hexdigest())

    def __iter__(self) -> Iterator[memoryview]:
        """Returns the bytes. A block is valid until the next one is requested.

        Raises:
            ubiops.ApiRequestError: The file can't be read, or was changed.
        """
        self.take_back()
        self._hash = new_hash()
        buffer = memoryview(bytearray(_BLOCK))
        with self._file.open() as file:
            left = self.length
            try:
                file.seek(self._start)
                while left:
                    amount = file.readinto(buffer[: min(left, _BLOCK)])  # type: ignore[attr-defined]
                    if not amount:
                        raise self._file.changed()
                    block = buffer[:amount]
                    self._hash.update(block)
                    left -= amount
                    yield block
                    self._sent += amount
                    self._report(amount)
            except OSError as error:
                raise self._file._unreadable(error) from None

    def take_back(self) -> None:
        """Takes back the progress of a request that failed."""
        if self._sent:
            self._report(-self._sent)
            self._sent = 0

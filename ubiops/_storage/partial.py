"""Files that are being downloaded: hidden beside their goal until they are complete."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from typing import Any

from ubiops._storage.checksums import new_hash
from ubiops.exceptions import file_error

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

KEPT_SIZE = 8 << 20
"""Bytes from which on an incomplete download is kept, to be continued later."""
LEFTOVER = re.compile(r"\..*\.[0-9a-f]{16}\.(?:part|upload)|\.[0-9a-f]{16}\.part", re.DOTALL)
"""Names of the files that an incomplete transfer leaves."""

_BLOCK = 1 << 20
_FLUSH = 1 << 24


class Partial:
    """A file that is being downloaded.

    Args:
        path: The path at which the complete file appears.
        identity: What the name of the hidden file is derived from, so that another
            download of the same content finds it; None for a name of its own, and then
            it is never kept.
        hashed: Whether to compute the MD5 of the content.

    Attributes:
        offset: The number of bytes.

    Raises:
        ubiops.ApiFileError: The folder does not exist or is not writable.
    """

    def __init__(self, path: str, identity: str | None = None, *, hashed: bool = False) -> None:
        self._goal = path
        self._kept = False
        folder, name = os.path.split(path)
        if identity is not None and fcntl is not None:
            digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            # Names have at most 255 bytes.
            stem = os.fsdecode(os.fsencode(name)[:200])
            self._path = os.path.join(folder, f".{stem}.{digest}.part")
            with contextlib.suppress(OSError):
                self._file = self._open(os.O_CREAT)
                if self._claim():
                    self._kept = True
                else:
                    # Another program downloads the same file.
                    self._file.close()
        if not self._kept:
            self._path = os.path.join(folder, f".{os.urandom(8).hex()}.part")
            try:
                self._file = self._open(os.O_CREAT | os.O_EXCL)
            except OSError as error:
                raise self._failed(error) from None
        self.offset = os.fstat(self._file.fileno()).st_size
        self._flushed = self.offset
        self._hash = new_hash() if hashed else None
        if self._hash is None:
            self._file.seek(self.offset)
            return
        while block := self._file.read(_BLOCK):
            self._hash.update(block)

    @property
    def md5(self) -> str:
        """The MD5 of the bytes, in hexadecimal; empty if it is not computed."""
        return "" if self._hash is None else str(self._hash.hexdigest())

    def _open(self, how: int) -> Any:
        flags = how | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return open(os.open(self._path, flags, 0o666), "r+b", buffering=0)

    def _claim(self) -> bool:
        """Locks the file. Returns False if another program uses or has moved it."""
        if fcntl is not None:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _failed(self, error: OSError) -> Exception:
        where = os.path.dirname(self._goal) or os.curdir
        return file_error(f"a download can't be saved in {where!r}: {error.strerror or error}", error)

    def restart(self) -> None:
        """Removes all bytes."""
        try:
            self._file.truncate(0)
            self._file.seek(0)
        except OSError as error:
            raise self._failed(error) from None
        self.offset = self._flushed = 0
        self._hash = None if self._hash is None else new_hash()

    def write(self, block: bytes) -> None:
        """Appends a block.

        Raises:
            ubiops.ApiFileError: The disk is full or fails. Nothing is kept then.
        """
        view = memoryview(block)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            self._kept = False
            raise self._failed(error) from None
        self.offset += len(block)
        if self._hash is not None:
            self._hash.update(block)
        if self.offset - self._flushed >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        """Starts the writeback to the disk, so that little is left to do at the end."""
        advise = getattr(os, "posix_fadvise", None)
        if advise is not None:
            with contextlib.suppress(OSError):
                advise(self._file.fileno(), self._flushed, self.offset - self._flushed, os.POSIX_FADV_DONTNEED)
        self._flushed = self.offset

    def finish(self) -> str:
        """Moves the complete file to its goal, and returns that path.

        Raises:
            ubiops.ApiFileError: It can't be written there.
        """
        try:
            os.fsync(self._file.fileno())
            if fcntl is None:
                self._file.close()
            os.replace(self._path, self._goal)
        except OSError as error:
            self.discard()
            raise self._failed(error) from None
        # Closed, and unlocked, when no other program can find it any more.
        self._file.close()
        return self._goal

    def leave(self) -> None:
        """Closes an incomplete file, and keeps it if it can be continued later."""
        # An interrupted write may have written more than ``offset`` counts.
        if self._kept and os.fstat(self._file.fileno()).st_size >= KEPT_SIZE:
            self._file.close()
        else:
            self.discard()

    def discard(self) -> None:
        """Removes the file."""
        if fcntl is None:
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        self._file.close()

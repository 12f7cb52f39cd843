"""Uploaded files in the data folder.

A file has its name once it is complete, and not before.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from typing import IO, TYPE_CHECKING

from ubiops.emulator.core.errors import FolderError

if TYPE_CHECKING:
    from pathlib import Path

_UNFINISHED = ".part"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OWN_NAME = re.compile(rf"{_UUID}\.(?:zip|bin)(?:{re.escape(_UNFINISHED)})?")


def stored_names(folder: Path) -> set[str]:
    """Returns the names of the emulator's own files in a folder, complete or not."""
    names = os.listdir(folder) if folder.is_dir() else ()
    return {name for name in names if _OWN_NAME.fullmatch(name)}


class Files:
    """A folder of files whose names it chooses itself.

    A file is written under another name, synced and renamed; only then may a row of the
    database refer to it. Files without a row are left over from a kill and are removed
    at the next start.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            # Nobody else needs to read what is in it, whoever may read the data folder.
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
        except OSError as error:
            raise FolderError(f"{folder} can't be used as a folder for files: {error}") from error
        self._folder = folder

    def path(self, name: str) -> Path:
        """Returns where the file of this name is stored."""
        return self._folder / name

    def create(self, suffix: str = ".zip") -> Incoming:
        """Creates a file to write to. Its name ends in .zip or .bin."""
        return Incoming(self, f"{uuid.uuid4()}{suffix}")

    def add(self, content: bytes, suffix: str = ".zip") -> str:
        """Stores these bytes and returns the name of the file."""
        with self.create(suffix) as incoming:
            incoming.file.write(content)
            return incoming.keep()

    def copy(self, name: str) -> str:
        """Copies a file and returns the name of the copy."""
        with self.create(self.path(name).suffix) as incoming, self.path(name).open("rb") as source:
            shutil.copyfileobj(source, incoming.file, 1024 * 1024)
            return incoming.keep()

    def remove(self, names: list[str]) -> None:
        """Removes files. One that can't be removed now is removed at the next start."""
        for name in names:
            with contextlib.suppress(OSError):
                self.path(name).unlink()

    def clean(self, names: set[str]) -> None:
        """Removes the files of its own naming except these.

        Other people's files stay.
        """
        self.remove(sorted(stored_names(self._folder) - names))

    def sync(self) -> None:
        """Makes new names survive a loss of power, if the system can do that."""
        if os.name == "posix":
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class Incoming:
    """A file that is being written.

    It is removed at the end of the ``with`` block unless it is kept.
    """

    def __init__(self, files: Files, name: str) -> None:
        self._files = files
        self._name = name
        self._unfinished = files.path(name + _UNFINISHED)
        self.file: IO[bytes] = self._unfinished.open("xb")

    def keep(self) -> str:
        """Gives the file its name and returns the name."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        os.replace(self._unfinished, self._files.path(self._name))
        self._files.sync()
        return self._name

    def close(self) -> None:
        """Removes the file unless it was kept."""
        # Closing may flush to a disk that is full.
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self._unfinished.unlink()

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

"""The uploaded files, under the data folder: a file is there under its name when it is whole, and not before."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from typing import IO, TYPE_CHECKING

from ubiops.emulator.errors import FolderError

if TYPE_CHECKING:
    from pathlib import Path

_UNFINISHED = ".part"
_OWN_NAME = re.compile(rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.zip(?:{re.escape(_UNFINISHED)})?")


class Files:
    """A folder of zip files under names of its own making.

    A file is written beside its place, synced and renamed; only then may a row of the state refer to it. What no row
    refers to is left over from a kill, and removed at the next start.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise FolderError(f"{folder} can't be used as a folder for files: {error}") from error
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where the file of this name lies."""
        return self._folder / name

    def create(self) -> Incoming:
        """A new file, to be written."""
        return Incoming(self, f"{uuid.uuid4()}.zip")

    def add(self, content: bytes) -> str:
        """Keeps these bytes; returns the name of the file."""
        with self.create() as incoming:
            incoming.file.write(content)
            return incoming.keep()

    def copy(self, name: str) -> str:
        """Keeps a second file of the same bytes; returns its name."""
        with self.create() as incoming, self.path(name).open("rb") as source:
            shutil.copyfileobj(source, incoming.file, 1024 * 1024)
            return incoming.keep()

    def remove(self, names: list[str]) -> None:
        """Removes files. One that can't be removed now is left to the next start."""
        for name in names:
            with contextlib.suppress(OSError):
                self.path(name).unlink()

    def clean(self, names: set[str]) -> None:
        """Removes the files of its own making but these. What somebody else put into the folder is not touched."""
        found = {path.name for path in self._folder.iterdir() if _OWN_NAME.fullmatch(path.name)}
        self.remove(sorted(found - names))

    def sync(self) -> None:
        """Makes sure that names survive a loss of power, where the system lets a folder be opened for that."""
        if os.name == "posix":
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class Incoming:
    """A file that is being written. It is gone at the end of the ``with`` block, unless it was kept."""

    def __init__(self, files: Files, name: str) -> None:
        self._files = files
        self._name = name
        self._unfinished = files.path(name + _UNFINISHED)
        self.file: IO[bytes] = self._unfinished.open("xb")

    def keep(self) -> str:
        """Gives the file its name, which is returned."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        os.replace(self._unfinished, self._files.path(self._name))
        self._files.sync()
        return self._name

    def close(self) -> None:
        """Removes the file if it was not kept."""
        # Closing may want to write what is left, to a disk that is full.
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self._unfinished.unlink()

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

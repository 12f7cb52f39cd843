"""Remembers which batch requests were started, whatever happens to the emulator.

That a request is being processed is stored some milliseconds after its code has
started. If the emulator is killed in between, the database still says that the request
waits, and it would run twice. Its id is therefore written to a file first. That doesn't
wait for the disk, so it is quick, and survives a kill but not a loss of power.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployment_requests.recorder import Change

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator.core.backend import Backend

_NAME = "started-requests"
# After this many requests a new file is begun, and the old one is removed once the
# database knows all that it says.
_MAXIMUM_IDS = 20_000

_log = logging.getLogger("ubiops.emulator")


class Journal:
    """The ids of the requests that were started. Calls must not overlap.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._count = 0
        self._file: int | None = None

    def take(self) -> set[str]:
        """Returns the ids that an earlier emulator has left."""
        left = self._left()
        self._number = max((_number_of(path) for path in left), default=0)
        return {line for path in left for line in path.read_text(encoding="ascii", errors="replace").splitlines()}

    def forget(self) -> None:
        """Removes what an earlier emulator has left."""
        for path in self._left():
            path.unlink()

    def add(self, identifier: str) -> Path | None:
        """Adds an id.

        Returns:
            A file to be removed as soon as all that was added is in the database.
        """
        full = None
        try:
            if self._file is None or self._count >= _MAXIMUM_IDS:
                full = self._begin()
            if self._file is not None:
                os.write(self._file, identifier.encode("ascii") + b"\n")
        except OSError:
            _log.exception("the start of the request %s could not be noted", identifier)
        self._count += 1
        return full

    def close(self) -> None:
        """Removes the files. Everything must be in the database."""
        self._close()
        self.forget()

    def _begin(self) -> Path | None:
        full = self._path() if self._file is not None else None
        self._close()
        self._number += 1
        self._count = 0
        self._file = os.open(self._path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return full

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _path(self) -> Path:
        return self._folder / f"{_NAME}.{self._number}"

    def _left(self) -> list[Path]:
        return [path for path in self._folder.glob(f"{_NAME}.*") if path.suffix[1:].isdecimal()]


def _number_of(path: Path) -> int:
    return int(path.suffix[1:])


class FullJournal(Change):
    """Everything that a file of the journal says is in the database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def done(self, backend: Backend) -> None:
        """Removes it."""
        self._path.unlink()

"""Deletes requests whose retention time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployment_requests import data
from ubiops.emulator.areas.deployment_requests.recorder import Change

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend

# Which requests exist to a client, with the time as the parameter. Those that have
# ended are there until their retention time is over, and with the retention mode none
# they never are.
VISIBLE = "(retention != 'none' AND (completed IS NULL OR expires > ?))"

_EXPIRED = "completed IS NOT NULL AND expires <= ?"


class Sweep(Change):
    """Deletes all requests whose retention time is over."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._files: list[str] = []

    def write(self, db: sqlite3.Connection) -> None:
        """Deletes the rows."""
        expired = f"request IN (SELECT pk FROM deployment_requests WHERE {_EXPIRED})"  # noqa: S608  # nosec B608
        self._files = data.files_of(db, expired, (self._now,))
        db.execute(f"DELETE FROM deployment_requests WHERE {_EXPIRED}", (self._now,))  # noqa: S608  # nosec B608

    def done(self, backend: Backend) -> None:
        """Removes the files."""
        backend.files.remove(self._files)

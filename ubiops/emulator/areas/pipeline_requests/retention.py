"""Deletes requests whose retention time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployment_requests.recorder import Change

if TYPE_CHECKING:
    import sqlite3

# Which requests exist to a client, with the time as the parameter. Those that have
# ended are there until their retention time is over, and with the retention mode none
# never.
VISIBLE = (
    "(pipeline_requests.retention != 'none' AND (pipeline_requests.completed IS NULL OR pipeline_requests.expires > ?))"
)


class Sweep(Change):
    """Deletes all requests whose retention time is over, with all their parts."""

    def __init__(self, now: float) -> None:
        self._now = now

    def write(self, db: sqlite3.Connection) -> None:
        """Deletes the rows."""
        db.execute("DELETE FROM pipeline_requests WHERE completed IS NOT NULL AND expires <= ?", (self._now,))

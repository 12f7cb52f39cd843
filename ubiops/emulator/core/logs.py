"""Log entries of projects: what deployments print, and what the emulator reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.core.storage import Storage


class Logs:
    """Writes log entries. May be used from any thread.

    Args:
        storage: The database.
        clock: The emulator's clock, which dates the entries.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def write(
        self, project: str, *lines: str, level: str = "info", system: bool = False, **labels: str | int | None
    ) -> None:
        """Writes one entry a line.

        Args:
            project: The project.
            lines: The texts, without line breaks. Empty ones are kept.
            level: info or error.
            system: Whether the platform writes it, and not the user's code.
            labels: The labels of section 5 of the platform's behaviour, such as
                ``deployment_name`` and ``deployment_request_id``. None is left out.
        """
        found = json.dumps({name: str(value) for name, value in labels.items() if value is not None})
        first = int(self._clock.now() * 1e9)
        with self._storage.transaction(durable=False) as db:
            latest = db.execute("SELECT ifnull(max(timestamp), 0) FROM logs WHERE project = ?", (project,)).fetchone()
            # No two entries of a project have the same time, so that a reader can go on
            # after the last one that it has seen.
            first = max(first, latest[0] + 1)
            db.executemany(
                "INSERT INTO logs (project, timestamp, log, level, system, labels) VALUES (?, ?, ?, ?, ?, ?)",
                [(project, first + number, line, level, system, found) for number, line in enumerate(lines)],
            )

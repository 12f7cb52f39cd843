"""Projects come into being when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3


def ensure_project(db: sqlite3.Connection, name: str, now: float) -> None:
    """Creates a project with default settings unless it exists."""
    db.execute(
        "INSERT OR IGNORE INTO projects (id, name, settings, created) VALUES (?, ?, '{}', ?)", (new_id(), name, now)
    )

"""Finds single rows of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.errors import not_found

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def condition(columns: Mapping[str, Any]) -> str:
    """Returns the SQL condition that these columns equal the parameters."""
    return " AND ".join(f"{column} IS ?" for column in columns)


def find_row(db: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> sqlite3.Row | None:
    """Returns the row with these values, or None."""
    query = f"SELECT * FROM {table} WHERE {condition(columns)}"  # noqa: S608  # nosec B608
    found: sqlite3.Row | None = db.execute(query, tuple(columns.values())).fetchone()
    return found


def get_row(db: sqlite3.Connection, kind: str, table: str, columns: Mapping[str, Any]) -> sqlite3.Row:
    """Returns the row with these values.

    Raises:
        ApiError: There is no such row: a 404 that names the kind of object.
    """
    found = find_row(db, table, columns)
    if found is None:
        raise not_found(kind)
    return found

"""What else has to happen when an object is deleted.

The rows that refer to an object go with it. An area that keeps more than rows, such as
files or work in progress, registers a function here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, TypeVar

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend

    # Called with the transaction and the key of the object. Returns what to do after
    # the commit.
    Preparation = Callable[[sqlite3.Connection, Backend, int], Callable[[], None]]

P = TypeVar("P", bound="Preparation")

_PREPARATIONS: dict[str, list[Preparation]] = {}


def before_delete(table: str) -> Callable[[P], P]:
    """Registers a function that is called before a row of a table is deleted."""

    def register(function: P) -> P:
        _PREPARATIONS.setdefault(table, []).append(function)
        return function

    return register


def prepared_tables() -> list[str]:
    """Returns the tables for whose rows a function is registered."""
    return list(_PREPARATIONS)


def prepare(db: sqlite3.Connection, backend: Backend, table: str, key: int) -> Callable[[], None]:
    """Prepares the deletion of a row.

    Args:
        db: The transaction that deletes it.
        backend: The emulator.
        table: Its table.
        key: Its key.

    Returns:
        What to call after the commit.
    """
    afterwards = [function(db, backend, key) for function in _PREPARATIONS.get(table, ())]

    def finish() -> None:
        for function in afterwards:
            function()

    return finish

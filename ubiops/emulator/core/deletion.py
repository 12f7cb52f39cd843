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

# Each with whether it concerns the deletion of a whole project.
_PREPARATIONS: dict[str, list[tuple[Preparation, bool]]] = {}


def before_delete(table: str, *, with_project: bool = True) -> Callable[[P], P]:
    """Registers a function that is called before a row of a table is deleted.

    Args:
        table: The table.
        with_project: Whether it is called as well when the row goes with its project.
            A function that protects what others use must not be.
    """

    def register(function: P) -> P:
        _PREPARATIONS.setdefault(table, []).append((function, with_project))
        return function

    return register


def prepared_tables() -> list[str]:
    """Returns the tables for whose rows a function is registered."""
    return list(_PREPARATIONS)


def prepare(
    db: sqlite3.Connection, backend: Backend, table: str, key: int, *, with_project: bool = False
) -> Callable[[], None]:
    """Prepares the deletion of a row.

    Args:
        db: The transaction that deletes it.
        backend: The emulator.
        table: Its table.
        key: Its key.
        with_project: Whether it goes with its project.

    Returns:
        What to call after the commit.
    """
    afterwards = [
        function(db, backend, key) for function, always in _PREPARATIONS.get(table, ()) if always or not with_project
    ]

    def finish() -> None:
        for function in afterwards:
            function()

    return finish

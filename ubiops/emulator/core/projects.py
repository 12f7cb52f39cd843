"""Projects come into being when they are used, and take everything along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, TypeVar

from ubiops.emulator.core import deletion
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

    Hook = Callable[[sqlite3.Connection, RequestContext, str], None]

H = TypeVar("H", bound="Hook")

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_DELETE_HOOKS: list[Hook] = []


def on_project_delete(function: H) -> H:
    """Registers what an area does before the rows of a project are deleted.

    It is called in the transaction, with the name of the project. The rows themselves
    need no care: all tables with a column `project` lose those of the project, and what
    refers to these rows must be deleted by the database (``ON DELETE CASCADE``).
    Uploaded files that no row refers to afterwards are removed as well.
    """
    _DELETE_HOOKS.append(function)
    return function


def ensure_project(db: sqlite3.Connection, name: str, now: float) -> None:
    """Creates a project with default settings unless it exists."""
    db.execute(
        "INSERT OR IGNORE INTO projects (id, name, settings, created) VALUES (?, ?, '{}', ?)", (new_id(), name, now)
    )


def may_be_created(db: sqlite3.Connection, name: str) -> bool:
    """Returns whether reading a project of this name creates it.

    The name must be one that the API accepts. A project that was deleted stays away
    until something is created in it.
    """
    if not _NAME.fullmatch(name):
        return False
    return db.execute("SELECT 1 FROM deleted_projects WHERE name = ?", (name,)).fetchone() is None


def delete_rows(db: sqlite3.Connection, context: RequestContext, name: str) -> list[Callable[[], None]]:
    """Deletes a project and all rows that belong to it, in a transaction.

    Returns what to call after the commit.
    """
    for function in _DELETE_HOOKS:
        function(db, context, name)
    afterwards = []
    for table in sorted(set(deletion.prepared_tables()) & set(_tables(db))):
        rows = db.execute(f"SELECT pk FROM {table} WHERE project = ?", (name,)).fetchall()  # noqa: S608  # nosec B608
        afterwards += [deletion.prepare(db, context.backend, table, row["pk"], with_project=True) for row in rows]
    # Rows of different tables may refer to each other. What they refer to is checked
    # when all are gone.
    db.execute("PRAGMA defer_foreign_keys = ON")
    for table in _tables(db):
        db.execute(f"DELETE FROM {table} WHERE project = ?", (name,))  # noqa: S608  # nosec B608
    db.execute("DELETE FROM projects WHERE name = ?", (name,))
    db.execute("INSERT OR IGNORE INTO deleted_projects (name) VALUES (?)", (name,))
    return afterwards


def rename_rows(db: sqlite3.Connection, old: str, new: str) -> None:
    """Makes all rows of a project belong to its new name, in a transaction."""
    for table in _tables(db):
        # There may be log entries of a deleted project that were written late.
        db.execute(f"DELETE FROM {table} WHERE project = ?", (new,))  # noqa: S608  # nosec B608
        db.execute(f"UPDATE {table} SET project = ? WHERE project = ?", (new, old))  # noqa: S608  # nosec B608


def _tables(db: sqlite3.Connection) -> list[str]:
    """Returns the tables whose rows belong to projects."""
    found = db.execute(
        "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
        " WHERE m.type = 'table' AND c.name = 'project' ORDER BY m.name"
    )
    return [str(row[0]) for row in found]

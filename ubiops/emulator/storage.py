"""The state of the emulator in SQLite: its tables, and transactions that a kill at any moment leaves whole."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
import uuid
from typing import TYPE_CHECKING

from ubiops.emulator.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
_TRIES = 5

_TABLES = f"""
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value REAL NOT NULL
);
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    default_version INTEGER REFERENCES versions ON DELETE SET NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE INDEX deployments_by_default ON deployments (default_version);
CREATE TABLE versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (deployment, name)
);
CREATE TABLE revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created REAL NOT NULL,
    created_by TEXT NOT NULL,
    file TEXT NOT NULL,
    file_name TEXT NOT NULL,
    has_request INTEGER NOT NULL,
    has_requests INTEGER NOT NULL
);
CREATE INDEX revisions_by_version ON revisions (version);
CREATE TABLE builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL REFERENCES revisions ON DELETE CASCADE,
    created REAL NOT NULL,
    building REAL NOT NULL,
    validating REAL,
    finished REAL NOT NULL,
    cause TEXT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX builds_by_revision ON builds (revision);
CREATE TABLE variables (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    deployment INTEGER REFERENCES deployments ON DELETE CASCADE,
    version INTEGER REFERENCES versions ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    secret INTEGER NOT NULL
);
CREATE UNIQUE INDEX variables_by_name ON variables (project, ifnull(deployment, 0), ifnull(version, 0), name);
CREATE INDEX variables_by_deployment ON variables (deployment);
CREATE INDEX variables_by_version ON variables (version);
CREATE TABLE audit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL,
    version INTEGER,
    date REAL NOT NULL,
    action TEXT NOT NULL,
    user TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX audit_events_by_deployment ON audit_events (deployment);
PRAGMA user_version = {FORMAT};
"""


def new_id() -> str:
    """An identifier for a new object."""
    return str(uuid.uuid4())


class Storage:
    """One connection to the state, which all threads share in turn.

    SQLite's own lock, held as long as the connection is open and let go by the system when the process dies, keeps a
    second emulator out of the folder.

    Raises:
        FolderError: The file is in use, is no database, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        # Of two that start at once each may find the other in its way: chance decides which one comes back first.
        for _ in range(_TRIES):
            if self._open(path):
                return
            time.sleep(random.uniform(0, 0.1))  # noqa: S311  # nosec B311
        raise FolderError(f"{path.parent} is in use by another emulator: stop that one, or name another folder")

    def _open(self, path: Path) -> bool:
        """Takes hold of the file, unless somebody else has it."""
        with contextlib.ExitStack() as on_failure:
            try:
                self._connection = sqlite3.connect(str(path), timeout=0, isolation_level=None, check_same_thread=False)
                on_failure.callback(self._connection.close)
                version = self._prepare()
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    return False
                raise FolderError(f"{path} can't be used: {error}") from error
            except sqlite3.DatabaseError as error:
                raise FolderError(f"{path} is no state of an emulator ({error}): name another folder") from error
            if version > FORMAT:
                raise FolderError(
                    f"{path} was written by a newer version of ubiops: use that one, or name another folder"
                )
            on_failure.pop_all()
        return True

    def _prepare(self) -> int:
        """Sets up the connection, and the tables in a new file; gives the format of what is in the file."""
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        # What was committed outlives a kill of the process in this mode too; a loss of power may undo the latest.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.transaction() as db:
            version: int = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _TABLES.split(";\n"):
                    db.execute(statement)
        return version

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All changes of the block, or none of them if it raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A look at the state between changes."""
        with self._lock:
            yield self._connection

    def get_fact(self, name: str) -> float:
        """A number that was kept, or 0."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else 0.0

    def set_fact(self, name: str, value: float) -> None:
        """Keeps a number."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))

    def latest_date(self) -> float:
        """The latest moment at which something happened, or 0."""
        with self.reading() as db:
            found = db.execute("SELECT ifnull(max(date), 0) FROM audit_events").fetchone()[0]
        return float(found)

    def files(self) -> set[str]:
        """The names of all files that revisions refer to."""
        with self.reading() as db:
            return {row["file"] for row in db.execute("SELECT file FROM revisions")}

    def close(self) -> None:
        """Lets go of the folder."""
        with self._lock:
            self._connection.close()

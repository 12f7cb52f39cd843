"""The emulator's state in SQLite.

If the process is killed at any moment, every transaction stays whole.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import re
import sqlite3
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.errors import FolderError
from ubiops.emulator.core.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ubiops.emulator.core.migrations import Migration

_TRIES = 5
_PRIVATE = 0o600
# Identifies the database of an emulator: "UBIO".
_APPLICATION = 0x5542494F
_FIRST_TABLES = {"deployments", "versions", "revisions"}
# What SQLite says if a file can't be read or written, and not that a query is wrong.
_FAILURES = re.compile("disk|full|readonly|malformed|not a database|unable to open|locked")
# Columns that hold names of uploaded files, as pairs of table and column.
_FILE_COLUMNS: set[tuple[str, str]] = set()


def new_id() -> str:
    """Returns an id for a new object."""
    return str(uuid.uuid4())


def refers_to_files(table: str, column: str) -> None:
    """Registers a column that holds names of uploaded files.

    Other files are removed at the next start.
    """
    _FILE_COLUMNS.add((table, column))


def is_failure(error: sqlite3.Error) -> bool:
    """Returns whether an error is one of the disk or the file, and not of a query."""
    return _FAILURES.search(str(error)) is not None


class Storage:
    """A single SQLite connection guarded by a lock.

    SQLite's own lock keeps a second emulator out of the folder. It is held as long as
    the connection is open, and the system releases it when the process dies.

    Args:
        path: The database file. It is created if it doesn't exist.
        migrations: All migrations in their order. A database of an older format is
            migrated in one transaction.
        durable: Whether what was committed also outlives a loss of power. Each commit
            then waits for the disk.
        on_create: Called before tables are created in a new or empty file. It may raise
            a `FolderError` to prevent that.

    Raises:
        FolderError: The file is in use, is not an emulator's database, is damaged, or
            was written by a newer version.
    """

    def __init__(
        self,
        path: Path,
        migrations: tuple[Migration, ...],
        *,
        durable: bool = True,
        on_create: Callable[[], None] | None = None,
    ) -> None:
        self._path = path
        self._migrations = migrations
        self.is_durable = durable
        self._on_create = on_create
        self._lock = threading.RLock()
        self._protect()
        # Two emulators that start at once may block each other; a random delay decides
        # which one retries first.
        for _ in range(_TRIES):
            if self._open(path, migrations):
                self._inode = os.stat(path).st_ino
                return
            time.sleep(random.uniform(0, 0.1))  # noqa: S311  # nosec B311
        raise FolderError(f"{path.parent} is in use by another emulator: stop that one, or choose another folder")

    def _open(self, path: Path, migrations: tuple[Migration, ...]) -> bool:
        """Opens and locks the file; returns False if another process holds the lock."""
        with contextlib.ExitStack() as on_failure:
            try:
                self._connection = sqlite3.connect(str(path), timeout=0, isolation_level=None, check_same_thread=False)
                on_failure.callback(self._connection.close)
                self._prepare(migrations)
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    return False
                raise FolderError(f"{path} can't be used: {error}") from error
            except sqlite3.DatabaseError as error:
                raise FolderError(f"{path} is not an emulator's database ({error}): choose another folder") from error
            except FolderError as error:
                raise FolderError(f"{path} can't be used: {error}") from error
            on_failure.pop_all()
        return True

    def _protect(self) -> None:
        """Keeps other users from reading the file: it holds secrets.

        SQLite gives its other files the same permissions.
        """
        with contextlib.suppress(OSError):
            # Not opened if it exists: closing it would release the locks that this
            # process has on it.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
        with contextlib.suppress(OSError):
            os.chmod(self._path, _PRIVATE)

    def _prepare(self, migrations: tuple[Migration, ...]) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if os.stat(self._path).st_size:
            self._check_identity()
        self._connection.execute("PRAGMA journal_mode = WAL")
        # What was committed outlives a kill of the process in both modes.
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if self.is_durable else 'NORMAL'}")
        # Has no effect within a transaction.
        self._connection.execute("PRAGMA foreign_keys = OFF")
        with self._changing() as db:
            if self._on_create and db.execute("PRAGMA user_version").fetchone()[0] == 0:
                self._on_create()
            migrate(db, migrations)
            db.execute(f"PRAGMA application_id = {_APPLICATION:d}")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def _check_identity(self) -> None:
        """Rejects the database of another program, before anything is written to it."""
        db = self._connection
        application, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        # The first versions gave it no application id.
        is_own = version > 0 and tables >= _FIRST_TABLES
        is_new = version == 0 and not tables
        if application != _APPLICATION and not (application == 0 and (is_own or is_new)):
            raise FolderError("it is the database of another program: choose another folder")

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Makes all changes of the block, or none of them if it raises.

        Args:
            durable: Whether these changes must outlive a loss of power, if the storage
                is durable. Logs, for example, need not wait for the disk.

        Raises:
            FolderError: The file has been removed or replaced.
        """
        with self._lock:
            self._check_presence()
            if durable or not self.is_durable:
                with self._changing() as db:
                    yield db
                return
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._changing() as db:
                    yield db
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")

    def _check_presence(self) -> None:
        # Otherwise changes would go to a file that has no name any more.
        try:
            is_present = os.stat(self._path).st_ino == self._inode
        except OSError:
            is_present = False
        if not is_present:
            raise FolderError(f"{self._path} has been removed while the emulator runs")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
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
        """Gives read access under the lock."""
        with self._lock:
            yield self._connection

    @property
    def is_busy(self) -> bool:
        """Whether another thread reads or writes at this moment."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            return False
        return True

    def get_meta(self, name: str) -> float:
        """Returns a number that was stored under this name, or 0."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else 0.0

    def set_meta(self, name: str, value: float) -> None:
        """Stores a number under a name."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))

    def files(self) -> set[str]:
        """Returns the names of all files that rows refer to."""
        with self.reading() as db:
            return {
                row[0]
                for table, column in _FILE_COLUMNS
                for row in db.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608  # nosec B608
            }

    def clear(self) -> None:
        """Deletes everything, as if the database had just been created."""
        initial = _initial_rows(self._migrations)
        with self.transaction() as db:
            db.execute("PRAGMA defer_foreign_keys = ON")
            for table, rows in initial.items():
                db.execute(f'DELETE FROM "{table}"')  # noqa: S608  # nosec B608
                for row in rows:
                    values = ", ".join("?" * len(row))
                    db.execute(f'INSERT INTO "{table}" VALUES ({values})', row)  # noqa: S608  # nosec B608
            db.execute("DELETE FROM sqlite_sequence")

    def close(self) -> None:
        """Closes the database and releases the folder."""
        with self._lock:
            self._connection.close()


@functools.cache
def _initial_rows(migrations: tuple[Migration, ...]) -> dict[str, list[tuple[Any, ...]]]:
    """Returns all tables of a new database with the rows that they start with."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute("BEGIN")
        migrate(db, migrations)
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [row[0] for row in db.execute(query)]
        return {table: db.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608  # nosec B608

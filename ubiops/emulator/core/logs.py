"""Log entries of projects: what deployments print, and what the emulator reports.

As in Loki, entries with the same labels form a stream, and labels are stored once a
stream. A query selects streams first and then reads their entries.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.core.storage import Storage

# The labels by which streams are found in the database.
INDEXED = (
    "deployment_name",
    "deployment_version",
    "deployment_request_id",
    "pipeline_name",
    "pipeline_request_id",
    "environment_name",
)
# How long entries are kept is a guess: as long as the requests that they belong to.
MAXIMUM_AGE = 28 * 24 * 3600
# So many of a project are kept, the newest ones.
MAXIMUM_ENTRIES = 1_000_000
MAXIMUM_LENGTH = 64 * 1024
_CUT = " ... (cut)"
# A mode of SQLite.


class LogEntry(NamedTuple):
    """An entry to write.

    Attributes:
        log: The text, without line breaks.
        labels: Its labels. Those that are None are left out.
        level: info or error.
        system: Whether the platform writes it, and not the user's code.
    """

    log: str
    labels: Mapping[str, str | int | None]
    level: str = "info"
    system: bool = False


class Logs:
    """Writes log entries. May be used from any thread.

    Args:
        storage: The database.
        clock: The emulator's clock, which dates the entries.
        maximum_entries: How many entries of a project are kept.
        trim_after: After how many new entries of a project old ones are removed.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        maximum_entries: int = MAXIMUM_ENTRIES,
        trim_after: int = 10_000,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._maximum_entries = maximum_entries
        self._trim_after = trim_after
        # Entries written since the last trim, by project.
        self._written: dict[str, int] = {}

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
        self.write_many(project, [LogEntry(line, labels, level, system) for line in lines])

    def write_many(self, project: str, entries: Iterable[LogEntry]) -> None:
        """Writes entries in one transaction, in their order."""
        listed = list(entries)
        if not listed:
            return
        first = int(self._clock.now() * 1e9)
        with self._transaction() as db:
            # No two entries of a project have the same time, so that a reader can go on
            # after the last one that it has seen.
            latest = db.execute("SELECT max(timestamp) FROM log_entries WHERE project = ?", (project,)).fetchone()[0]
            first = max(first, (latest or 0) + 1)
            streams: dict[tuple[str, bool, str], int] = {}
            rows = []
            for number, entry in enumerate(listed):
                key = (entry.level, entry.system, _canonical(entry.labels))
                if key not in streams:
                    streams[key] = _stream(db, project, *key)
                rows.append((project, first + number, streams[key], _stored(entry.log)))
            db.executemany("INSERT INTO log_entries (project, timestamp, stream, log) VALUES (?, ?, ?, ?)", rows)
            written = self._written.get(project, self._trim_after) + len(rows)
            if written >= self._trim_after:
                self._trim(db, project)
                written = 0
            self._written[project] = written

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Opens a transaction that doesn't wait for the disk, or joins an open one.

        A loss of power may undo the latest entries, but nothing that was committed
        before them.
        """
        with self._storage.reading() as db:
            if db.in_transaction:
                yield db
                return
        with self._storage.transaction(durable=False) as db:
            yield db

    def oldest(self) -> int:
        """Returns the timestamp before which entries are not kept."""
        return int((self._clock.now() - MAXIMUM_AGE) * 1e9)

    def _trim(self, db: sqlite3.Connection, project: str) -> None:
        """Removes entries that are too old or too many, and streams without entries."""
        beyond = db.execute(
            "SELECT timestamp FROM log_entries WHERE project = ? ORDER BY timestamp DESC LIMIT 1 OFFSET ?",
            (project, self._maximum_entries),
        ).fetchone()
        oldest = max(self.oldest(), beyond["timestamp"] + 1 if beyond else 0)
        done = db.execute("DELETE FROM log_entries WHERE project = ? AND timestamp < ?", (project, oldest))
        if done.rowcount:
            db.execute(
                "DELETE FROM log_streams WHERE project = ?"
                " AND NOT EXISTS (SELECT 1 FROM log_entries WHERE stream = log_streams.pk)",
                (project,),
            )


def _canonical(labels: Mapping[str, str | int | None]) -> str:
    """Returns labels as JSON: the same text for the same labels."""
    found = {name: _encodable(str(value)) for name, value in labels.items() if value is not None and value != ""}
    return json.dumps(found, sort_keys=True)


def _stream(db: sqlite3.Connection, project: str, level: str, system: bool, labels: str) -> int:
    """Returns the key of a stream, which is created unless it exists."""
    key = (project, level, system, labels)
    query = "SELECT pk FROM log_streams WHERE project = ? AND level = ? AND system = ? AND labels = ?"
    found = db.execute(query, key).fetchone()
    if found is None:
        values: dict[str, str] = json.loads(labels)
        columns, marks = ", ".join(INDEXED), ", ".join("?" * len(INDEXED))
        db.execute(
            f"INSERT INTO log_streams (project, level, system, labels, {columns})"  # noqa: S608  # nosec B608
            f" VALUES (?, ?, ?, ?, {marks})",
            (*key, *(values.get(name, "") for name in INDEXED)),
        )
        found = db.execute(query, key).fetchone()
    pk: int = found["pk"]
    return pk


def _stored(line: str) -> str:
    """Returns a text that the database accepts, cut if it is too long."""
    if len(line) > MAXIMUM_LENGTH:
        line = line[: MAXIMUM_LENGTH - len(_CUT)] + _CUT
    return _encodable(line)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

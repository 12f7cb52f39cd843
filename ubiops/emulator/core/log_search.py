"""Searches the log entries of a project."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.logql import All, Any, Condition, LabelFilter, Query
from ubiops.emulator.core.logs import INDEXED
from ubiops.emulator.core.regex import TooCostlyError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ubiops.emulator.core.storage import Storage

# Entries that are read at a time. Others may use the database in between.
_CHUNK = 5000
# Up to so many streams, each is read by its own index.
_FEW_STREAMS = 100
_MAXIMUM_SECONDS = 15.0


class FoundEntry(NamedTuple):
    """An entry of a log.

    Attributes:
        pk: Its key.
        timestamp: When it was written, in nanoseconds since 1970.
        log: The text.
        labels: Its labels, with level and system ("true" or "false").
    """

    pk: int
    timestamp: int
    log: str
    labels: dict[str, str]


class Interval(NamedTuple):
    """A time span, in nanoseconds since 1970. Both ends belong to it."""

    first: int
    last: int
    backward: bool


def search(storage: Storage, project: str, query: Query, interval: Interval, limit: int) -> list[FoundEntry]:
    """Returns the entries that match a query.

    Runs in a worker thread: it may take seconds.

    Args:
        storage: The database.
        project: The project.
        query: What the entries must be like.
        interval: When they were written. A backward search finds the newest first.
        limit: How many to return at most.

    Raises:
        ApiError: The search takes too long.
    """
    try:
        return _search(storage, project, query, interval, limit)
    except TooCostlyError as error:
        raise bad_request(f"a regular expression in the query {error}") from error


def _search(storage: Storage, project: str, query: Query, interval: Interval, limit: int) -> list[FoundEntry]:
    streams: dict[int, dict[str, str]] | None = None
    if query.labels.parts:
        streams = _matching_streams(storage, project, query.labels)
        if not streams:
            return []
    found: list[sqlite3.Row] = []
    if limit > 0:
        for row in _entries(storage, project, streams, interval):
            if (streams is None or row["stream"] in streams) and query.accepts_line(row["log"]):
                found.append(row)
                if len(found) == limit:
                    break
    if streams is None:
        streams = _streams(storage, {row["stream"] for row in found})
    return [FoundEntry(row["pk"], row["timestamp"], row["log"], streams[row["stream"]]) for row in found]


def _entries(
    storage: Storage, project: str, streams: dict[int, dict[str, str]] | None, interval: Interval
) -> Iterator[sqlite3.Row]:
    """Yields the entries of a time span, and possibly those of other streams."""
    deadline = time.monotonic() + _MAXIMUM_SECONDS
    first, last, backward = interval
    few = sorted(streams) if streams is not None and len(streams) <= _FEW_STREAMS else None
    while first <= last:
        if few is not None:
            selected, values = f"stream IN ({', '.join('?' * len(few))})", tuple(few)
        else:
            selected, values = "project = ?", (project,)  # type: ignore[assignment]
        order = "DESC" if backward else "ASC"
        with storage.reading() as db:
            rows = db.execute(
                f"SELECT * FROM log_entries WHERE {selected} AND timestamp BETWEEN ? AND ?"  # noqa: S608  # nosec B608
                f" ORDER BY timestamp {order} LIMIT ?",
                (*values, first, last, _CHUNK),
            ).fetchall()
        for row in rows:
            if time.monotonic() > deadline:
                raise bad_request("the search takes too long; choose a shorter time span, or filter by more labels")
            yield row
        if len(rows) < _CHUNK:
            return
        if backward:
            last = rows[-1]["timestamp"] - 1
        else:
            first = rows[-1]["timestamp"] + 1
        # These streams have many entries. Sorting those of several streams anew for
        # each chunk would cost more than passing over the others.
        few = few if few is not None and len(few) == 1 else None


def _matching_streams(storage: Storage, project: str, condition: All) -> dict[int, dict[str, str]]:
    sql, values = _superset(condition)
    with storage.reading() as db:
        rows = db.execute(
            f"SELECT pk, level, system, labels FROM log_streams WHERE project = ? AND {sql or '1'}",  # noqa: S608  # nosec B608
            (project, *values),
        ).fetchall()
    labelled = ((row["pk"], _labels(row)) for row in rows)
    return {pk: labels for pk, labels in labelled if condition.passes(labels)}


def _streams(storage: Storage, keys: set[int]) -> dict[int, dict[str, str]]:
    listed = sorted(keys)
    found = {}
    with storage.reading() as db:
        for start in range(0, len(listed), 500):
            part = listed[start : start + 500]
            rows = db.execute(
                f"SELECT pk, level, system, labels FROM log_streams WHERE pk IN ({', '.join('?' * len(part))})",  # noqa: S608  # nosec B608
                part,
            )
            found.update({row["pk"]: _labels(row) for row in rows})
    return found


def _labels(row: sqlite3.Row) -> dict[str, str]:
    labels: dict[str, str] = json.loads(row["labels"])
    return {**labels, "level": row["level"], "system": "true" if row["system"] else "false"}


def _superset(condition: Condition) -> tuple[str, list[str]]:
    """Returns SQL that selects all streams that may pass, and its values.

    The SQL is empty if every stream may.
    """
    if isinstance(condition, LabelFilter):
        if condition.equals is not None and condition.label in INDEXED:
            return f"{condition.label} = ?", [condition.equals]
        return "", []
    parts = [_superset(part) for part in condition.parts]
    if isinstance(condition, Any) and not all(sql for sql, _ in parts):
        return "", []
    parts = [part for part in parts if part[0]]
    if not parts:
        return "", []
    joint = " OR " if isinstance(condition, Any) else " AND "
    return f"({joint.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]

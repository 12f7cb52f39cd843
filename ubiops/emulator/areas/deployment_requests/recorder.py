"""Writes changes of requests to the database, many in one transaction.

A transaction costs as much as waiting for the disk. Under load this thread therefore
writes whatever has come up during the last one together.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.backend import Backend

_MAXIMUM_GROUP = 1000

_log = logging.getLogger("ubiops.emulator")


class Change:
    """A change to be written. Its steps are called in the recorder's thread."""

    def prepare(self, backend: Backend) -> None:
        """Does what takes long, before the transaction starts."""

    def write(self, db: sqlite3.Connection) -> None:
        """Changes the database. May be called again after a failed transaction."""

    def done(self, backend: Backend) -> None:
        """Called after the commit."""


class Recorder:
    """A thread that writes changes in the order in which they are added."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._changed = threading.Condition()
        self._waiting: list[Change] = []
        self._added = 0
        self._stored = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="ubiops-emulator-recorder", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Writes what has been added, and stops the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def add(self, change: Change) -> None:
        """Adds a change and returns at once. After `stop` it is dropped."""
        with self._changed:
            if not self._stopping:
                self._waiting.append(change)
                self._added += 1
                self._changed.notify_all()

    def flush(self) -> None:
        """Waits until everything that was added before is stored."""
        if threading.current_thread() is self._thread:
            return
        with self._changed:
            wanted = self._added
            self._changed.wait_for(lambda: self._stored >= wanted)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                group, self._waiting = self._waiting[:_MAXIMUM_GROUP], self._waiting[_MAXIMUM_GROUP:]
                if not group:
                    return
            stored = self._store(group)
            for change in stored:
                self._try(change, self._finish)
            with self._changed:
                self._stored += len(group)
                self._changed.notify_all()

    def _store(self, group: Sequence[Change]) -> Sequence[Change]:
        """Stores changes together, or one by one if that fails.

        Returns:
            Those that were stored. The others are logged and lost.
        """
        prepared = [change for change in group if self._try(change, self._prepare)]
        try:
            with self._backend.storage.transaction() as db:
                for change in prepared:
                    change.write(db)
        except Exception:
            return [change for change in prepared if self._try(change, self._write)]
        return prepared

    def _prepare(self, change: Change) -> None:
        change.prepare(self._backend)

    def _finish(self, change: Change) -> None:
        change.done(self._backend)

    def _write(self, change: Change) -> None:
        with self._backend.storage.transaction() as db:
            change.write(db)

    def _try(self, change: Change, step: Callable[[Change], None]) -> bool:
        try:
            step(change)
        except Exception:
            _log.exception("%r failed", change)
            return False
        return True

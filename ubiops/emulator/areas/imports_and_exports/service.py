"""Works off exports and imports, each in a thread of its own."""

from __future__ import annotations

import functools
import json
import logging
import threading
from typing import TYPE_CHECKING, Any, Callable

from ubiops._packages.errors import UnusableError
from ubiops.emulator.areas.imports_and_exports.creating import Creator, Stopped
from ubiops.emulator.areas.imports_and_exports.packing import Packer
from ubiops.emulator.areas.imports_and_exports.reading import read_archive
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend

_log = logging.getLogger("ubiops.emulator")

_LONGEST_ERROR = 1024
_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_TO_STOP = 5.0
OUT_OF_ORDER = "The emulator failed. Its own log says why"
INTERRUPTED = "The emulator was stopped while objects were created: some of them may exist"
GONE = "The file was deleted while it was read"


class TransferService:
    """Does the work of exports and imports. A service of the backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    def start(self) -> None:
        """Takes up what was interrupted, but for imports that created objects."""
        self._stopping = threading.Event()
        with self._backend.storage.transaction() as db:
            db.execute(
                "UPDATE imports SET status = 'failed', error = ?"
                " WHERE status IN ('confirmation_pending', 'processing')",
                (INTERRUPTED,),
            )
            exports = db.execute("SELECT pk FROM exports WHERE status IN ('pending', 'processing')").fetchall()
            imports = db.execute("SELECT pk FROM imports WHERE status IN ('pending', 'scanning')").fetchall()
        for row in exports:
            self.export(row["pk"])
        for row in imports:
            self.scan(row["pk"])

    def stop(self) -> None:
        """Interrupts the work."""
        self._stopping.set()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(_SECONDS_TO_STOP)

    def export(self, key: int) -> None:
        """Starts to pack an export."""
        self._begin("exports", key, self._export)

    def scan(self, key: int) -> None:
        """Starts to read the file of an import."""
        self._begin("imports", key, self._scan)

    def create(self, key: int) -> None:
        """Starts to create the objects of an import."""
        self._begin("imports", key, self._create)

    def _begin(self, table: str, key: int, work: Callable[[sqlite3.Row], None]) -> None:
        name = f"ubiops-{table}-{key}"
        thread = threading.Thread(target=self._run, args=(table, key, work), name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _run(self, table: str, key: int, work: Callable[[sqlite3.Row], None]) -> None:
        stopping = self._stopping
        try:
            row = self._row(table, key)
            if row is not None and not stopping.is_set():
                work(row)
        except Stopped:
            pass
        except (UnusableError, ApiError) as error:
            message = str(error.message if isinstance(error, ApiError) else error)
            self._set(table, key, status="failed", error=message[:_LONGEST_ERROR])
        except FileNotFoundError:
            if not stopping.is_set():
                self._set(table, key, status="failed", error=GONE)
        except Exception:
            if not stopping.is_set():
                _log.exception("the %s with the key %s failed", table, key)
                self._set(table, key, status="failed", error=OUT_OF_ORDER)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _export(self, row: sqlite3.Row) -> None:
        self._set("exports", row["pk"], status="processing")
        packer = Packer(self._backend, row["project"], row["user"], packages=bool(row["packages"]))
        packer.collect(json.loads(row["selection"]))
        with self._backend.files.create() as incoming:
            packer.write(incoming.file)
            size = incoming.file.tell()
            file = incoming.keep()
        if not self._set("exports", row["pk"], status="completed", file=file, size=size):
            self._backend.files.remove([file])

    def _scan(self, row: sqlite3.Row) -> None:
        self._set("imports", row["pk"], status="scanning")
        contents = read_archive(self._backend.files.path(row["file"]))
        stored = json.dumps(contents)
        if not row["skip_confirmation"]:
            self._set("imports", row["pk"], status="confirmation", contents=stored, selection=stored)
            return
        self._set("imports", row["pk"], status="processing", contents=stored, selection=stored)
        found = self._row("imports", row["pk"])
        if found is not None:
            self._create(found)

    def _create(self, row: sqlite3.Row) -> None:
        self._set("imports", row["pk"], status="processing")
        creator = Creator(
            self._backend,
            row["project"],
            row["user"],
            self._backend.files.path(row["file"]),
            json.loads(row["contents"]),
            functools.partial(self._wait, row["pk"]),
        )
        creator.create(json.loads(row["selection"]))
        self._set("imports", row["pk"], status="completed")

    def _wait(self, key: int) -> None:
        """Waits a moment for builds, which follow the clock of the emulator."""
        if self._stopping.wait(_SECONDS_BETWEEN_LOOKS) or self._row("imports", key) is None:
            raise Stopped

    def _row(self, table: str, key: int) -> sqlite3.Row | None:
        with self._backend.storage.reading() as db:
            return find_row(db, table, {"pk": key})

    def _set(self, table: str, key: int, **columns: Any) -> bool:
        """Changes a row. Returns False if it has been deleted."""
        changes = ", ".join(f"{column} = ?" for column in columns)
        with self._backend.storage.transaction() as db:
            query = f"UPDATE {table} SET {changes} WHERE pk = ?"  # noqa: S608  # nosec B608
            return db.execute(query, (*columns.values(), key)).rowcount > 0

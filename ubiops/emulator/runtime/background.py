"""Does long work in threads: the emulator's `Background`."""

from __future__ import annotations

import functools
import logging
import queue
import threading
import time
from typing import Callable

_log = logging.getLogger("ubiops.emulator")

MAXIMUM_THREADS = 8
_SECONDS_TO_STOP = 3.0


class WorkQueue:
    """A queue and a few threads that work it off. Also a service of the backend."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.start()

    def start(self) -> None:
        """Accepts work. Threads start with the first of it."""
        with self._lock:
            self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
            self._threads: list[threading.Thread] = []
            self._idle = 0
            self._stopped = False

    def submit(self, work: Callable[[], None]) -> None:
        """Does this work soon, in a worker thread. An exception is logged."""
        with self._lock:
            if self._stopped:
                return
            if self._idle > 0:
                self._idle -= 1
            elif len(self._threads) < MAXIMUM_THREADS:
                work_off = functools.partial(self._work, self._queue)
                thread = threading.Thread(target=work_off, name="ubiops-background", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._queue.put(work)

    def stop(self) -> None:
        """Drops what has not started; waits a moment for the rest."""
        with self._lock:
            self._stopped = True
            for _ in self._threads:
                self._queue.put(None)
        limit = time.monotonic() + _SECONDS_TO_STOP
        for thread in self._threads:
            thread.join(max(0.0, limit - time.monotonic()))

    def _work(self, waiting: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while True:
            work = waiting.get()
            if work is None or self._stopped:
                return
            try:
                work()
            except Exception:
                if not self._stopped:
                    _log.exception("background work failed")
            with self._lock:
                # Work that waits already has no thread of its own.
                self._idle += waiting.empty()

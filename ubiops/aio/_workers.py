"""Worker threads: they make the blocking steps of calls, and end when they are idle."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_IDLE_SECONDS = 5.0
"""How long a thread waits for the next job before it ends."""


class Workers:
    """Threads that start when there is a job and none of them is idle.

    There are never more threads than jobs. Nothing has to be closed: idle threads end
    by themselves, and they don't keep the interpreter from exiting.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._idle = 0

    def submit(self, job: Callable[[], object]) -> None:
        """Runs a job in a thread. The job must not raise."""
        with self._lock:
            if self._idle:
                # This job takes one idle thread.
                self._idle -= 1
                start = False
            else:
                start = True
        self._jobs.put(job)
        if start:
            threading.Thread(target=self._work, name="ubiops-aio", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if not self._idle:
                        continue  # A job that was counted for this thread is about to arrive.
                    self._idle -= 1
                return
            if job is None:
                return
            job()
            del job
            with self._lock:
                self._idle += 1

    def stop_idle(self) -> None:
        """Ends the threads that are idle now."""
        with self._lock:
            count, self._idle = self._idle, 0
        for _ in range(count):
            self._jobs.put(None)

"""A runner that calls a function of the test in threads, in place of uploaded code."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from ubiops.emulator.core.interfaces import InstanceView, Job, Outcome
from ubiops.emulator.server import Emulator


class PublicError(Exception):
    """A failure whose text the caller may know."""


class InstanceDied(Exception):
    """The instance died while it ran the request."""


class NeverEndsError(Exception):
    """The request goes on until it is cancelled."""


def echo(data: Any, context: dict[str, Any]) -> Any:
    """Does what the deployment package of the tests does."""
    if data == "wait":
        raise NeverEndsError
    return data


class ThreadRunner:
    """Runs jobs by priority and order of submission.

    Attributes:
        code: Called with the input and the context of a request, and returns the
            result. May be replaced at any time.
        jobs: All jobs that were submitted.
        changes: The versions that were reported as changed.
        on_submit: Called after each job that was submitted.
    """

    def __init__(self, code: Callable[[Any, dict[str, Any]], Any] = echo, threads: int = 4) -> None:
        self.code = code
        self.jobs: list[Job] = []
        self.changes: list[int] = []
        self.on_submit: Callable[[], object] = lambda: None
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._queue: list[tuple[int, int, Job, Future[Outcome]]] = []
        self._futures: dict[str, Future[Outcome]] = {}
        self._stopped = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stops the threads. What waits or runs is interrupted."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for request in list(self._futures):
            self._end(request, Outcome("failed", error_message="stopped", interrupted=True))
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def submit(self, job: Job) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        with self._changed:
            self.jobs.append(job)
            self._futures[job.request_id] = future
            heapq.heappush(self._queue, (job.priority, next(self._numbers), job, future))
            self._changed.notify()
        self.on_submit()
        return future

    def cancel(self, request_id: str) -> bool:
        return self._end(request_id, Outcome("cancelled"))

    def changed(self, version: int) -> None:
        self.changes.append(version)

    def instances(self) -> list[InstanceView]:
        return []

    def stop_instance(self, instance_id: str) -> bool:
        return False

    def _end(self, request_id: str, outcome: Outcome) -> bool:
        with self._changed:
            future = self._futures.pop(request_id, None)
        if future is None:
            return False
        future.set_result(outcome)
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopped)
                if self._stopped:
                    return
                _, _, job, future = heapq.heappop(self._queue)
                if self._futures.get(job.request_id) is not future:
                    continue
            outcome = self._run(job)
            if outcome is not None:
                self._end(job.request_id, outcome)

    def _run(self, job: Job) -> Outcome | None:
        if job.on_start is not None and not job.on_start():
            return Outcome("cancelled")
        context = {
            "id": job.request_id,
            "request_mode": job.mode,
            "user_id": job.user,
            "streaming_update": job.on_update or (lambda text: None),
            **(job.context or {}),
        }
        try:
            results = [self.code(value, context) for value in job.load()]
        except NeverEndsError:
            return None
        except InstanceDied:
            return Outcome("failed", error_message="The instance died", interrupted=True)
        except PublicError as error:
            return Outcome("failed", error_message=str(error))
        except Exception:
            return Outcome("failed", error_message="An exception occurred in the request. See the logs for details.")
        return Outcome("completed", results if job.many else results[0])


@contextlib.contextmanager
def provided(emulator: Emulator) -> Iterator[None]:
    """Gives an emulator that has no runner one that does what the package does."""
    backend = emulator._backend
    if backend.runner is not None:
        yield
        return
    runner = ThreadRunner()
    runner.start()
    backend.runner = runner
    try:
        yield
    finally:
        runner.stop()


class RunnerService:
    """Starts and stops a runner with the emulator."""

    def __init__(self, runner: ThreadRunner) -> None:
        self._runner = runner

    def start(self) -> None:
        self._runner.start()

    def stop(self) -> None:
        self._runner.stop()


@contextlib.contextmanager
def installed(runner: ThreadRunner | None) -> Iterator[None]:
    """Gives the emulators that start within the block this runner, or none."""
    original = Emulator._open_backend

    def open_backend(self: Emulator, *arguments: Any, **options: Any) -> Any:
        backend = original(self, *arguments, **options)
        backend.runner = runner
        if runner is not None:
            backend.services.insert(0, RunnerService(runner))
        return backend

    Emulator._open_backend = open_backend  # type: ignore[method-assign]
    try:
        yield
    finally:
        Emulator._open_backend = original  # type: ignore[method-assign]

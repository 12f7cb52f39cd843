"""Runs requests to pipelines on an event loop of their own, and stores how they go."""

from __future__ import annotations

import asyncio
import functools
import heapq
import itertools
import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED, FAILED, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.recorder import Change, Recorder
from ubiops.emulator.areas.pipeline_requests import recovery
from ubiops.emulator.areas.pipeline_requests.active import NOT_LOADED, Active, Ended
from ubiops.emulator.areas.pipeline_requests.changes import Finished, NewRequest, Started, load_data
from ubiops.emulator.areas.pipeline_requests.destination import destination_with_keys
from ubiops.emulator.areas.pipeline_requests.parts import Parts
from ubiops.emulator.areas.pipeline_requests.retention import Sweep
from ubiops.emulator.areas.pipeline_requests.run import Run
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.interfaces import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.emulator.core.backend import Backend

# How many batch requests to one version are processed at the same time. Those that are
# parts of others don't count.
MAXIMUM_RUNNING = 16
SWEEP_INTERVAL = 600.0
CANCELLED_MESSAGE = "The request was cancelled"
INTERNAL_ERROR = "Internal error while processing the pipeline request"

_log = logging.getLogger("ubiops.emulator")


class PipelineService:
    """The requests to pipelines that wait or run.

    It must start after the requests to deployments and stop before them. Batch requests
    that have not ended by then run again, from their beginning, at the next start.

    Changes are written in the background. Whoever reads requests from the database
    calls `flush` first.

    Attributes:
        backend: The emulator.
        in_order: Held from the transaction that stores batch requests until they are
            queued, so that they keep their order.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.in_order = threading.Lock()
        self._lock = threading.Lock()
        self._sequence = 0
        self._stopped = True

    def start(self) -> None:
        """Takes up the batch requests that had not ended when the emulator stopped.

        A service that was stopped may be started again.
        """
        self._recorder = Recorder(self.backend)
        self._active: dict[str, Active] = {}
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        # By the keys of versions.
        self._queues: dict[int, list[tuple[int, int, Active]]] = {}
        self._running: Counter[int] = Counter()
        self._numbers = itertools.count()
        self._swept = float("-inf")
        self._stopped = False
        self._recorder.start()
        waiting = recovery.recover(self.backend, self.record)
        self._recorder.flush()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="ubiops-emulator-pipelines", daemon=True)
        self._thread.start()
        self.submit(waiting)

    def stop(self) -> None:
        """Stops all requests. Batch requests stay as they are in the database."""
        with self._lock:
            self._stopped = True
        self._loop.call_soon_threadsafe(self._cancel_all)
        self._thread.join()
        self._loop.close()
        self._recorder.stop()

    def flush(self) -> None:
        """Waits until everything that has happened is stored."""
        now = self.backend.clock.now()
        if now >= self._swept + SWEEP_INTERVAL:
            self._swept = now
            self.record(Sweep(now))
        self._recorder.flush()

    def record(self, change: Change) -> None:
        """Stores a change in the background, unless the emulator is stopping."""
        if not self._stopped:
            self._recorder.add(change)

    def start_express(self, request: Active) -> None:
        """Runs a request at once."""
        with self._lock:
            self._active[request.id] = request
        self.record(NewRequest(request))
        self._call(lambda: self._begin(request))

    def submit(self, requests: Sequence[Active]) -> None:
        """Queues stored batch requests."""
        with self._lock:
            self._active.update((request.id, request) for request in requests)
        self._call(lambda: self._enqueue(requests))

    def cancel(self, identifier: str) -> bool:
        """Cancels a request that waits or runs; returns False if there is none.

        When it returns, the request has ended, though its parts may be about to.
        """
        # One that was stored a moment ago is about to be queued.
        with self.in_order, self._lock:
            request = self._active.get(identifier)
        if request is None or request.ended.done():
            return False
        self._call(lambda: self._cancel(request))
        request.ended.result()
        return True

    def next_sequence(self) -> str:
        """Returns a number that is larger than all before: the time in microseconds."""
        self._sequence = max(self._sequence + 1, int(self.backend.clock.now() * 1e6))
        return str(self._sequence)

    def in_background(self, function: Callable[[], Any]) -> None:
        """Calls a function that may block, outside of the event loop."""
        self._loop.run_in_executor(None, function)

    async def run_child(self, request: Active) -> Outcome:
        """Runs a request that is a part of another one, and returns how it ended."""
        with self._lock:
            self._active[request.id] = request
        self.record(NewRequest(request))
        self._begin(request)
        ended = asyncio.wrap_future(request.ended)
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            self._cancel(request)
            await ended
            raise
        return request.ended.result().outcome

    # On the loop

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        # What was started while the others were being cancelled.
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(left) if left else asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())

    def _call(self, function: Callable[[], Any]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError as error:
            raise ApiError(503, "The emulator has been stopped") from error

    def _begin(self, request: Active) -> None:
        task = self._tasks[request.id] = self._loop.create_task(self._outcome(request))
        task.add_done_callback(functools.partial(self._end, request))

    def _enqueue(self, requests: Sequence[Active]) -> None:
        for request in requests:
            queue = self._queues.setdefault(request.destination.version_pk, [])
            heapq.heappush(queue, (request.priority, next(self._numbers), request))
        for version in {request.destination.version_pk for request in requests}:
            self._next(version)

    def _next(self, version: int) -> None:
        """Begins what waits for a version, as long as there is room for it."""
        queue = self._queues.get(version, [])
        while queue and self._running[version] < MAXIMUM_RUNNING and not self._stopped:
            request = heapq.heappop(queue)[2]
            if request.status == PENDING:
                self._running[version] += 1
                self._begin(request)
        if not queue:
            self._queues.pop(version, None)

    def _cancel(self, request: Active) -> None:
        task = self._tasks.get(request.id)
        if task is not None:
            task.cancel()
        elif not request.ended.done():
            self._finish(request, Outcome(CANCELLED))

    def _cancel_all(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        ended = asyncio.gather(*tasks, return_exceptions=True)
        ended.add_done_callback(lambda _: self._loop.stop())

    def _end(self, request: Active, task: asyncio.Task[Outcome]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or isinstance(error, LookupError):
            # It was cancelled, or deleted before its turn came.
            outcome = Outcome(CANCELLED)
        elif error is None:
            outcome = task.result()
        elif isinstance(error, ApiError):
            outcome = Outcome(FAILED, error_message=error.message)
        else:
            _log.error("the request %s failed", request.id, exc_info=error)
            outcome = Outcome(FAILED, error_message=INTERNAL_ERROR)
        self._finish(request, outcome)
        del self._tasks[request.id]
        if request.durable:
            version = request.destination.version_pk
            self._running[version] -= 1
            if not self._running[version]:
                del self._running[version]
            self._next(version)

    async def _outcome(self, request: Active) -> Outcome:
        request.status, request.started = PROCESSING, self.backend.clock.now()
        self.record(Started(request, request.started))
        if request.data is NOT_LOADED:
            with self.backend.storage.reading() as db:
                request.data = load_data(db, request.id)
                where = request.destination
                # What the objects refer to may have changed while it waited.
                present = destination_with_keys(db, where.pipeline_pk, where.version_pk)
                request.destination = present.keeping(where.retention, where.retention_time)
        return await Run(request.destination.plan, request.data, Parts(self, request)).execute()

    def _finish(self, request: Active, outcome: Outcome) -> None:
        now = self.backend.clock.now()
        request.status = outcome.status
        if outcome.status == CANCELLED:
            outcome = Outcome(CANCELLED, error_message=CANCELLED_MESSAGE)
        ended = Ended(request, outcome, now)
        self.record(Finished(request, ended))
        with self._lock:
            self._active.pop(request.id, None)
        request.ended.set_result(ended)

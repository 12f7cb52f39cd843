"""Gives requests to the runner, and stores what becomes of them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import changes, data, recovery, retention
from ubiops.emulator.areas.deployment_requests.active import Active, Created
from ubiops.emulator.areas.deployment_requests.journal import FullJournal, Journal
from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED, CANCELLED_PENDING, FAILED, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_RESTARTS, STANDARD_PRIORITY, SWEEP_INTERVAL
from ubiops.emulator.areas.deployment_requests.recorder import Recorder
from ubiops.emulator.areas.deployments.kinds import VERSION
from ubiops.emulator.core.errors import ApiError, not_found
from ubiops.emulator.core.interfaces import Job, Outcome
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from ubiops.emulator.areas.deployment_requests.active import Ended
    from ubiops.emulator.areas.deployment_requests.destination import Destination
    from ubiops.emulator.areas.deployment_requests.inputs import Inputs
    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.interfaces import Runner

NO_RUNNER = "The emulator can't handle requests, because it was started with --no-run"
QUEUE_FULL = "The maximum queue size is reached"

_log = logging.getLogger("ubiops.emulator")


class RequestService:
    """The requests that wait or are being processed.

    It must start after the runner and stop before it. What has not ended by then is
    taken up at the next start.

    A change of a request is written in the background, within milliseconds. Whoever
    reads requests from the database calls `flush` first.

    Attributes:
        in_order: Held from the transaction that stores batch requests until the runner
            has them, so that they keep their order.
    """

    def __init__(self, backend: Backend) -> None:
        self.in_order = threading.Lock()
        self._backend = backend
        self._recorder = Recorder(backend)
        # The data folder, in which the files have a folder of their own.
        self._journal = Journal(backend.files.path("").parent)
        self._lock = threading.Lock()
        self._active: dict[str, Active] = {}
        self._waiting: Counter[tuple[int, str]] = Counter()
        self._swept = float("-inf")
        self._stopped = False

    def start(self) -> None:
        """Takes up the requests that had not ended when the emulator stopped."""
        if self._stopped:
            # It is started again. What comes of the old requests is of no interest.
            self._recorder = Recorder(self._backend)
            self._active.clear()
            self._waiting.clear()
            self._stopped = False
        self._recorder.start()
        waiting = []
        for found in recovery.unfinished(self._backend, self._journal.take()):
            with self._lock:
                self._add(found.request)
            if found.outcome is None:
                waiting.append(found.request)
                if found.interrupted:
                    self._recorder.add(changes.BackInQueue(found.request))
            else:
                self._finish(found.request, found.outcome)
        self.flush()
        self._journal.forget()
        if self._backend.runner is not None:
            for request in sorted(waiting, key=lambda request: request.priority):
                self._submit(self._backend.runner, request)

    def stop(self) -> None:
        """Stores what has happened so far. What happens later is ignored."""
        with self._lock:
            self._stopped = True
        self._recorder.stop()
        self._journal.close()

    def flush(self) -> None:
        """Waits until everything that has happened is stored."""
        if self._backend.clock.now() >= self._swept + SWEEP_INTERVAL:
            self._swept = self._backend.clock.now()
            self._recorder.add(retention.Sweep(self._swept))
        self._recorder.flush()

    def start_express(
        self,
        destination: Destination,
        inputs: Inputs,
        user: str,
        timeout: int,
        priority: int | None,
        mode: str,
        context: Mapping[str, Any] | None,
        on_update: Callable[[str], None] | None,
    ) -> tuple[str, Future[Ended]]:
        """Gives a request to the runner; returns its id and its end."""
        runner = self._runner()
        request = Active(
            id=new_id(),
            destination=destination,
            many=inputs.many,
            mode=mode,
            durable=False,
            user=user,
            timeout=timeout,
            priority=STANDARD_PRIORITY if priority is None else priority,
            context=context,
            created=self._now(),
            inputs=inputs,
            on_update=on_update,
        )
        with self._lock:
            self._check_queue(request.queue, destination, 1)
            self._add(request)
        if changes.is_stored(request):
            self._recorder.add(changes.NewRequest(request, inputs))
        self._submit(runner, request)
        return request.id, request.ended

    def prepare_batch(
        self,
        destination: Destination,
        inputs: Sequence[Inputs],
        user: str,
        timeout: int,
        priority: int | None,
        context: Mapping[str, Any] | None,
    ) -> list[Created]:
        """Returns batch requests to be stored. Large inputs are written to files.

        Files of requests that aren't stored must be removed with `discard`.
        """
        self._runner()
        with self._lock:
            self._check_queue((destination.version_pk, "batch"), destination, len(inputs))
        created = []
        for one in inputs:
            request = Active(
                id=new_id(),
                destination=destination,
                many=one.many,
                mode="batch",
                durable=True,
                user=user,
                timeout=timeout,
                priority=STANDARD_PRIORITY if priority is None else priority,
                context=context,
                created=self._now(),
            )
            content = one.encode()
            stored = data.keep(self._backend, content, one.is_text)
            created.append(Created(request.id, request.created, request, len(content), stored))
        return created

    def insert_batch(self, db: sqlite3.Connection, created: Sequence[Created]) -> None:
        """Stores batch requests within a transaction.

        Raises:
            ApiError: Their version has been deleted.
        """
        for one in created:
            if not changes.insert(db, one.active, one.size, one.stored):
                raise not_found(VERSION)

    def discard(self, created: Sequence[Created]) -> None:
        """Removes the files of requests that are not stored."""
        self._backend.files.remove([one.stored.file for one in created if one.stored.file])

    def submit_batch(self, created: Iterable[Created]) -> None:
        """Gives stored requests to the runner."""
        runner = self._runner()
        for one in created:
            with self._lock:
                self._add(one.active)
            self._submit(runner, one.active)

    def cancel(self, identifier: str) -> bool:
        """Cancels a request that waits or runs; returns False if there is none."""
        with self._lock:
            request = self._active.get(identifier)
            if request is None:
                return False
            waits = request.status == PENDING
            if not waits:
                request.status = CANCELLED_PENDING
        if waits:
            self._finish(request, Outcome(CANCELLED))
        else:
            self._recorder.add(changes.Stopping(request))
        if self._backend.runner is not None:
            self._backend.runner.cancel(identifier)
        return True

    def cancel_all(self, is_wanted: Callable[[Destination], bool]) -> None:
        """Cancels all requests to some destinations."""
        with self._lock:
            found = [one.id for one in self._active.values() if is_wanted(one.destination)]
        for identifier in found:
            self.cancel(identifier)

    # Within the life of one request

    def _submit(self, runner: Runner, request: Active) -> None:
        job = Job(
            version=request.destination.version_pk,
            request_id=request.id,
            load=lambda: self._load(request),
            many=request.many,
            mode=request.mode,
            timeout=request.timeout,
            user=request.user,
            priority=request.priority,
            context=request.context,
            on_start=lambda: self._on_start(request),
            on_update=request.on_update,
        )
        try:
            future = runner.submit(job)
        except Exception as error:
            _log.exception("the request %s could not be submitted", request.id)
            self._finish(request, Outcome(FAILED, error_message=f"The request could not be processed: {error}"))
            return
        future.add_done_callback(lambda done: self._on_end(request, done.result()))

    def _load(self, request: Active) -> Sequence[Any]:
        """Returns the input when the request's turn has come."""
        if request.inputs is not None:
            return request.inputs.values
        with self._backend.storage.reading() as db:
            row = db.execute("SELECT pk FROM deployment_requests WHERE id = ?", (request.id,)).fetchone()
            found = data.find(db, row["pk"], data.INPUT) if row else None
        if found is None:
            raise LookupError(f"the request {request.id} was deleted")
        value = data.read(self._backend, found)
        return value if request.many else [value]

    def _on_start(self, request: Active) -> bool:
        now = self._now()
        with self._lock:
            if self._stopped or self._active.get(request.id) is not request or request.status != PENDING:
                return False
            self._waiting[request.queue] -= 1
            request.status = PROCESSING
            request.started = now
            full = self._journal.add(request.id) if request.durable else None
            self._recorder.add(changes.Started(request, now))
            if full is not None:
                self._recorder.add(FullJournal(full))
        return True

    def _on_end(self, request: Active, outcome: Outcome) -> None:
        runner = self._backend.runner
        with self._lock:
            again = (
                outcome.interrupted
                and request.durable
                and request.destination.restarts
                and request.status == PROCESSING
                and request.restarts < MAXIMUM_RESTARTS
                and not self._stopped
            )
            if again:
                self._waiting[request.queue] += 1
                request.status, request.started = PENDING, None
                request.restarts += 1
        if not again or runner is None:
            self._finish(request, outcome)
            return
        # The runner is about to return from this callback, and gets the job after that.
        self._recorder.add(changes.BackInQueue(request, lambda: self._submit(runner, request)))

    def _finish(self, request: Active, outcome: Outcome) -> None:
        now = self._now()
        with self._lock:
            if self._active.pop(request.id, None) is not request:
                return
            if request.status == PENDING:
                self._waiting[request.queue] -= 1
            if request.status == CANCELLED_PENDING:
                outcome = Outcome(CANCELLED)
            request.status = outcome.status
            stopped = self._stopped
        ended = request.end(outcome, now)
        if not stopped:
            self._recorder.add(changes.Finished(request, ended))
        request.ended.set_result(ended)

    def _now(self) -> float:
        """Returns the time with the precision that dates of the API have."""
        return round(self._backend.clock.now(), 6)

    # With the lock

    def _add(self, request: Active) -> None:
        self._active[request.id] = request
        if request.status == PENDING:
            self._waiting[request.queue] += 1

    def _check_queue(self, queue: tuple[int, str], destination: Destination, number: int) -> None:
        version, kind = queue
        waiting, limit = self._waiting[queue], destination.queue_sizes[kind]
        if destination.queue_size is not None:
            waiting, limit = self._waiting[version, "express"] + self._waiting[version, "batch"], destination.queue_size
        if waiting + number > limit:
            raise ApiError(429, QUEUE_FULL)

    def _runner(self) -> Runner:
        if self._backend.runner is None:
            raise ApiError(501, NO_RUNNER)
        return self._backend.runner

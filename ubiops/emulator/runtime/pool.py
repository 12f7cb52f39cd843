"""The queue of a version and the instances that work it off.

Everything here is guarded by the lock of the runner.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ubiops.emulator.core.interfaces import InstanceEvent, InstanceView
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ubiops.emulator.core.interfaces import Job, Outcome
    from ubiops.emulator.runtime.host import Host
    from ubiops.emulator.runtime.output import Output
    from ubiops.emulator.runtime.plan import Plan

REPLACED = "it is not needed any more"
_numbers = itertools.count()
_STATUSES = ("pending", "initialising", "running", "stopping")


@dataclass(eq=False)
class Run:
    """A job on its way.

    Attributes:
        job: The job.
        deadline: When it fails, by `time.monotonic`; None for a batch request that has
            not started.
        submitted: When it was queued.
        state: queued, running, finishing or ended.
        cancelled: Whether it was cancelled while it ran.
        slot: The process that runs it.
    """

    job: Job
    future: Future[Outcome] = field(default_factory=Future)
    deadline: float | None = None
    submitted: float = field(default_factory=time.monotonic)
    state: str = "queued"
    cancelled: bool = False
    slot: Slot | None = None
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        if self.job.mode == "express":
            self.deadline = self.submitted + self.job.timeout
        # From now on only the runner ends the future.
        self.future.set_running_or_notify_cancel()


@dataclass(eq=False)
class Slot:
    """One process of an instance, and the thread that talks to it."""

    instance: Instance
    number: int
    host: Host | None = None
    copy: Path | None = None
    idle: bool = False
    output: Output | None = None
    # Held by the thread that talks to the process.
    talking: threading.Lock = field(default_factory=threading.Lock)


class Instance:
    """Some processes that run the same plan.

    Attributes:
        status: pending, initialising, running or stopping.
    """

    def __init__(self, pool: Pool, plan: Plan) -> None:
        self.id = new_id()
        self.pool = pool
        self.plan = plan
        self.status = "pending"
        self._events = [InstanceEvent(new_id(), pool.now(), "Instance created")]
        self.started = time.monotonic()
        self.idle_since: float | None = None
        self.slots = [Slot(self, number) for number in range(plan.processes)]

    @property
    def is_starting(self) -> bool:
        """Whether one of its processes can't take a job yet."""
        return any(slot.output is None for slot in self.slots)

    @property
    def stopping(self) -> bool:
        """Whether it takes no further job."""
        return self.status == "stopping"

    def change(self, status: str) -> None:
        """Sets its status, which only moves on."""
        if _STATUSES.index(status) > _STATUSES.index(self.status):
            self.status = status
            text = f"Instance status changed to {status}"
            self._events.append(InstanceEvent(new_id(), self.pool.now(), text))

    def view(self) -> InstanceView:
        """Returns how it is at present."""
        return InstanceView(
            id=self.id,
            version=self.plan.version,
            status=self.status,
            instance_type=None if self.status == "pending" else self.plan.instance_type,
            created=self._events[0].created,
            updated=self._events[-1].created,
            events=tuple(self._events),
        )


class Pool:
    """The queue and the instances of a version.

    Args:
        plan: How the version is run.
        lock: The lock of the runner.
        now: Returns the time by the emulator's clock.
    """

    def __init__(self, plan: Plan, lock: threading.RLock, now: Callable[[], float]) -> None:
        self.plan = plan
        self.now = now
        self.loaded = time.monotonic()
        self.condition = threading.Condition(lock)
        self.instances: list[Instance] = []
        self.failed = False
        self._express: list[tuple[int, int, Run]] = []
        self._batch: list[tuple[int, int, Run]] = []
        self.queued = 0
        """How many jobs wait."""

    @property
    def active(self) -> list[Instance]:
        """The instances that take new jobs."""
        return [instance for instance in self.instances if not instance.stopping]

    def use(self, plan: Plan) -> None:
        """Makes new jobs run with this plan."""
        changed = plan != self.plan
        self.plan = plan
        self.loaded = time.monotonic()
        if changed:
            self.failed = False
            self.retire(self.instances)

    def retire(self, instances: list[Instance]) -> None:
        """Lets instances finish what they run and stop, and doesn't let them start."""
        for instance in instances:
            instance.change("stopping")
            for slot in instance.slots:
                if slot.output is None and slot.host is not None:
                    slot.host.process.kill(REPLACED)
        self.condition.notify_all()

    def add(self, run: Run) -> None:
        """Puts a job into the queue."""
        heap = self._express if run.job.mode == "express" else self._batch
        heapq.heappush(heap, (run.job.priority, run.number, run))
        self.queued += 1
        self.condition.notify()

    def pop(self) -> Run | None:
        """Takes the next job from the queue: express ones first."""
        for heap in (self._express, self._batch):
            while heap:
                run = heapq.heappop(heap)[2]
                if run.state == "queued":
                    run.state = "running"
                    self.queued -= 1
                    return run
        return None

    def remove(self, run: Run) -> None:
        """Takes a job out of the queue."""
        run.state = "ended"
        self.queued -= 1

    def waiting(self, mode: str | None = None) -> list[Run]:
        """Returns the queued jobs, or those of a mode."""
        heaps = {"express": [self._express], "batch": [self._batch]}.get(mode or "", [self._express, self._batch])
        return [entry[2] for heap in heaps for entry in heap if entry[2].state == "queued"]

    def oldest(self) -> Run | None:
        """Returns one of the jobs that are next, without taking it."""
        for heap in (self._express, self._batch):
            while heap and heap[0][2].state != "queued":
                heapq.heappop(heap)
            if heap:
                return heap[0][2]
        return None

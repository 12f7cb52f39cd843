"""Runs jobs: the emulator's `Runner`."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING

from ubiops.emulator.core.interfaces import Outcome
from ubiops.emulator.runtime.monitor import Monitor
from ubiops.emulator.runtime.plan import load_plan
from ubiops.emulator.runtime.pool import Instance, Pool, Run
from ubiops.emulator.runtime.slots import Slots

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.interfaces import InstanceView, Job
    from ubiops.emulator.runtime.builder import LocalBuilder
    from ubiops.emulator.runtime.packages import Packages
    from ubiops.emulator.runtime.plan import Plan
    from ubiops.emulator.runtime.pool import Slot

_log = logging.getLogger("ubiops.emulator")

STOPPED = "The emulator was stopped"
TIMED_OUT = "The time for the request has run out before an instance could take it"
GONE = "The version was deleted"
INTERRUPTED = "The instance was stopped"
# For how long a plan is used for further batch requests without being read again.
_SECONDS_OF_PLAN = 0.05
# How long stopped threads get to end.
_SECONDS_TO_STOP = 3.0


class LocalRunner:
    """Runs jobs in worker processes of this machine. Also a service of the backend.

    Args:
        backend: The emulator.
        packages: The unpacked packages.
        builder: Knows the interpreters.
        folder: The data folder, whose files code must not hand out.
    """

    def __init__(self, backend: Backend, packages: Packages, builder: LocalBuilder, folder: Path) -> None:
        self.backend = backend
        self.packages = packages
        self.lock = threading.RLock()
        self.pools: dict[int, Pool] = {}
        self.stopped = False
        self._runs: dict[str, Run] = {}
        self.slots = Slots(self, builder, folder)
        self.monitor = Monitor(self)

    # The service

    def start(self) -> None:
        """Starts to watch over instances, and prepares a first process."""
        with self.backend.storage.reading() as db:
            versions = [row[0] for row in db.execute("SELECT DISTINCT version FROM revisions")]
        self._remove_packages()
        with self.lock:
            self.stopped = False
            self.pools.clear()
            self._runs.clear()
        self.slots.standby.resume()
        if versions:
            self.slots.standby.prepare()
        self.monitor.start(versions)

    def interrupt(self) -> None:
        """Kills all processes at once and ends the requests that wait for them.

        Queued batch requests stay unfinished: they run when the emulator starts again.
        """
        with self.lock:
            if self.stopped:
                return
            self.stopped = True
            waiting = [run for pool in self.pools.values() for run in pool.waiting("express")]
            for run in waiting:
                run.state = "ended"
            for pool in self.pools.values():
                for instance in pool.instances:
                    for slot in instance.slots:
                        if slot.host is not None:
                            slot.host.process.kill(STOPPED)
                pool.retire(pool.instances)
        for run in waiting:
            self.end(run, Outcome("failed", error_message=STOPPED, interrupted=True))

    def stop(self) -> None:
        """Stops all processes."""
        self.interrupt()
        self.monitor.stop()
        self.slots.stop(_SECONDS_TO_STOP)

    # The runner

    def submit(self, job: Job) -> Future[Outcome]:
        """Queues a job."""
        run = Run(job)
        try:
            plan = self._plan(job)
        except Exception:
            _log.exception("the version of request %s could not be read", job.request_id)
            run.future.set_result(Outcome("failed", error_message="The emulator could not read the version"))
            return run.future
        refusal = GONE if plan is None else plan.refusal
        if plan is None or refusal is not None:
            run.future.set_result(Outcome("failed", error_message=refusal))
            return run.future
        with self.lock:
            if self.stopped:
                if job.mode == "express":
                    run.future.set_result(Outcome("failed", error_message=STOPPED, interrupted=True))
                return run.future
            pool = self.pools.get(job.version)
            if pool is None:
                pool = self.pools[job.version] = Pool(plan, self.lock, self.backend.clock.now)
            pool.use(plan)
            pool.failed = False
            pool.add(run)
            self._runs[job.request_id] = run
            if not pool.active:
                self.add_instance(pool)
        self.monitor.wake()
        return run.future

    def cancel(self, request_id: str) -> bool:
        """Cancels a job that is queued or runs. Returns False if there is none."""
        with self.lock:
            run = self._runs.get(request_id)
            if run is None or run.state not in ("queued", "running") or run.cancelled:
                return run is not None and run.cancelled
            if run.state == "running":
                run.cancelled = True
                if run.slot is not None and run.slot.host is not None:
                    run.slot.host.process.kill("The request was cancelled")
                return True
            self.pools[run.job.version].remove(run)
        self.end(run, Outcome("cancelled"))
        return True

    def changed(self, version: int) -> None:
        """Makes new jobs of a version run with its present state."""
        plan = load_plan(self.backend, version)
        ended: list[Run] = []
        with self.lock:
            pool = self.pools.get(version)
            if pool is not None and plan is not None and plan.refusal is None:
                pool.use(plan)
                if pool.queued and not pool.active and not self.stopped:
                    self.add_instance(pool)
            elif pool is not None:
                pool.retire(pool.instances)
                if plan is None:
                    ended = pool.waiting()
                    for run in ended:
                        pool.remove(run)
                    if not pool.instances:
                        del self.pools[version]
        for run in ended:
            self.end(run, Outcome("failed", error_message=GONE))
        if plan is None and self.backend.background is not None:
            self.backend.background.submit(self._remove_packages)
        self.monitor.watch(version)

    def instances(self) -> list[InstanceView]:
        """Returns the instances that have not ended, in the order of their creation."""
        with self.lock:
            found = [instance.view() for pool in self.pools.values() for instance in pool.instances]
        return sorted(found, key=lambda one: one.created)

    def stop_instance(self, instance_id: str) -> bool:
        """Stops an instance at once. Returns False if there is none of this id."""
        with self.lock:
            every = [instance for pool in self.pools.values() for instance in pool.instances]
            instance = next((one for one in every if one.id == instance_id), None)
            if instance is None:
                return False
            instance.pool.retire([instance])
            hosts = [slot.host for slot in instance.slots if slot.host is not None]
            for host in hosts:
                host.process.kill(INTERRUPTED)
        return True

    def queue_length(self, version: int) -> int:
        """Returns the number of jobs of a version that wait."""
        with self.lock:
            pool = self.pools.get(version)
            return pool.queued if pool else 0

    # For its parts

    def add_instance(self, pool: Pool) -> None:
        """Starts an instance. The lock must be held."""
        instance = Instance(pool, pool.plan)
        pool.instances.append(instance)
        self.slots.start(instance)

    def take(self, slot: Slot) -> Run | None:
        """Waits for the next job of a process. Returns None if it must stop."""
        instance, pool = slot.instance, slot.instance.pool
        with self.lock:
            slot.idle = True
            if all(one.idle for one in instance.slots):
                instance.idle_since = self.backend.clock.now()
            while not (self.stopped or instance.stopping):
                run = pool.pop()
                if run is not None:
                    slot.idle, instance.idle_since = False, None
                    run.slot = slot
                    return run
                pool.condition.wait()
            slot.idle = False
            return None

    def start_failed(self, instance: Instance, message: str) -> None:
        """Ends the jobs that wait for an instance that could not be started."""
        pool = instance.pool
        with self.lock:
            is_needed = not instance.stopping
            pool.retire([instance])
            waiting: list[Run] = []
            if is_needed and not pool.active:
                pool.failed = True
                waiting = [] if self.stopped else pool.waiting()
                for run in waiting:
                    pool.remove(run)
        for run in waiting:
            self.end(run, Outcome("failed", error_message=message))

    def instance_ended(self, instance: Instance) -> None:
        """Forgets an instance, and starts another one for what is still queued."""
        pool = instance.pool
        with self.lock:
            with contextlib.suppress(ValueError):
                pool.instances.remove(instance)
            if self.stopped:
                return
            if pool.queued and not pool.active and not pool.failed:
                self.add_instance(pool)
            elif not pool.instances and not pool.queued and self.pools.get(pool.plan.version) is pool:
                del self.pools[pool.plan.version]
        self.monitor.watch(pool.plan.version)

    def end(self, run: Run, outcome: Outcome) -> None:
        """Ends a job."""
        with self.lock:
            run.state = "ended"
            if self._runs.get(run.job.request_id) is run:
                del self._runs[run.job.request_id]
        run.future.set_result(outcome)

    def expire(self, run: Run) -> None:
        """Ends a queued job whose time has run out."""
        with self.lock:
            if run.state != "queued":
                return
            self.pools[run.job.version].remove(run)
        self.end(run, Outcome("failed", error_message=TIMED_OUT))

    def _remove_packages(self) -> None:
        """Removes the unpacked packages of revisions that don't exist any more."""
        with self.backend.storage.reading() as db:
            revisions = {row[0] for row in db.execute("SELECT id FROM revisions")}
        self.packages.keep_only(revisions)

    def _plan(self, job: Job) -> Plan | None:
        if job.mode == "batch":
            # Many of them come at once; a change tells the pool itself.
            with self.lock:
                pool = self.pools.get(job.version)
                if pool is not None and time.monotonic() - pool.loaded < _SECONDS_OF_PLAN:
                    return pool.plan
        return load_plan(self.backend, job.version)

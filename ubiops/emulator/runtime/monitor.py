"""Watches over instances: starts, stops and bounds them."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ubiops.emulator.runtime import system
from ubiops.emulator.runtime.plan import load_plan
from ubiops.emulator.runtime.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ubiops.emulator.runtime.pool import Instance, Run, Slot
    from ubiops.emulator.runtime.runner import LocalRunner

_log = logging.getLogger("ubiops.emulator")

_TICK = 0.2
# How long a job waits for a busy instance before another one is started.
_SECONDS_TO_SCALE = 0.4
# How long an idle process may print as much as a request may.
_SECONDS_OF_OUTPUT = 60.0
MAXIMUM_PROCESSES = 256
"""How many processes the code of one process may have at a time."""


class Monitor:
    """A thread that looks after all instances, as long as there are any."""

    def __init__(self, runner: LocalRunner) -> None:
        self._runner = runner
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        # Versions that may have to be kept warm.
        self._watched: set[int] = set()
        self._thread: threading.Thread | None = None
        self._processes = system.ProcessCount()

    def start(self, versions: Iterable[int]) -> None:
        """Starts to watch; keeps these versions warm if they ask for it."""
        with self._lock:
            self._watched = set(versions)
        self._stop.clear()
        self._wake.set()
        self._thread = threading.Thread(target=self._work, name="ubiops-monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops to watch."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2)
            self._thread = None

    def wake(self) -> None:
        """Says that there is something to watch over."""
        self._wake.set()

    def watch(self, version: int) -> None:
        """Looks whether a version must be kept warm, now or once it is built."""
        with self._lock:
            self._watched.add(version)
        self._wake.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            if self._stop.wait(_TICK):
                return
            self._wake.clear()
            try:
                if self._look():
                    self._wake.set()
            except Exception:
                if not self._stop.is_set():
                    _log.exception("watching over instances failed")

    def _look(self) -> bool:
        """Does everything that is due; returns whether something is left to watch."""
        runner, now, clock = self._runner, time.monotonic(), self._runner.backend.clock.now()
        expired: list[Run] = []
        idle: list[Slot] = []
        with runner.lock:
            pools = list(runner.pools.values())
            for pool in pools:
                expired += [run for run in pool.waiting("express") if run.deadline and run.deadline <= now]
                self._scale(pool, now)
                self._retire_idle(pool, clock)
                idle += [slot for instance in pool.instances for slot in instance.slots if slot.idle]
            instances = [instance for pool in pools for instance in pool.instances]
        for run in expired:
            runner.expire(run)
        self._drain(idle)
        self._bound(instances)
        warming = self._keep_warm()
        return bool(pools) or warming

    def _scale(self, pool: Pool, now: float) -> None:
        oldest = pool.oldest()
        active = pool.active
        if oldest is None or len(active) >= pool.plan.maximum or now - oldest.submitted < _SECONDS_TO_SCALE:
            return
        # One at a time: the one that starts may be enough.
        if not any(instance.is_starting or instance.idle_since is not None for instance in active):
            self._runner.add_instance(pool)

    def _retire_idle(self, pool: Pool, clock: float) -> None:
        spare = len(pool.active) - pool.plan.minimum
        for instance in pool.active:
            if spare <= 0:
                return
            if instance.idle_since is not None and clock - instance.idle_since >= pool.plan.idle_time:
                pool.retire([instance])
                spare -= 1

    def _drain(self, slots: list[Slot]) -> None:
        """Reads what idle processes print, in threads of their own for example."""
        for slot in slots:
            if slot.talking.acquire(blocking=False):
                try:
                    host, output = slot.host, slot.output
                    if host is not None and output is not None:
                        host.process.drain(output)
                        output.renew(_SECONDS_OF_OUTPUT)
                finally:
                    slot.talking.release()

    def _bound(self, instances: list[Instance]) -> None:
        """Kills processes that use up the memory or that fork without end."""
        hosts = [
            (instance, host)
            for instance in instances
            for slot in list(instance.slots)
            if (host := slot.host) is not None
        ]
        for instance in instances:
            pids = [host.process.pid for owner, host in hosts if owner is instance]
            used = sum(map(system.memory_of, pids))
            if instance.plan.memory and used > instance.plan.memory:
                text = f"it ran out of memory: an instance has {instance.plan.memory // 1024**2} MB"
                for owner, host in hosts:
                    if owner is instance:
                        host.process.kill(text)
        sessions = self._processes.sessions_beyond(MAXIMUM_PROCESSES)
        for _, host in hosts:
            if host.process.pid in sessions:
                host.process.kill(f"it had more than {MAXIMUM_PROCESSES} processes")

    def _keep_warm(self) -> bool:
        """Starts the instances that versions ask for.

        Returns whether some must wait.
        """
        with self._lock:
            watched = list(self._watched)
        runner = self._runner
        for version in watched:
            plan = load_plan(runner.backend, version)
            # While a version is not built, it is looked at again.
            if plan is not None and plan.minimum and plan.refusal and plan.is_temporary:
                continue
            with self._lock:
                self._watched.discard(version)
            if plan is None or not plan.minimum or plan.refusal:
                continue
            with runner.lock:
                pool = runner.pools.get(version)
                if pool is None:
                    pool = runner.pools[version] = Pool(plan, runner.lock, runner.backend.clock.now)
                pool.use(plan)
                while not (runner.stopped or pool.failed) and len(pool.active) < plan.minimum:
                    runner.add_instance(pool)
        with self._lock:
            return bool(self._watched)

"""Sends the requests of schedules when they are due by the emulator's clock.

The clock may be moved. Advancing it sends the requests of all times that it passes, the
oldest first: three hours make three requests of an hourly schedule, and they are sent
before `Clock.advance` returns. A frozen clock sends none. Times that pass while the
emulator is stopped, or while a schedule is not enabled, are skipped, as by cron.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.deployment_requests import api as deployment_requests
from ubiops.emulator.areas.pipeline_requests import api as pipeline_requests
from ubiops.emulator.areas.pipelines.targets import DEPLOYMENT, show_target
from ubiops.emulator.areas.request_schedules import cron
from ubiops.emulator.core.errors import ApiError

if TYPE_CHECKING:
    from typing import Any

    from ubiops.emulator.core.backend import Backend

# Who sends the requests of a schedule.
USER = "UbiOps"
# How many requests of one schedule one move of the clock sends at most. The others are
# skipped, and the log says so.
MAXIMUM_AT_ONCE = 1_000
# Seconds of real time after which the clock is looked at again, at most and at least.
_LONGEST, _SHORTEST = 60.0, 0.05

_log = logging.getLogger("ubiops.emulator")


class Due(NamedTuple):
    """When a schedule is due next."""

    time: float
    schedule: int


class ScheduleService:
    """A thread that waits for the next time that is due."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._changed = threading.Condition(threading.RLock())
        # Held while requests are sent, so that whoever moves the clock waits for those
        # that the thread is sending.
        self._sending = threading.Lock()
        self._running = False
        backend.clock.on_change(self._clock_changed)

    def start(self) -> None:
        """Starts the thread. A service that was stopped may be started again."""
        self._due: dict[int, float] = {}
        self._parsed: dict[int, tuple[str, cron.Schedule]] = {}
        self._seen = float("-inf")
        self._running = True
        self.reload()
        self._thread = threading.Thread(target=self._work, name="ubiops-emulator-schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread."""
        with self._changed:
            self._running = False
            self._changed.notify_all()
        self._thread.join()

    def reload(self) -> None:
        """Reads all schedules again. Those that changed are due from now on."""
        with self._backend.storage.reading() as db:
            rows = db.execute("SELECT pk, settings FROM schedules").fetchall()
        now = self._backend.clock.now()
        found = {}
        for row in rows:
            settings = json.loads(row["settings"])
            if settings["enabled"]:
                found[row["pk"]] = settings["schedule"]
        with self._changed:
            for key in self._parsed.keys() - found.keys():
                del self._parsed[key]
                self._due.pop(key, None)
            for key, text in found.items():
                if key not in self._parsed or self._parsed[key][0] != text:
                    self._parsed[key] = (text, cron.parse(text))
                    self._plan(key, now)
            self._changed.notify_all()

    def _clock_changed(self) -> None:
        """Sends what has become due, before the change of the clock returns."""
        if not self._running:
            return
        now = self._backend.clock.now()
        with self._changed:
            if now < self._seen:
                # It was set back.
                for key in self._parsed:
                    self._plan(key, now)
            self._seen = now
        self._send_due()
        with self._changed:
            self._changed.notify_all()

    def _send_due(self) -> None:
        """Sends the requests of all times that have passed, the oldest first."""
        sent: dict[int, int] = {}
        with self._sending:
            while (due := self._take(sent)) is not None:
                sent[due.schedule] = sent.get(due.schedule, 0) + 1
                self._send(due)

    def _take(self, sent: dict[int, int]) -> Due | None:
        """Returns what has been due for longest, and plans the next time."""
        now = self._backend.clock.now()
        with self._changed:
            self._seen = max(self._seen, now)
            due = min((Due(time, key) for key, time in self._due.items()), default=None)
            if due is None or due.time > now or not self._running:
                return None
            if sent.get(due.schedule, 0) < MAXIMUM_AT_ONCE:
                self._plan(due.schedule, due.time)
                return due
            self._plan(due.schedule, now)
        _log.warning("the clock passed more than %d times of a schedule: the others are skipped", MAXIMUM_AT_ONCE)
        return self._take(sent)

    def _plan(self, key: int, after: float) -> None:
        time = self._parsed[key][1].after(after)
        if time is None:
            self._due.pop(key, None)
        else:
            self._due[key] = time

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._running:
                    return
                now = self._backend.clock.now()
                first = min(self._due.values(), default=now + _LONGEST)
                if first > now:
                    self._changed.wait(min(max(first - now, _SHORTEST), _LONGEST))
            self._send_due()

    def _send(self, due: Due) -> None:
        """Creates the batch request of a schedule. What goes wrong is in the logs."""
        backend = self._backend
        with backend.storage.reading() as db:
            row = db.execute("SELECT * FROM schedules WHERE pk = ?", (due.schedule,)).fetchone()
            target = show_target(db, row) if row is not None else {}
        if row is None:
            # It went with its deployment or pipeline.
            self.reload()
            return
        settings = json.loads(row["settings"])
        options: dict[str, Any] = {"user": USER, "timeout": settings["timeout"]}
        name, version = str(target["object_name"]), target["version"]
        try:
            if target["object_type"] == DEPLOYMENT:
                where = deployment_requests.Target(row["project"], name, version)
                deployment_requests.send_batch(backend, where, settings["request_data"], **options)
            else:
                pipeline_requests.send_batch(
                    backend, row["project"], name, version, settings["request_data"], **options
                )
        except ApiError as error:
            line = f"Schedule {row['name']} could not send its request: {error.message}"
            backend.logs.write(row["project"], line, level="error", system=True, **_labels(target))
        except Exception:
            _log.exception("the schedule %s failed", row["name"])


def _labels(target: dict[str, str | None]) -> dict[str, str | None]:
    kind = target["object_type"]
    return {f"{kind}_name": target["object_name"], f"{kind}_version": target["version"]}

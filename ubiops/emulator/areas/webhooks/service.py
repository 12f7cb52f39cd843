"""Makes the calls of webhooks in the background.

Calls that have not been made when the emulator stops are not made any more.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests import events as deployment_events
from ubiops.emulator.areas.pipeline_requests import events as pipeline_events
from ubiops.emulator.areas.webhooks import payload
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    import urllib3

    from ubiops.emulator.areas.webhooks.payload import Happening
    from ubiops.emulator.core.backend import Backend

THREADS = 4
MAXIMUM_WAITING = 10_000
# Guesses: how often a call is made when retries are asked for, and the seconds of real
# time before the first retry. Each further one takes twice as long.
MAXIMUM_TRIES = 3
RETRY_DELAY = 1.0
_SECONDS_TO_STOP = 0.5

_log = logging.getLogger("ubiops.emulator")


@dataclass(frozen=True)
class Call:
    """A call to be made.

    Attributes:
        settings: The settings of the webhook.
        body: What is sent.
        ended: Called with why it failed, or None.
    """

    settings: Mapping[str, Any]
    body: bytes
    ended: Callable[[str | None], None]


class WebhookService:
    """Threads that make calls.

    Attributes:
        retry_delay: Seconds before the first retry.
    """

    def __init__(self, backend: Backend) -> None:
        self.retry_delay = RETRY_DELAY
        self._backend = backend
        self._pool: urllib3.PoolManager | None = None
        self._opening = threading.Lock()

    def start(self) -> None:
        """Starts the threads. Tests that were not finished have failed.

        A service that was stopped may be started again.
        """
        self._calls: queue.Queue[Call | None] = queue.Queue(MAXIMUM_WAITING)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._work,
                args=(self._calls, self._stopped),
                name=f"ubiops-emulator-webhooks-{number}",
                daemon=True,
            )
            for number in range(THREADS)
        ]
        with self._backend.storage.transaction() as db:
            db.execute(
                "UPDATE webhook_tests SET status = 'failed', error_message = ? WHERE status = 'pending'",
                ("The emulator was stopped before the call ended",),
            )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stops the threads. A server that is slow to respond isn't waited for."""
        self._stopped.set()
        # If the queue is full, they look at the event after their call.
        with contextlib.suppress(queue.Full):
            for _ in self._threads:
                self._calls.put_nowait(None)
        until = time.monotonic() + _SECONDS_TO_STOP
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        with self._opening:
            if self._pool is not None:
                self._pool.clear()

    def submit(self, call: Call) -> None:
        """Makes a call soon."""
        try:
            self._calls.put_nowait(call)
        except queue.Full:
            call.ended("Too many calls are waiting")

    def happened(self, happening: Happening) -> None:
        """Makes the calls of all webhooks that wait for something like this."""
        with self._backend.storage.reading() as db:
            rows = db.execute("SELECT * FROM webhooks WHERE project = ?", (happening.project,)).fetchall()
            matching = [row for row in rows if _matches(db, row, happening)]
        for row in matching:
            settings = json.loads(row["settings"])
            if not settings["enabled"] or settings["event"] not in happening.events:
                continue
            body = payload.make_payload(happening, settings["event"], settings["include_result"])
            self.submit(Call(settings, body, self._logging(row["name"], happening)))

    def _logging(self, name: str, happening: Happening) -> Callable[[str | None], None]:
        def ended(error: str | None) -> None:
            line = f"Webhook {name} was called" if error is None else f"Webhook {name} failed: {error}"
            level = "info" if error is None else "error"
            labels = {**happening.labels, "webhook_name": name}
            self._backend.logs.write(happening.project, line, level=level, system=True, **labels)

        return ended

    def _work(self, calls: queue.Queue[Call | None], stopped: threading.Event) -> None:
        # A thread that is slow to stop has nothing to do with those that come after it.
        while not stopped.is_set():
            call = calls.get()
            if call is None:
                return
            try:
                error = self._make(call, stopped)
                if not stopped.is_set():
                    call.ended(error)
            except Exception:
                if not stopped.is_set():
                    _log.exception("the call of a webhook failed")

    def _make(self, call: Call, stopped: threading.Event) -> str | None:
        """Makes a call, again if that is wanted; returns why the last one failed."""
        delay = self.retry_delay
        for last in (False,) * (MAXIMUM_TRIES - 1) + (True,):
            error = self._try(call)
            if error is None or last or not call.settings["retry"] or stopped.wait(delay):
                return error
            delay *= 2
        return None

    def _connections(self) -> urllib3.PoolManager:
        # Most emulators make no calls, and importing this takes long.
        import certifi
        import urllib3

        with self._opening:
            if self._pool is None:
                self._pool = urllib3.PoolManager(THREADS, retries=False, ca_certs=certifi.where())
            return self._pool

    def _try(self, call: Call) -> str | None:
        import urllib3

        settings = call.settings
        headers = {"Content-Type": "application/json"}
        headers.update((header["key"], header["value"]) for header in settings["headers"])
        timeout = urllib3.Timeout(total=settings["timeout"])
        try:
            response = self._connections().request(
                "POST",
                settings["url"],
                body=call.body,
                headers=headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.NewConnectionError:
            # To urllib3 this is a kind of timeout.
            return "The server could not be reached"
        except urllib3.exceptions.TimeoutError:
            return f"The server did not respond within {settings['timeout']} seconds"
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            return f"The server could not be reached: {type(error).__name__}"
        # Only the status counts, so a body of any length is not read.
        response.close()
        return None if 200 <= response.status < 400 else f"The server responded with status {response.status}"


def _matches(db: sqlite3.Connection, row: sqlite3.Row, happening: Happening) -> bool:
    """Returns whether a webhook is about the object and version of a request.

    One that names no version is about the present default version.
    """
    if row[happening.type] is None:
        return False
    tables = {"deployment": ("deployments", "versions"), "pipeline": ("pipelines", "pipeline_versions")}
    objects, versions = tables[happening.type]
    found = find_row(db, objects, {"pk": row[happening.type]})
    if found is None or found["id"] != happening.id:
        return False
    key = row[f"{happening.type}_version"]
    version = find_row(db, versions, {"pk": found["default_version"] if key is None else key})
    return version is not None and version["id"] == happening.version_id


def _tell(backend: Backend, happening: Happening) -> None:
    if any(isinstance(service, WebhookService) for service in backend.services):
        backend.service(WebhookService).happened(happening)


def on_deployment_event(backend: Backend, event: deployment_events.RequestEvent) -> None:
    """Makes the calls for a request to a deployment."""
    _tell(backend, payload.of_deployment(event))


def on_pipeline_event(backend: Backend, event: pipeline_events.PipelineEvent) -> None:
    """Makes the calls for a request to a pipeline."""
    _tell(backend, payload.of_pipeline(event))


deployment_events.observers.append(on_deployment_event)
pipeline_events.observers.append(on_pipeline_event)

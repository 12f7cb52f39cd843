"""Requests survive the end of the emulator, however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from thread_runner import ThreadRunner, installed

import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests.events import RequestEvent
from ubiops.emulator.areas.deployment_requests.recovery import INTERRUPTED
from ubiops.emulator.areas.deployment_requests.service import RequestService

ROOT = Path(__file__).resolve().parent.parent.parent

# An emulator that prints its address and the inputs that are being processed. Inputs
# that begin with "wait" never end.
EMULATOR = """
import sys, threading
import ubiops.emulator
from thread_runner import ThreadRunner, installed

def run(data, context):
    print(data[:20], flush=True)
    if data.startswith("wait"):
        threading.Event().wait()
    return data

with installed(ThreadRunner(run, threads=2)):
    emulator = ubiops.emulator.start(data_dir=sys.argv[1], build_seconds=(0, 0, 0))
print(emulator.host, flush=True)
sys.stdin.read()
"""


class Client:
    """Calls of an emulator in the project p."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.pool = urllib3.PoolManager(retries=False, timeout=60)

    def ok(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        headers = {"Authorization": "Token x"}
        if data is not None:
            headers["Content-Type"] = "application/json"
            options["body"] = json.dumps(data).encode()
        response = self.pool.request(method, f"{self.host}/projects/p{path}", headers=headers, **options)
        assert response.status < 300, response.data
        return json.loads(response.data) if response.data else None

    def deployment(self, name: str, package: bytes, **version: Any) -> str:
        path = f"/deployments/{name}"
        self.ok("POST", "/deployments", {"name": name, "input_type": "plain", "output_type": "plain"})
        self.ok("POST", f"{path}/versions", {"version": "v1", **version})
        self.ok("POST", f"{path}/versions/v1/revisions", fields={"file": ("a.zip", package)})
        return f"{path}/requests"


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """Runs an emulator in a process of its own, until it is killed."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "test" / "support")))
    with subprocess.Popen(
        [sys.executable, "-c", EMULATOR, str(data_dir)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, Client(process.stdout.readline().strip())
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    """Returns the inputs that are processed next."""
    assert process.stdout
    return [process.stdout.readline().strip() for _ in range(count)]


@contextlib.contextmanager
def started(data_dir: Path, runner: ThreadRunner | None) -> Iterator[tuple[Emulator, Client]]:
    """Starts an emulator in this process."""
    with installed(runner):
        emulator = ubiops.emulator.start(data_dir=data_dir, build_seconds=(0, 0, 0))
    with emulator:
        yield emulator, Client(emulator.host)


def until_ended(events: queue.Queue[RequestEvent], count: int) -> None:
    while count:
        count -= events.get(timeout=60).kind != "started"


@pytest.mark.parametrize("restarts", [True, False])
def test_batch_requests_survive_a_kill(
    tmp_path: Path, package: bytes, restarts: bool, events: queue.Queue[RequestEvent]
) -> None:
    large = "large " + "x" * 300_000
    with running(tmp_path) as (process, client):
        requests = client.deployment("d", package, restart_request_interruption=restarts)
        (done,) = client.ok("POST", f"{requests}/batch", "done")
        assert lines(process, 1) == ["done"]
        # The two threads take the first two. A timeout of the client is what remains of
        # a direct request.
        busy = client.ok("POST", f"{requests}/batch", ["wait 1"])
        assert lines(process, 1) == ["wait 1"]
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            client.ok("POST", requests, "wait 2", timeout=urllib3.Timeout(connect=60, read=1))
        assert lines(process, 1) == ["wait 2"]
        waiting = client.ok("POST", f"{requests}/batch?timeout=77", ["first", large, "third"])
        urgent = client.ok("POST", f"{requests}/batch?priority=0", ["urgent"])
        (direct,) = [one for one in client.ok("GET", f"{requests}?status=processing") if one["id"] != busy[0]["id"]]
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    inputs: list[str] = []

    def record(data: str, context: dict[str, Any]) -> str:
        inputs.append(data)
        return data.upper()

    runner = ThreadRunner(record, threads=1)
    with started(tmp_path, runner) as (_, client):
        # One that is run again, and what was waiting. The direct one has failed, and so
        # has the other if it isn't run again.
        until_ended(events, 6)
        assert inputs == ["urgent", *(["wait 1"] if restarts else []), "first", large, "third"]
        assert {job.timeout for job in runner.jobs if job.request_id in {one["id"] for one in waiting}} == {77}
        for one, text in zip([*waiting, *urgent], ("first", large, "third", "urgent")):
            found = client.ok("GET", f"{requests}/{one['id']}")
            assert (found["status"], found["result"], found["request_data"]) == ("completed", text.upper(), text)
        found = client.ok("GET", f"{requests}/{busy[0]['id']}")
        if restarts:
            assert (found["status"], found["result"]) == ("completed", "WAIT 1")
        else:
            assert (found["status"], found["error_message"]) == ("failed", INTERRUPTED)
        found = client.ok("GET", f"{requests}/{direct['id']}")
        assert (found["status"], found["error_message"]) == ("failed", INTERRUPTED)
        assert found["time_completed"] is not None
        assert client.ok("GET", f"{requests}/{done['id']}")["status"] in ("completed", "failed")
        assert client.ok("GET", f"{requests}?status=pending") == client.ok("GET", f"{requests}?status=processing") == []


def test_batch_requests_survive_a_stop(tmp_path: Path, package: bytes, events: queue.Queue[RequestEvent]) -> None:
    entered: queue.Queue[str] = queue.Queue()
    leave: queue.Queue[None] = queue.Queue()

    def wait(data: str, context: dict[str, Any]) -> str:
        entered.put(data)
        leave.get(timeout=60)
        return data

    class Stopping(ThreadRunner):
        def stop(self) -> None:
            for _ in range(4):
                leave.put(None)
            super().stop()

    with started(tmp_path, Stopping(wait, threads=1)) as (_, client):
        requests = client.deployment("d", package, restart_request_interruption=True)
        created = client.ok("POST", f"{requests}/batch", ["a", "b"])
        hidden = client.deployment("h", package, request_retention_mode="none")
        (secret,) = client.ok("POST", f"{hidden}/batch", ["secret"])
        assert entered.get(timeout=60) == "a"
        until = time.monotonic()
    # Nothing waits for the code.
    assert time.monotonic() - until < 30
    while not events.empty():
        events.get()
    with started(tmp_path, ThreadRunner(threads=1)) as (emulator, client):
        until_ended(events, 3)
        assert [client.ok("GET", f"{requests}/{one['id']}")["result"] for one in created] == ["a", "b"]
        emulator._backend.service(RequestService).flush()
        with emulator._backend.storage.reading() as db:
            rows = db.execute("SELECT id FROM deployment_requests WHERE id = ?", (secret["id"],)).fetchall()
        assert rows == []


def test_an_emulator_without_a_runner_keeps_what_waits(
    tmp_path: Path, package: bytes, events: queue.Queue[RequestEvent]
) -> None:
    with started(tmp_path, ThreadRunner(threads=0)) as (_, client):
        requests = client.deployment("d", package)
        created = client.ok("POST", f"{requests}/batch", ["a", "b", "c", "d"])
    with started(tmp_path, None) as (_, client):
        assert len(client.ok("GET", f"{requests}?status=pending")) == 4
        client.ok("PATCH", f"{requests}/{created[0]['id']}", {"status": "cancelled"})
        client.ok("DELETE", f"{requests}/{created[1]['id']}")
        client.ok("POST", f"{requests}/cancel", [created[2]["id"]])
    while not events.empty():
        events.get()
    with started(tmp_path, ThreadRunner()) as (_, client):
        until_ended(events, 1)
        (found,) = client.ok("GET", requests)
        assert found["id"] == created[3]["id"]
        cancelled = client.ok("GET", f"{requests}?status=cancelled")
        assert {one["id"] for one in cancelled} == {created[0]["id"], created[2]["id"]}


def test_a_queue_of_thousands_is_processed_in_few_transactions(
    tmp_path: Path, package: bytes, events: queue.Queue[RequestEvent]
) -> None:
    count = 2000
    with started(tmp_path, ThreadRunner(threads=0)) as (_, client):
        requests = client.deployment("d", package)
        for _ in range(count // 250):
            client.ok("POST", f"{requests}/batch", ["x"] * 250)
    runner = ThreadRunner(threads=2)
    with started(tmp_path, runner) as (emulator, client):
        statements: list[str] = []
        with emulator._backend.storage.reading() as db:
            db.set_trace_callback(lambda text: statements.append(text[:6]))
        until_ended(events, count)
        emulator._backend.service(RequestService).flush()
        with emulator._backend.storage.reading() as db:
            db.set_trace_callback(None)
        assert statements.count("COMMIT") < count
        # Each request costs the same, however many wait: reading its input, its start,
        # its end and its output.
        assert len(statements) < count * 10
        assert len(client.ok("GET", requests)) == 50

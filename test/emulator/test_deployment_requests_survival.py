"""Requests survive the end of the emulator, however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from killed import next_lines, run_python, running_emulator
from thread_runner import ThreadRunner, installed

import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests.events import RequestEvent
from ubiops.emulator.areas.deployment_requests.recovery import INTERRUPTED
from ubiops.emulator.areas.deployment_requests.service import RequestService


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
    with running_emulator(tmp_path, threads=2) as (process, host):
        client = Client(host)
        requests = client.deployment("d", package, restart_request_interruption=restarts)
        (done,) = client.ok("POST", f"{requests}/batch", "done")
        assert next_lines(process, 1) == ["done"]
        # The two threads take the first two. A timeout of the client is what remains of
        # a direct request.
        busy = client.ok("POST", f"{requests}/batch", ["wait 1"])
        assert next_lines(process, 1) == ["wait 1"]
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            client.ok("POST", requests, "wait 2", timeout=urllib3.Timeout(connect=60, read=1))
        assert next_lines(process, 1) == ["wait 2"]
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


def test_the_service_can_be_started_again(tmp_path: Path, package: bytes, events: queue.Queue[RequestEvent]) -> None:
    leave: queue.Queue[None] = queue.Queue()

    def wait(data: str, context: dict[str, Any]) -> str:
        if data == "wait":
            leave.get(timeout=60)
        return data

    with started(tmp_path, ThreadRunner(wait, threads=1)) as (emulator, client):
        requests = client.deployment("d", package)
        first, second = client.ok("POST", f"{requests}/batch", ["wait", "x"])
        assert events.get(timeout=60).kind == "started"
        service = emulator._backend.service(RequestService)
        service.stop()
        service.start()
        assert events.get(timeout=60).request_id == first["id"]
        leave.put(None)
        until_ended(events, 1)
        assert client.ok("GET", f"{requests}/{first['id']}")["error_message"] == INTERRUPTED
        assert client.ok("GET", f"{requests}/{second['id']}")["result"] == "x"
        assert client.ok("POST", requests, "y")["result"] == "y"


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


# Runs the same calls again and again, each time killed one step later. A step is an SQL
# statement or a call that writes to the disk, in any thread.
KILL_EVERYWHERE = """
import json, sys, threading
from pathlib import Path
from killed import count_steps, kill_at_each_step
from thread_runner import ThreadRunner, installed
import ubiops.emulator
from ubiops.emulator.areas.deployment_requests import api
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.context import RequestContext
from ubiops.emulator.core.handlers import HANDLERS

LARGE = "x" * 200_000
TARGET = api.Target("p", "d")

def start(folder, code):
    with installed(ThreadRunner(code, threads=1)):
        return ubiops.emulator.start(data_dir=folder, build_seconds=(0, 0, 0))

def prepare(folder):
    with start(folder, None) as emulator:
        core = emulator.api()
        core.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
        core.deployment_versions_create("p", "d", {"version": "v1"})
        core.revisions_file_upload("p", "d", "v1", file=sys.argv[2])

def calls(backend):
    service = backend.service(RequestService)
    def call(operation, body=None, **path):
        path = {"project_name": "p", "deployment_name": "d", **path}
        HANDLERS[operation].function(RequestContext(backend, "user", path, {}, body))
    first = api.send_batch(backend, TARGET, [LARGE, "wait", LARGE], user="u").created
    yield
    call("deployment_requests_update", {"status": "cancelled"}, request_id=first[2].id)
    yield
    call("deployment_requests_batch_delete", [first[2].id, first[1].id])
    yield
    api.start_express(backend, TARGET, LARGE, user="u").ended.result()
    service.flush()
    yield
    call("deployments_delete")
    yield

EXPECTED = [0, 3, 3, 1, 2, 0]

def code(data, context):
    if data == "wait":
        # The third request waits until the second one is deleted.
        stopped.wait()
    return data

stopped = threading.Event()

def run(folder, kill_at, acknowledge):
    backend = start(folder, code)._backend
    backend.storage._connection.set_trace_callback(count_steps(kill_at))
    for number, _ in enumerate(calls(backend)):
        acknowledge()
        if number == 2:
            stopped.set()

def check(folder, acknowledged):
    emulator = start(folder, lambda data, context: data)
    backend = emulator._backend
    backend.service(RequestService).flush()
    with backend.storage.reading() as db:
        rows = db.execute("SELECT * FROM deployment_requests").fetchall()
        assert len(rows) in EXPECTED[acknowledged : acknowledged + 2] or (acknowledged == 3 and len(rows) in (1, 2)), (
            acknowledged, [tuple(row) for row in rows])
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for row in rows:
            sides = dict(db.execute("SELECT side, file FROM deployment_request_data WHERE request = ?", (row["pk"],)))
            assert "input" in sides
            assert all(backend.files.path(file).exists() for file in sides.values() if file)
            assert ("output" in sides) == (row["status"] == "completed")
    emulator.stop()

base = Path(sys.argv[1])
prepare(base / "prepared")
print(json.dumps(kill_at_each_step(base / "prepared", run, check, stride=int(sys.argv[3]))))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_a_kill_at_any_step_leaves_all_requests_of_a_call_or_none(tmp_path: Path, package: bytes) -> None:
    (tmp_path / "package.zip").write_bytes(package)
    # Every third step: those in between differ from run to run, as threads do.
    done = run_python("-c", KILL_EVERYWHERE, str(tmp_path), str(tmp_path / "package.zip"), "3")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["acknowledged"] == 5
    assert result["kills"] > 20


def test_a_request_never_runs_again_unawares(tmp_path: Path, package: bytes) -> None:
    """The code kills the emulator as its first act."""
    code = (
        "import os, sys, ubiops.emulator\n"
        "from thread_runner import ThreadRunner, installed\n"
        "with installed(ThreadRunner(lambda data, context: os.kill(os.getpid(), 9), threads=1)):\n"
        "    emulator = ubiops.emulator.start(data_dir=sys.argv[1])\n"
        "sys.stdin.read()\n"
    )
    with started(tmp_path, ThreadRunner(threads=0)) as (_, client):
        requests = client.deployment("d", package)
        first, second = client.ok("POST", f"{requests}/batch", ["first", "second"])
    for _ in range(2):
        done = run_python("-c", code, str(tmp_path))
        assert done.returncode == -signal.SIGKILL
    with started(tmp_path, None) as (_, client):
        for one in (first, second):
            found = client.ok("GET", f"{requests}/{one['id']}")
            assert (found["status"], found["error_message"]) == ("failed", INTERRUPTED)
    assert not list(tmp_path.glob("started-requests*"))


def test_the_journal_does_not_grow_for_ever(
    tmp_path: Path, package: bytes, events: queue.Queue[RequestEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ubiops.emulator.areas.deployment_requests.journal._MAXIMUM_IDS", 10)
    with started(tmp_path, ThreadRunner()) as (emulator, client):
        requests = client.deployment("d", package)
        client.ok("POST", f"{requests}/batch", ["x"] * 105)
        until_ended(events, 105)
        emulator._backend.service(RequestService).flush()
        (journal,) = tmp_path.glob("started-requests*")
        assert len(journal.read_text().splitlines()) == 5
    assert not list(tmp_path.glob("started-requests*"))

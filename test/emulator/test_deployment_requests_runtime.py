"""Requests to deployments whose uploaded code really runs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests.events import RequestEvent
from ubiops.emulator.areas.deployment_requests.recovery import INTERRUPTED

from .conftest import Api, pack

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = """
import os
import time

class Deployment:
    def request(self, data, context):
        if data == "wait":
            print("waiting", flush=True)
            while True:
                time.sleep(1)
        if data == "die":
            os._exit(3)
        if data.startswith("die once "):
            path = data[9:]
            if not os.path.exists(path):
                open(path, "w").close()
                os._exit(3)
        if data == "stream":
            for word in ("It", " will", " rain"):
                context["streaming_update"](word)
        if data == "fail":
            error = ValueError("secret")
            error.public_error_message = "There is no station atlantis"
            raise error
        if data == "mode":
            return context["request_mode"]
        return data.upper()
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator that runs code."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running:
        yield running


@pytest.fixture
def running(emulator: Emulator, project_name: str) -> Iterator[Api]:
    """A client of the emulator, in a project of its own."""
    api = Api(emulator, project_name)
    yield api
    api.pool.clear()


_names = iter(range(1000))


def deploy(api: Api, code: str = CODE, **version: Any) -> str:
    """Creates a deployment with this code, and returns its path."""
    deployment = api.deployment(f"d{next(_names)}")
    api.upload(api.version(deployment, **version), pack({"deployment.py": textwrap.dedent(code)}))
    return deployment


def until(events: queue.Queue[RequestEvent], *kinds: str) -> RequestEvent:
    while True:
        event = events.get(timeout=60)
        if event.kind in kinds:
            return event


def test_each_way_of_sending_a_request(running: Api, events: queue.Queue[RequestEvent]) -> None:
    requests = f"{deploy(running)}/requests"
    assert running.ok("POST", requests, "rain")["result"] == "RAIN"
    assert running.ok("POST", requests, ["a", "b"])["result"] == ["A", "B"]
    assert running.ok("POST", requests, "mode")["result"] == "express"
    failed = running.ok("POST", requests, "fail")
    assert (failed["status"], failed["error_message"]) == ("failed", "There is no station atlantis")
    *updates, last = running.ok("POST", f"{requests}/stream", "stream").decode().split("\n\n")
    assert updates == ["event: update\ndata:It", "event: update\ndata: will", "event: update\ndata: rain"]
    assert json.loads(last)["result"] == "STREAM"
    while not events.empty():
        events.get()
    created = running.ok("POST", f"{requests}/batch", ["x", "fail", "mode"])
    ended = {until(events, "completed", "failed").request_id for _ in created}
    assert ended == {one["id"] for one in created}
    found = running.ok("POST", f"{requests}/collect", [one["id"] for one in created])
    assert sorted((one["status"], one["result"]) for one in found if one["result"]) == [
        ("completed", "X"),
        ("completed", "batch"),
    ]


def test_running_code_is_stopped(running: Api, events: queue.Queue[RequestEvent]) -> None:
    requests = f"{deploy(running, maximum_instances=1)}/requests"
    first, second = running.ok("POST", f"{requests}/batch", ["wait", "x"])
    assert until(events, "started").request_id == first["id"]
    running.ok("PATCH", f"{requests}/{first['id']}", {"status": "cancelled"})
    assert until(events, "cancelled").request_id == first["id"]
    assert running.ok("GET", f"{requests}/{first['id']}")["status"] == "cancelled"
    # The instance is replaced, and goes on with the queue.
    assert until(events, "completed").request_id == second["id"]


@pytest.mark.parametrize("restarts", [True, False])
def test_an_instance_that_dies(running: Api, events: queue.Queue[RequestEvent], tmp_path: Path, restarts: bool) -> None:
    requests = f"{deploy(running, restart_request_interruption=restarts)}/requests"
    (one,) = running.ok("POST", f"{requests}/batch", [f"die once {tmp_path / 'x'}"])
    assert until(events, "completed", "failed").kind == ("completed" if restarts else "failed")
    assert running.ok("POST", requests, "die")["status"] == "failed"
    assert running.ok("POST", requests, "next")["result"] == "NEXT"
    assert running.ok("GET", f"{requests}/{one['id']}")["status"] == ("completed" if restarts else "failed")


@pytest.mark.parametrize("level", ["version", "deployment"])
def test_a_version_that_is_deleted_while_its_code_runs(
    running: Api, events: queue.Queue[RequestEvent], level: str
) -> None:
    deployment = deploy(running, maximum_instances=1)
    running.ok("POST", f"{deployment}/requests/batch", ["wait", "x", "y"])
    until(events, "started")
    running.ok("DELETE", f"{deployment}/versions/v1" if level == "version" else deployment)
    for _ in range(3):
        assert until(events, "cancelled", "completed", "failed").kind == "cancelled"


def test_requests_while_the_code_changes(running: Api) -> None:
    deployment = deploy(running, maximum_instances=1)

    def send(number: int) -> str:
        ended = running.ok("POST", f"{deployment}/requests", f"text {number}")
        assert ended["status"] == "completed", ended
        return str(ended["result"])

    with ThreadPoolExecutor(8) as pool:
        results = pool.map(send, range(40))
        running.upload(f"{deployment}/versions/v1", pack({"deployment.py": CODE.replace("upper", "title")}))
        running.ok("PATCH", f"{deployment}/versions/v1", {"description": "changed"})
        for number, result in enumerate(results):
            assert result in (f"TEXT {number}", f"Text {number}")
    assert send(0) == "Text 0"


def test_a_queue_drains(running: Api, events: queue.Queue[RequestEvent]) -> None:
    requests = f"{deploy(running, maximum_instances=2)}/requests"
    for _ in range(4):
        running.ok("POST", f"{requests}/batch", ["x"] * 250)
    for _ in range(1000):
        until(events, "completed")
    assert running.ok("GET", f"{requests}?status=pending") == []


@contextlib.contextmanager
def command(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], urllib3.PoolManager, str]]:
    """Runs the emulator in a process of its own."""
    code = (
        "import sys, ubiops.emulator\n"
        "emulator = ubiops.emulator.start(data_dir=sys.argv[1], build_seconds=(0, 0, 0))\n"
        "print(emulator.host, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, urllib3.PoolManager(retries=False, timeout=60), process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("restarts", [True, False])
def test_a_kill_of_the_emulator(tmp_path: Path, restarts: bool, events: queue.Queue[RequestEvent]) -> None:
    marker = tmp_path / "marker"
    with ubiops.emulator.start(data_dir=tmp_path / "data", build_seconds=(0, 0, 0), run_code=False) as emulator:
        api = Api(emulator, "p")
        code = f"""
            import os, time

            class Deployment:
                def request(self, data):
                    if data == "once" and not os.path.exists({str(marker)!r}):
                        open({str(marker)!r}, "w").close()
                        os.kill(os.getppid(), 9)
                        time.sleep(60)
                    return data
            """
        requests = f"{deploy(api, code, maximum_instances=1)}/requests"
        api.ok("PATCH", requests.replace("/requests", "/versions/v1"), {"restart_request_interruption": restarts})
    with command(tmp_path / "data") as (process, pool, host):
        response = pool.request(
            "POST",
            f"{host}{requests}/batch",
            body=json.dumps(["once", "second"]).encode(),
            headers={"Authorization": "Token x", "Content-Type": "application/json"},
        )
        assert response.status == 201, response.data
        first, second = json.loads(response.data)
        # The code itself kills the emulator.
        assert process.wait(60) == -signal.SIGKILL
    with ubiops.emulator.start(data_dir=tmp_path / "data", build_seconds=(0, 0, 0)) as emulator:
        api = Api(emulator, "p")
        for _ in range(2):
            until(events, "completed", "failed")
        found = api.ok("GET", f"{requests}/{first['id']}")
        if restarts:
            assert (found["status"], found["result"]) == ("completed", "once")
        else:
            assert (found["status"], found["error_message"]) == ("failed", INTERRUPTED)
        assert api.ok("GET", f"{requests}/{second['id']}")["result"] == "second"

"""Instances that run code: list, get, stop, and their events."""

from __future__ import annotations

import io
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import Emulator

Api = Any
MISSING = "00000000-0000-4000-8000-000000000000"
# A request says that it runs, and waits for what it may return.
GATED = """
import os, socket
class Deployment:
    def request(self, data):
        if data == "fine":
            return "fine"
        with socket.create_connection(("127.0.0.1", int(data))) as gate:
            return gate.recv(1000).decode()
"""


def pack(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("deployment.py", code)
    return packed.getvalue()


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    """An emulator that builds at once, with a frozen clock."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as emulator:
        emulator.clock.freeze()
        yield emulator


@pytest.fixture
def live(api: Api, running: Emulator, project_name: str) -> Iterator[Api]:
    """A client of that emulator, in a project of its own."""
    client = type(api)(running, project_name)
    yield client
    client.pool.clear()


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that happens in another thread."""
    limit = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def version_of(live: Api, code: str = GATED, **settings: Any) -> str:
    version: str = live.version(live.deployment(), **settings)
    live.upload(version, pack(code))
    return version


def test_there_are_none_before_a_request(live: Api) -> None:
    version = version_of(live)
    nothing = {"next": None, "previous": None, "results": []}
    assert live.ok("GET", f"{version}/instances") == nothing
    assert live.ok("GET", f"{live.project}/instances") == nothing


def test_a_request_starts_one_that_runs_on_this_machine(live: Api) -> None:
    version = version_of(live, instance_type="1024mb")
    live.ok("POST", f"{version}/requests", "fine")
    (listed,) = live.ok("GET", f"{version}/instances")["results"]
    assert listed["status"] == "running"
    assert listed["instance_type"]["name"] == "1024mb"
    (of_project,) = live.ok("GET", f"{live.project}/instances")["results"]
    assert of_project == {**listed, "deployment": "d", "version": "v1"}
    shown = live.ok("GET", f"{version}/instances/{listed['id']}")
    node = {"ipv4_address": "127.0.0.1", "ipv6_address": None}
    assert shown == {**of_project, "node": node, "node_pool": {"cluster": {"type": "local"}}}
    assert live.ok("GET", f"{live.project}/instances/{listed['id']}") == shown


def test_events_are_listed_newest_first_and_page_by_page(live: Api) -> None:
    version = version_of(live)
    live.ok("POST", f"{version}/requests", "fine")
    (instance,) = live.ok("GET", f"{version}/instances")["results"]
    path = f"{version}/instances/{instance['id']}/events"
    events = live.ok("GET", path)["results"]
    assert [one["description"] for one in events] == [
        "Instance status changed to running",
        "Instance status changed to initialising",
        "Instance created",
    ]
    assert events[-1]["time_created"] == instance["time_created"]
    first = live.ok("GET", f"{path}?limit=2")
    second = live.ok("GET", f"{path}?limit=2&cursor={first['next']}")
    assert first["results"] + second["results"] == events
    assert second["next"] is None


def test_they_are_filtered_by_status(live: Api) -> None:
    version = version_of(live)
    live.ok("POST", f"{version}/requests", "fine")
    for statuses, number in (("running", 1), ("pending,running", 1), ("pending,stopping", 0)):
        assert len(live.ok("GET", f"{version}/instances?status={statuses}")["results"]) == number
        assert len(live.ok("GET", f"{live.project}/instances?status={statuses}")["results"]) == number
    assert "status" in live.fails(400, "GET", f"{version}/instances?status=asleep")


def test_one_that_can_not_start_is_gone_and_says_nothing_of_running(live: Api) -> None:
    version = version_of(live, "class Deployment:\n def __init__(self): 1/0\n def request(self, data): pass")
    assert live.ok("POST", f"{version}/requests", "fine")["status"] == "failed"
    statuses = [one["status"] for one in live.ok("GET", f"{version}/instances")["results"]]
    assert statuses in ([], ["stopping"])


@pytest.mark.parametrize("of_project", [False, True])
def test_stopping_one_interrupts_its_request_and_the_next_gets_another(live: Api, of_project: bool) -> None:
    version = version_of(live)
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(30)
        responses: list[Any] = []
        port = str(gate.getsockname()[1])
        sender = threading.Thread(target=lambda: responses.append(live.ok("POST", f"{version}/requests", port)))
        sender.start()
        held, _ = gate.accept()
        with held:
            (instance,) = live.ok("GET", f"{version}/instances")["results"]
            path = f"{live.project if of_project else version}/instances/{instance['id']}"
            stopped = live.ok("PATCH", path, {"status": "stopped"})
            assert (stopped["id"], stopped["status"]) == (instance["id"], "stopping")
            sender.join(30)
    assert responses[0]["status"] == "failed"
    assert "The instance was stopped" in responses[0]["error_message"]
    assert live.ok("POST", f"{version}/requests", "fine")["result"] == "fine"
    current = [one["id"] for one in live.ok("GET", f"{version}/instances?status=running")["results"]]
    assert len(current) == 1
    assert current != [instance["id"]]
    audit = live.ok("GET", f"{live.project}/deployments/d/audit")
    assert f"Stopped instance {instance['id']} of version v1 of deployment d" in [one["event"] for one in audit]


def test_what_waits_while_one_is_stopped_at_its_start_gets_another(live: Api) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(30)
        code = (
            "import socket\nclass Deployment:\n def __init__(self):\n"
            f"  socket.create_connection(('127.0.0.1', {gate.getsockname()[1]})).recv(1)\n"
            " def request(self, data):\n  return data"
        )
        version = version_of(live, code)
        (request,) = live.ok("POST", f"{version}/requests/batch", ["x"])
        first, _ = gate.accept()
        (instance,) = live.ok("GET", f"{version}/instances")["results"]
        assert instance["status"] == "initialising"
        live.ok("PATCH", f"{version}/instances/{instance['id']}", {"status": "stopped"})
        second, _ = gate.accept()
        second.sendall(b"x")
        until(lambda: live.ok("GET", f"{version}/requests/{request['id']}")["status"] == "completed")
        first.close()
        second.close()


def test_only_a_stop_is_possible(live: Api) -> None:
    version = version_of(live)
    live.ok("POST", f"{version}/requests", "fine")
    (instance,) = live.ok("GET", f"{version}/instances")["results"]
    path = f"{version}/instances/{instance['id']}"
    assert "status" in live.fails(400, "PATCH", path, {"status": "running"})
    assert "status is required" in live.fails(400, "PATCH", path, {})
    assert live.ok("GET", path)["status"] == "running"


def test_those_of_other_versions_and_projects_are_not_found(live: Api) -> None:
    version = version_of(live)
    other = live.version(f"{live.project}/deployments/d", "v2")
    live.ok("POST", f"{version}/requests", "fine")
    (instance,) = live.ok("GET", f"{version}/instances")["results"]
    assert live.ok("GET", f"{other}/instances")["results"] == []
    for path in (f"{other}/instances/{instance['id']}", f"/projects/others/instances/{instance['id']}"):
        for method, data in (("GET", None), ("PATCH", {"status": "stopped"})):
            assert live.fails(404, method, path, data) == "Instance was not found"
    assert live.fails(404, "GET", f"{version}/instances/{MISSING}/events") == "Instance was not found"
    assert live.fails(404, "GET", f"{live.project}/deployments/x/versions/v1/instances") == "Deployment was not found"


def test_memory_follows_a_group_of_the_project(live: Api) -> None:
    types = live.ok("GET", f"{live.project}/instance-types")["results"]
    large = next(one for one in types if one["name"] == "4096mb")
    group = live.ok(
        "POST", f"{live.project}/instance-type-groups", {"name": "own", "instance_types": [{"id": large["id"]}]}
    )
    version = version_of(live, instance_type_group_id=group["id"])
    live.ok("POST", f"{version}/requests", "fine")
    (instance,) = live.ok("GET", f"{version}/instances")["results"]
    assert instance["instance_type"]["name"] == "4096mb"

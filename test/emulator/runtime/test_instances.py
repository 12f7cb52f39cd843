"""Instances: how many there are, when they start and stop, and what runs in them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import ubiops.emulator
from ubiops.emulator.core.interfaces import Outcome

Make = Callable[..., Any]

PROCESS = """
import os
class Deployment:
    def __init__(self, context):
        self.context = context
    def request(self, data):
        return {"pid": os.getpid(), "process": self.context["process_id"]}
"""
# Each request says that it runs, and waits for what it may return.
GATED = """
import os, socket
class Deployment:
    def request(self, data):
        if data == "fine":
            return os.getpid()
        with socket.create_connection(("127.0.0.1", int(os.environ["GATE"]))) as gate:
            gate.sendall(f"{os.getpid()} {data}\\n".encode())
            return gate.recv(1000).decode()
"""


class Gate:
    """Holds requests until they are let through, in the order of their coming."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self._held: list[socket.socket] = []
        self.variables = {"GATE": str(self._listener.getsockname()[1])}
        self.pid = 0

    def wait(self) -> str:
        """Waits until a request runs and returns its data."""
        connection, _ = self._listener.accept()
        connection.settimeout(30)
        self._held.append(connection)
        pid, _, data = connection.makefile().readline().rstrip("\n").partition(" ")
        self.pid = int(pid)
        return data

    def open(self, result: str = "through") -> None:
        """Lets a request return this."""
        with self._held.pop(0) as connection:
            connection.sendall(result.encode())

    def close(self) -> None:
        for connection in (self._listener, *self._held):
            connection.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


def until(condition: Callable[[], Any]) -> None:
    """Waits for something that happens in another thread."""
    limit = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def pool_of(version: Any) -> Any:
    return version.bench.backend.runner.pools.get(version.pk)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_requests_use_the_same_process(make: Make) -> None:
    version = make(PROCESS)
    assert version.result() == version.result()


def test_an_instance_has_several_processes_that_count_from_zero(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables, instance_processes=2)
    futures = [version.submit(data) for data in "ab"]
    assert {gate.wait(), gate.wait()} == {"a", "b"}
    assert len(pool_of(version).instances) == 1
    for _ in futures:
        gate.open()
    assert all(future.result(30).status == "completed" for future in futures)


def test_more_instances_start_when_requests_wait(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables, maximum_instances=2)
    futures = [version.submit(data) for data in "ab"]
    assert {gate.wait(), gate.wait()} == {"a", "b"}
    assert len(pool_of(version).instances) == 2
    for _ in futures:
        gate.open()
    assert all(future.result(30).status == "completed" for future in futures)


def test_jobs_run_by_priority_then_in_order_and_express_ones_first(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables, maximum_instances=1)
    futures = [version.submit("first")]
    assert gate.wait() == "first"
    for data, mode, priority in (
        ("batch 1", "batch", 1),
        ("batch 2", "batch", 1),
        ("urgent batch", "batch", 0),
        ("express 1", "express", 1),
        ("express 2", "express", 1),
        ("urgent express", "express", 0),
    ):
        futures.append(version.submit(data, mode=mode, priority=priority))
    assert version.bench.backend.runner.queue_length(version.pk) == 6
    order = []
    for _ in range(6):
        gate.open()
        order.append(gate.wait())
    gate.open()
    assert order == ["urgent express", "express 1", "express 2", "urgent batch", "batch 1", "batch 2"]
    assert all(future.result(30).status == "completed" for future in futures)


def test_a_queued_job_can_be_cancelled(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables, maximum_instances=1)
    runner = version.bench.backend.runner
    first = version.submit("first")
    gate.wait()
    second, third = (version.submit("fine", request_id=name) for name in ("second", "third"))
    assert runner.cancel("second")
    assert second.result(0) == Outcome("cancelled")
    assert not runner.cancel("second")
    gate.open()
    assert first.result(30).status == third.result(30).status == "completed"


def test_a_running_job_can_be_cancelled(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables)
    future = version.submit("first", request_id="r")
    gate.wait()
    assert version.bench.backend.runner.cancel("r")
    assert future.result(30) == Outcome("cancelled")
    assert not version.bench.backend.runner.cancel("r")
    assert version.result("fine")


def test_cancelling_what_does_not_exist_says_so(bench: Any) -> None:
    assert not bench.backend.runner.cancel("nothing")


def test_a_job_that_must_not_start_any_more_is_cancelled(make: Make) -> None:
    version = make(PROCESS)
    assert version.outcome("", on_start=lambda: False) == Outcome("cancelled")
    assert version.outcome("", on_start=lambda: True).status == "completed"


def test_an_idle_instance_stops_after_its_time_on_the_clock(make: Make, bench: Any) -> None:
    version = make(PROCESS, maximum_idle_time=600)
    pid = version.result()["pid"]
    bench.emulator.clock.advance(599)
    assert version.result()["pid"] == pid
    bench.emulator.clock.advance(600)
    until(lambda: not is_alive(pid))
    assert version.result()["pid"] != pid


def test_a_version_is_kept_warm_by_its_minimum_of_instances(make: Make, bench: Any) -> None:
    version = make(PROCESS, minimum_instances=1, maximum_idle_time=10)
    until(lambda: pool_of(version) and pool_of(version).instances and pool_of(version).instances[0].idle_since)
    pid = pool_of(version).instances[0].slots[0].host.process.pid
    bench.emulator.clock.advance(1000)
    assert version.result()["pid"] == pid


def test_a_changed_minimum_of_instances_starts_some(make: Make, bench: Any) -> None:
    version = make(PROCESS)
    bench.api.deployment_versions_update(version.project, "d", "v1", {"minimum_instances": 1})
    until(lambda: pool_of(version) and pool_of(version).instances and pool_of(version).instances[0].idle_since)


@pytest.mark.parametrize("change", ["revision", "variable", "settings"])
def test_new_requests_run_with_the_present_state(make: Make, bench: Any, change: str) -> None:
    version = make("import os\nclass Deployment:\n  def request(self, data): return os.environ.get('A', 'none')")
    assert version.result() == "none"
    if change == "revision":
        version.upload({"deployment.py": "class Deployment:\n  def request(self, data): return 'new'"})
        expected = "new"
    elif change == "variable":
        bench.api.deployment_version_environment_variables_create(
            version.project, "d", "v1", {"name": "A", "value": "1", "secret": False}
        )
        expected = "1"
    else:
        first = next(iter(pool_of(version).instances)).id
        bench.api.deployment_versions_update(version.project, "d", "v1", {"instance_processes": 2})
        expected = "none"
    assert version.result() == expected
    if change == "settings":
        assert pool_of(version).active[0].id != first


def test_a_running_request_is_finished_when_its_version_changes(make: Make, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables)
    running = version.submit("first")
    gate.wait()
    version.upload({"deployment.py": "class Deployment:\n  def request(self, data): return 'new'"})
    assert version.result() == "new"
    gate.open("old")
    assert running.result(30).result == "old"


def test_a_revision_that_is_not_built_yet_is_not_run(make: Make, tmp_path: Path) -> None:
    version = make("class Deployment:\n  def request(self, data): return 'old'")
    assert version.result() == "old"
    version.upload({"readme.txt": "there is no code in here"})
    assert version.result() == "old"


def test_the_jobs_of_a_deleted_version_fail(make: Make, bench: Any, gate: Gate) -> None:
    version = make(GATED, variables=gate.variables, maximum_instances=1)
    first = version.submit("first")
    gate.wait()
    second = version.submit("second", mode="batch")
    bench.api.deployment_versions_delete(version.project, "d", "v1")
    assert second.result(30).error_message == "The version was deleted"
    gate.open()
    assert first.result(30).status == "completed"
    assert version.error() == "The version was deleted"


def test_a_version_without_a_package_fails_requests(make: Make) -> None:
    version = make({"readme.txt": "there is no code in here"})
    assert "not available" in version.error()


def test_a_deployment_without_the_request_format_takes_no_requests(bench: Any, make: Make) -> None:
    version = make(PROCESS)
    with bench.backend.storage.transaction() as db:
        db.execute(
            "UPDATE deployments SET settings = json_set(settings, '$.supports_request_format', json('false'))"
            " WHERE project = ?",
            (version.project,),
        )
    assert "docker image" in version.error()


def test_many_jobs_at_once_and_a_long_queue(make: Make) -> None:
    version = make("class Deployment:\n  def request(self, data): return data", instance_processes=2)
    futures = [version.submit(str(number), mode="batch") for number in range(1000)]
    futures += [version.submit(str(number)) for number in range(64)]
    results = [future.result(60).result for future in futures]
    assert results == [str(number) for number in (*range(1000), *range(64))]


@pytest.fixture
def other(bench: Any) -> Iterator[Any]:
    """Another emulator, to be stopped by the test."""
    emulator = ubiops.emulator.start(build_seconds=(0, 0, 0))
    yield type(bench)(emulator)
    emulator.stop()


def test_stopping_ends_everything_at_once(other: Any, gate: Gate) -> None:
    version = other.version(GATED, variables=gate.variables, maximum_instances=1)
    running = version.submit("first", timeout=600)
    gate.wait()
    express, batch = version.submit("", timeout=600), version.submit("", mode="batch")
    other.emulator.stop()
    assert not is_alive(gate.pid)
    for future in (running, express):
        outcome = future.result(0)
        assert (outcome.status, outcome.interrupted) == ("failed", True)
    # It runs when the emulator starts again.
    assert not batch.done()


def test_no_code_is_run_if_that_is_switched_off() -> None:
    with ubiops.emulator.start(run_code=False) as emulator:
        assert emulator._backend.runner is None
        assert emulator._backend.builder is None
        assert emulator._backend.background is not None


def test_no_code_is_run_where_other_machines_could_reach_it() -> None:
    with pytest.raises(ValueError, match="run_code=False"):
        ubiops.emulator.start(host="0.0.0.0")  # noqa: S104


KILLED = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import ubiops.emulator
from conftest import Bench
emulator = ubiops.emulator.start(build_seconds=(0, 0, 0), data_dir=sys.argv[2])
version = Bench(emulator).version(sys.argv[3], variables={"GATE": sys.argv[4]})
version.submit("first", timeout=600)
time.sleep(600)
"""
HERE = Path(__file__).resolve().parent


def test_a_killed_emulator_leaves_neither_processes_nor_files(tmp_path: Path, gate: Gate) -> None:
    command = [sys.executable, "-c", KILLED, str(HERE), str(tmp_path / "data"), GATED, gate.variables["GATE"]]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(HERE.parents[2])}) as process:
        try:
            gate.wait()
            assert is_alive(gate.pid)
        finally:
            process.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(gate.pid))
    work = tmp_path / "data" / "runtime" / "work"
    assert list(work.iterdir())
    with ubiops.emulator.start(data_dir=tmp_path / "data"):
        assert not list(work.iterdir())


def test_the_services_can_be_started_again(other: Any, gate: Gate) -> None:
    version = other.version(GATED, variables=gate.variables)
    running = version.submit("first", timeout=600)
    gate.wait()
    services = [one for one in other.backend.services if ".runtime." in type(one).__module__]
    for service in reversed(services):
        service.stop()
    assert running.result(30).interrupted
    assert not is_alive(gate.pid)
    for service in services:
        service.start()
    assert version.result("fine")


def test_an_instance_that_starts_without_end_is_stopped_when_its_version_is_deleted(
    make: Make, bench: Any, tmp_path: Path
) -> None:
    code = f"""
import os, time
open({str(tmp_path / "pid")!r}, "w").write(f"{{os.getpid()}}\\n")
class Deployment:
    def request(self, data):
        return data
while True:
    time.sleep(1)
"""
    version = make(code)
    running = version.submit("")
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    bench.api.deployment_versions_delete(version.project, version.deployment, version.name)
    assert running.result(60).status == "failed"
    until(lambda: not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists())

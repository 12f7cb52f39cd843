"""What goes wrong with one request, and leaves all others as they are."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from thread_runner import ThreadRunner, installed

import ubiops.emulator
from ubiops.emulator.areas.deployment_requests import api as requests_api
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.events import RequestEvent
from ubiops.emulator.areas.deployment_requests.inputs import Inputs
from ubiops.emulator.areas.deployment_requests.recorder import Change
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.interfaces import Job

Built = Callable[..., str]


class Broken(Change):
    """A change that fails in one of its steps."""

    def __init__(self, step: str) -> None:
        self._step = step

    def prepare(self, backend: Any) -> None:
        if self._step == "prepare":
            raise ZeroDivisionError

    def write(self, db: sqlite3.Connection) -> None:
        if self._step == "write":
            raise ZeroDivisionError

    def done(self, backend: Any) -> None:
        if self._step == "done":
            raise ZeroDivisionError


@pytest.mark.parametrize("step", ["prepare", "write", "done"])
def test_a_change_that_cannot_be_stored_costs_no_other_one(
    api: Any, built: Built, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    requests = f"{built()}/requests"
    backend, target = api.emulator._backend, requests_api.Target(api.project[10:], "d")
    recorder = backend.service(RequestService)._recorder
    with backend.storage.reading():
        # The recorder waits for the database meanwhile, so what follows is a group.
        recorder.add(Broken(step))
        started = [requests_api.start_express(backend, target, "x", user="me") for _ in range(3)]
        recorder.add(Broken(step))
    for one in started:
        assert one.ended.result(60).outcome.status == "completed"
    assert {one["id"] for one in api.ok("GET", requests)} == {one.id for one in started}
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError] * 2


def test_a_runner_that_takes_no_job(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: Job) -> None:
        raise OSError("no more processes")

    requests = f"{built()}/requests"
    monkeypatch.setattr(runner, "submit", refuse)
    error = "The request could not be processed: no more processes"
    assert api.ok("POST", requests, "x")["error_message"] == error
    (one,) = api.ok("POST", f"{requests}/batch", "x")
    assert [events.get(timeout=60).kind for _ in range(2)] == ["failed", "failed"]
    found = api.ok("GET", f"{requests}/{one['id']}")
    assert (found["status"], found["error_message"]) == ("failed", error)


def test_an_input_that_is_gone_fails_the_request(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent]
) -> None:
    requests = f"{built()}/requests"
    backend = api.emulator._backend
    monitor = threading.Event()
    runner.code = lambda data, context: monitor.wait(60)
    running = api.ok("POST", f"{requests}/batch", ["wait"] * 4)
    for _ in running:
        assert events.get(timeout=60).kind == "started"
    before = set(backend.files.path("").iterdir())
    (one,) = api.ok("POST", f"{requests}/batch", "x" * 200_000)
    (file,) = set(backend.files.path("").iterdir()) - before
    file.unlink()
    assert api.fails(404, "GET", f"{requests}/{one['id']}") == "Request data was not found"
    assert api.fails(404, "GET", f"{requests}/{one['id']}/input") == "Request data was not found"
    monitor.set()
    kinds = {}
    while one["id"] not in kinds:
        event = events.get(timeout=60)
        if event.kind != "started":
            kinds[event.request_id] = event.kind
    assert kinds[one["id"]] == "failed"
    assert api.ok("GET", f"{requests}/{one['id']}?metadata_only=true")["status"] == "failed"
    api.ok("DELETE", f"{requests}/{one['id']}")


def test_a_version_that_is_deleted_while_a_batch_is_created(api: Any, built: Built) -> None:
    deployment = built()
    backend = api.emulator._backend
    with backend.storage.reading() as db:
        destination = find_destination(db, backend.clock.now(), api.project[10:], "d", "v1")
    api.ok("DELETE", f"{deployment}/versions/v1")
    before = set(backend.files.path("").iterdir())
    inputs = Inputs(["x" * 200_000, "y"], many=True)
    with pytest.raises(ApiError, match="Deployment version was not found"):
        requests_api.send_inputs(backend, destination, inputs, user="u", timeout=60)
    started = requests_api.start_inputs(backend, destination, Inputs(["x" * 200_000], many=False), user="u", timeout=60)
    # The runner of the test doesn't know of versions.
    assert started.ended.result(60).outcome.status == "completed"
    backend.service(RequestService).flush()
    assert set(backend.files.path("").iterdir()) == before


def test_a_coroutine_waits_for_a_request(api: Any, built: Built, runner: ThreadRunner) -> None:
    deployment = built()
    backend, target = api.emulator._backend, requests_api.Target(api.project[10:], "d", "v1")
    ended = asyncio.run(requests_api.run_express(backend, target, ["a", "b"], user="me", timeout=20))
    assert (ended.outcome.result, ended.timeout, ended.deployment) == (["a", "b"], 20, "d")
    assert ended.created <= (ended.started or 0) <= ended.completed
    assert api.ok("GET", f"{deployment}/requests/{ended.id}")["result"] == ["a", "b"]
    go, entered = threading.Event(), threading.Event()

    def wait(data: Any, context: Any) -> Any:
        entered.set()
        return go.wait(60)

    async def give_up() -> requests_api.Express:
        started = requests_api.start_express(backend, target, "x", user="me")
        waiting = asyncio.create_task(requests_api.wait(started))
        await asyncio.to_thread(entered.wait, 60)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return started

    runner.code = wait
    started = asyncio.run(give_up())
    assert not started.ended.done()
    go.set()
    assert started.ended.result(60).outcome.status == "completed"
    assert requests_api.cancel(backend, started.id) is False


@pytest.mark.parametrize(
    ("deployment", "data", "status"), [("d", 5, 400), ("missing", "x", 404), ("d", ["x"] * 251, 400)]
)
def test_other_areas_get_the_errors_of_a_client(
    api: Any, built: Built, deployment: str, data: Any, status: int
) -> None:
    built()
    backend, target = api.emulator._backend, requests_api.Target(api.project[10:], deployment)
    with pytest.raises(ApiError) as caught:
        requests_api.send_batch(backend, target, data, user="u")
    assert caught.value.status == status
    if not isinstance(data, list):
        with pytest.raises(ApiError):
            requests_api.start_express(backend, target, data, user="u")


def test_a_request_that_was_about_to_be_stopped_is_cancelled_at_the_next_start(tmp_path: Path, package: bytes) -> None:
    entered, go = threading.Event(), threading.Event()

    def wait(data: Any, context: Any) -> Any:
        entered.set()
        go.wait(60)
        return data

    class Slow(ThreadRunner):
        """A runner whose instances are not stopped before the emulator is."""

        def cancel(self, request_id: str) -> bool:
            return True

        def stop(self) -> None:
            go.set()
            super().stop()

    with installed(Slow(wait)):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        api = emulator.api()
        api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
        api.deployment_versions_create("p", "d", {"version": "v1"})
        (tmp_path / "package.zip").write_bytes(package)
        api.revisions_file_upload("p", "d", "v1", file=str(tmp_path / "package.zip"))
        (one,) = api.batch_deployment_requests_create("p", "d", data=["x"])
        assert entered.wait(60)
        api.deployment_requests_update("p", "d", one.id, {"status": "cancelled"})
        assert api.deployment_requests_get("p", "d", one.id).status == "cancelled_pending"
    with installed(ThreadRunner()):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        assert emulator.api().deployment_requests_get("p", "d", one.id).status == "cancelled"

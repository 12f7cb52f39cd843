"""Batch requests: creation, order, cancellation, and the events of their lives."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from thread_runner import InstanceDied, PublicError, ThreadRunner

from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests import api as requests_api
from ubiops.emulator.areas.deployment_requests.events import RequestEvent, observers
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_RESTARTS
from ubiops.emulator.areas.deployment_requests.service import RequestService

Built = Callable[..., str]


@pytest.fixture
def single(stopped_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadRunner]:
    """A runner with one thread, which processes one request after the other."""
    replacement = ThreadRunner(threads=1)
    replacement.start()
    monkeypatch.setattr(stopped_emulator._backend, "runner", replacement)
    yield replacement
    replacement.stop()


class Gate:
    """Code that waits in requests with the input "wait", and records all inputs."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, data: Any, context: dict[str, Any]) -> Any:
        self.inputs.append(data)
        if data == "wait":
            self.entered.release()
            assert self.open.wait(60)
        return data

    def wait(self) -> None:
        """Waits until a request waits."""
        assert self.entered.acquire(timeout=60)


@pytest.fixture
def gate(single: ThreadRunner) -> Iterator[Gate]:
    single.code = found = Gate()
    yield found
    found.open.set()


def until_ended(events: queue.Queue[RequestEvent], count: int) -> list[RequestEvent]:
    """Returns the events until this many requests have ended."""
    found: list[RequestEvent] = []
    while sum(event.kind != "started" for event in found) < count:
        found.append(events.get(timeout=60))
    return found


def test_each_element_becomes_a_request(api: Any, built: Built, events: queue.Queue[RequestEvent]) -> None:
    deployment = built()
    for path in (deployment, f"{deployment}/versions/v1"):
        created = api.ok("POST", f"{path}/requests/batch?timeout=60", ["a", "b", {"c": 1}])
        assert len({one["id"] for one in created}) == 3
        assert {(one["deployment"], one["version"], one["status"]) for one in created} == {("d", "v1", "pending")}
        until_ended(events, 3)
        stored = [api.ok("GET", f"{path}/requests/{one['id']}") for one in created]
        assert [one["result"] for one in stored] == ["a", "b", '{"c": 1}']
        assert [one["request_data"] for one in stored] == ["a", "b", '{"c": 1}']
        assert {(one["status"], one["timeout"]) for one in stored} == {("completed", 60)}


def test_a_single_input_becomes_one_request(api: Any, built: Built, events: queue.Queue[RequestEvent]) -> None:
    deployment = built()
    (text,) = api.ok("POST", f"{deployment}/requests/batch", body=b"rain", headers={"Content-Type": "text/plain"})
    (value,) = api.ok("POST", f"{deployment}/requests/batch", {"a": 1})
    until_ended(events, 2)
    assert api.ok("GET", f"{deployment}/requests/{text['id']}")["result"] == "rain"
    assert api.ok("GET", f"{deployment}/requests/{value['id']}")["result"] == '{"a": 1}'
    assert api.ok("GET", f"{deployment}/requests/{text['id']}")["timeout"] == 14400


def test_all_requests_are_created_or_none(api: Any, built: Built, runner: ThreadRunner) -> None:
    deployment = built()
    assert "not an integer in input 3" in api.fails(400, "POST", f"{deployment}/requests/batch", ["a", "b", 5])
    assert "At most 250" in api.fails(400, "POST", f"{deployment}/requests/batch", ["a"] * 251)
    assert runner.jobs == []
    assert api.ok("GET", f"{deployment}/requests?status=pending") == []
    assert len(api.ok("POST", f"{deployment}/requests/batch", ["a"] * 250)) == 250


def test_requests_are_processed_by_priority_and_in_their_order(
    api: Any, built: Built, gate: Gate, events: queue.Queue[RequestEvent]
) -> None:
    deployment = built()
    api.ok("POST", f"{deployment}/requests/batch", "wait")
    gate.wait()
    api.ok("POST", f"{deployment}/requests/batch", ["a", "b"])
    api.ok("POST", f"{deployment}/requests/batch?priority=0", ["urgent 1", "urgent 2"])
    api.ok("POST", f"{deployment}/requests/batch", ["c"])
    gate.open.set()
    until_ended(events, 6)
    assert gate.inputs == ["wait", "urgent 1", "urgent 2", "a", "b", "c"]


def test_a_request_passes_through_its_statuses(
    api: Any, built: Built, gate: Gate, events: queue.Queue[RequestEvent]
) -> None:
    deployment = built()
    first, second = api.ok("POST", f"{deployment}/requests/batch", ["wait", "wait"])
    gate.wait()

    def get(one: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = api.ok("GET", f"{deployment}/requests/{one['id']}")
        return found

    assert (get(first)["status"], get(second)["status"]) == ("processing", "pending")
    assert get(first)["time_started"] is not None
    assert get(second)["time_started"] is None
    assert get(second)["time_completed"] is None
    assert get(first)["success"] is get(second)["success"] is None
    assert get(first)["request_data"] == "wait"
    for status, one in (("processing", first), ("pending", second)):
        assert [found["id"] for found in api.ok("GET", f"{deployment}/requests?status={status}")] == [one["id"]]
    assert api.ok("GET", f"{deployment}/requests") == []
    api.emulator.clock.advance(5)
    gate.open.set()
    until_ended(events, 2)
    assert get(first)["time_completed"] > get(first)["time_started"]


def test_a_pending_request_is_cancelled_at_once(api: Any, built: Built, gate: Gate, single: ThreadRunner) -> None:
    deployment = built()
    _, second = api.ok("POST", f"{deployment}/requests/batch", ["wait", "never"])
    gate.wait()
    path = f"{deployment}/requests/{second['id']}"
    assert api.ok("PATCH", path, {"status": "cancelled"}) == {}
    found = api.ok("GET", path)
    assert (found["status"], found["success"], found["time_started"]) == ("cancelled", False, None)
    assert found["time_completed"] is not None
    assert api.fails(400, "PATCH", path, {"status": "cancelled"}) == "A request that has ended cannot be cancelled"
    assert "cancelled" in api.fails(400, "PATCH", path, {"status": "completed"})
    gate.open.set()
    # Whatever comes after it has run, and it has not.
    assert api.ok("POST", f"{deployment}/requests", "last")["result"] == "last"
    assert gate.inputs == ["wait", "last"]


def test_a_running_request_is_stopped(api: Any, built: Built, gate: Gate, events: queue.Queue[RequestEvent]) -> None:
    deployment = built()
    (one,) = api.ok("POST", f"{deployment}/requests/batch", ["wait"])
    gate.wait()
    path = f"{deployment}/versions/v1/requests/{one['id']}"
    assert api.ok("PATCH", path, {"status": "cancelled"}) == {}
    assert [event.kind for event in until_ended(events, 1)] == ["started", "cancelled"]
    assert api.ok("GET", path)["status"] == "cancelled"


def test_a_request_that_is_being_stopped_says_so(
    api: Any, built: Built, gate: Gate, single: ThreadRunner, events: queue.Queue[RequestEvent],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deployment = built()
    (one,) = api.ok("POST", f"{deployment}/requests/batch", ["wait"])
    gate.wait()
    # An instance that takes its time to stop.
    monkeypatch.setattr(single, "cancel", lambda request_id: True)
    path = f"{deployment}/requests/{one['id']}"
    for _ in range(2):
        api.ok("PATCH", path, {"status": "cancelled"})
        assert api.ok("GET", path)["status"] == "cancelled_pending"
    assert [found["id"] for found in api.ok("GET", f"{deployment}/requests?status=processing")] == [one["id"]]
    gate.open.set()
    until_ended(events, 1)
    found = api.ok("GET", path)
    assert (found["status"], found["result"]) == ("cancelled", None)


def test_several_requests_are_cancelled_by_id(api: Any, built: Built, gate: Gate) -> None:
    deployment = built()
    done = api.ok("POST", f"{deployment}/requests", "x")["id"]
    _, *waiting = [one["id"] for one in api.ok("POST", f"{deployment}/requests/batch", ["wait", "a", "b", "c"])]
    gate.wait()
    cancel = f"{deployment}/requests/cancel"
    missing = "00000000-0000-4000-8000-000000000000"
    assert missing in api.fails(404, "POST", cancel, [waiting[0], missing])
    assert done in api.fails(400, "POST", cancel, [waiting[0], done])
    assert "is not a UUID" in api.fails(400, "POST", cancel, [waiting[0], "x"])
    assert "At most 250" in api.fails(400, "POST", cancel, [missing] * 251)
    assert "Give either" in api.fails(400, "POST", cancel, [])
    assert "Give either" in api.fails(400, "POST", f"{cancel}?status=pending", waiting)
    assert "status" in api.fails(400, "POST", f"{cancel}?status=completed", [])
    assert len(api.ok("GET", f"{deployment}/requests?status=pending")) == 3
    assert api.ok("POST", cancel, [waiting[0], waiting[1].upper(), waiting[0]]) == {}
    assert [one["id"] for one in api.ok("GET", f"{deployment}/requests?status=pending")] == [waiting[2]]
    assert {one["id"] for one in api.ok("GET", f"{deployment}/requests?status=cancelled")} == set(waiting[:2])


@pytest.mark.parametrize("path", ["", "/versions/v1"])
def test_all_requests_with_a_status_are_cancelled(
    api: Any, built: Built, gate: Gate, events: queue.Queue[RequestEvent], path: str
) -> None:
    requests = f"{built()}{path}/requests"
    first, *others = api.ok("POST", f"{requests}/batch", ["wait", *["never"] * 20])
    gate.wait()
    assert api.ok("POST", f"{requests}/cancel?status=pending", []) == {}
    assert len(api.ok("GET", f"{requests}?status=cancelled")) == len(others)
    assert api.ok("GET", f"{requests}/{first['id']}")["status"] == "processing"
    api.ok("POST", f"{requests}/batch", ["never"])
    assert api.ok("POST", f"{requests}/cancel?status=pending,processing", []) == {}
    until_ended(events, 22)
    assert len(api.ok("GET", f"{requests}?status=cancelled")) == 22
    assert gate.inputs == ["wait"]
    # There is nothing left, and that is no error.
    assert api.ok("POST", f"{requests}/cancel?status=pending", []) == {}


def test_a_direct_request_is_cancelled_like_any_other(api: Any, built: Built, gate: Gate) -> None:
    deployment = built()
    responses: list[Any] = []
    thread = threading.Thread(target=lambda: responses.append(api.ok("POST", f"{deployment}/requests", "wait")))
    thread.start()
    gate.wait()
    (one,) = api.ok("GET", f"{deployment}/requests?status=processing")
    api.ok("PATCH", f"{deployment}/requests/{one['id']}", {"status": "cancelled"})
    thread.join(60)
    # A direct request has only two ways to end.
    assert (responses[0]["status"], responses[0]["error_message"]) == ("failed", "The request was cancelled")
    assert api.ok("GET", f"{deployment}/requests/{one['id']}")["status"] == "cancelled"


@pytest.mark.parametrize("restarts", [True, False])
def test_a_request_whose_instance_dies(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent], restarts: bool
) -> None:
    attempts: list[str] = []

    def die_once(data: Any, context: dict[str, Any]) -> Any:
        attempts.append(context["id"])
        if len(attempts) == 1:
            raise InstanceDied
        return data

    runner.code = die_once
    deployment = built(version={"restart_request_interruption": restarts})
    (one,) = api.ok("POST", f"{deployment}/requests/batch", ["x"])
    kinds = [event.kind for event in until_ended(events, 1)]
    found = api.ok("GET", f"{deployment}/requests/{one['id']}")
    if restarts:
        assert (kinds, attempts) == (["started", "started", "completed"], [one["id"]] * 2)
        assert (found["status"], found["result"]) == ("completed", "x")
    else:
        assert (kinds, attempts) == (["started", "failed"], [one["id"]])
        assert (found["status"], found["error_message"]) == ("failed", "The instance died")
    # Someone waits for a direct request, so it fails.
    attempts.clear()
    assert api.ok("POST", f"{deployment}/requests", "x")["error_message"] == "The instance died"


def test_code_that_always_kills_its_instance_does_not_run_for_ever(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent]
) -> None:
    def die(data: Any, context: Any) -> None:
        raise InstanceDied

    runner.code = die
    deployment = built(version={"restart_request_interruption": True})
    api.ok("POST", f"{deployment}/requests/batch", ["x"])
    found = until_ended(events, 1)
    assert [event.kind for event in found] == ["started"] * (MAXIMUM_RESTARTS + 1) + ["failed"]


@pytest.mark.parametrize("level", ["version", "deployment"])
def test_deleting_a_version_cancels_its_requests(
    api: Any, built: Built, gate: Gate, events: queue.Queue[RequestEvent], level: str
) -> None:
    deployment, other = built(), built("other")
    first, second = api.ok("POST", f"{deployment}/requests/batch", ["wait", "y" * 200_000])
    gate.wait()
    responses: list[Any] = []
    thread = threading.Thread(target=lambda: responses.append(api.ok("POST", f"{deployment}/requests", "never")))
    submitted = threading.Event()
    api.emulator._backend.runner.on_submit = submitted.set
    thread.start()
    assert submitted.wait(60)
    api.emulator._backend.runner.changes.clear()
    api.ok("DELETE", f"{deployment}/versions/v1" if level == "version" else deployment)
    thread.join(60)
    assert (responses[0]["status"], responses[0]["error_message"]) == ("failed", "The request was cancelled")
    assert {event.request_id for event in until_ended(events, 3) if event.kind == "cancelled"} >= {
        first["id"],
        second["id"],
    }
    gate.open.set()
    assert api.ok("POST", f"{other}/requests", "last")["result"] == "last"
    assert gate.inputs == ["wait", "last"]
    assert len(set(api.emulator._backend.runner.changes)) == 1
    backend = api.emulator._backend
    backend.service(RequestService).flush()
    with backend.storage.reading() as db:
        found = db.execute("SELECT * FROM deployment_requests WHERE project = ?", (api.project[10:],)).fetchall()
    assert len(found) == 1
    names = {path.name for path in backend.files.path("").iterdir()}
    assert names == backend.storage.files() - {None}


def test_requests_stay_with_a_version_that_changes(
    api: Any, built: Built, gate: Gate, single: ThreadRunner, events: queue.Queue[RequestEvent], good: bytes
) -> None:
    deployment = built()
    first, second = api.ok("POST", f"{deployment}/requests/batch", ["wait", "y"])
    gate.wait()
    api.build(f"{deployment}/versions/v1", good)
    api.build(api.version(deployment, "v2"), good)
    api.ok("PATCH", deployment, {"default_version": "v2", "name": "renamed"})
    api.ok("PATCH", f"{api.project}/deployments/renamed/versions/v1", {"version": "old"})
    gate.open.set()
    until_ended(events, 2)
    stored = api.ok("GET", f"{api.project}/deployments/renamed/versions/old/requests")
    assert [one["id"] for one in stored] == [second["id"], first["id"]]
    assert {(one["deployment"], one["version"]) for one in stored} == {("renamed", "old")}


def test_observers_learn_of_every_request(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent]
) -> None:
    def fail(data: Any, context: Any) -> Any:
        if data == "bad":
            raise PublicError("It is bad")
        return {"text": data}

    def broken(backend: Any, event: RequestEvent) -> None:
        raise ZeroDivisionError

    runner.code = fail
    deployment = built(version={"request_retention_mode": "none"})
    observers.insert(0, broken)
    try:
        good = api.ok("POST", f"{deployment}/requests", "x")["id"]
        bad = api.ok("POST", f"{deployment}/requests/batch", "bad")[0]["id"]
        found = until_ended(events, 2)
    finally:
        observers.remove(broken)
    details = api.ok("GET", deployment), api.ok("GET", f"{deployment}/versions/v1")
    for event in found:
        assert (event.project, event.deployment, event.version) == (api.project[10:], "d", "v1")
        assert (event.deployment_id, event.version_id) == (details[0]["id"], details[1]["id"])
    assert [(event.request_id, event.kind, event.status) for event in found] == [
        (good, "started", "processing"),
        (good, "completed", "completed"),
        (bad, "started", "processing"),
        (bad, "failed", "failed"),
    ]
    assert [event.result for event in found] == [None, {"text": "x"}, None, None]
    assert [event.error_message for event in found] == [None, None, None, "It is bad"]


def test_other_areas_send_requests(api: Any, built: Built, runner: ThreadRunner, events: Any) -> None:
    deployment = built()
    backend, target = api.emulator._backend, requests_api.Target(api.project[10:], "d")
    seen: list[dict[str, Any]] = []

    def stream(data: Any, context: dict[str, Any]) -> Any:
        seen.append(context)
        context["streaming_update"]("half")
        return data

    runner.code = stream
    updates: list[str] = []
    started = requests_api.start_express(
        backend,
        target,
        {"a": 1},
        user="UbiOps",
        mode="batch",
        context={"pipeline_request_id": "p"},
        on_update=updates.append,
    )
    ended = started.ended.result(60)
    assert (ended.id, ended.version, ended.outcome.result) == (started.id, "v1", '{"a": 1}')
    assert (seen[0]["pipeline_request_id"], seen[0]["request_mode"], updates) == ("p", "batch", ["half"])
    with backend.storage.transaction() as db:
        batch = requests_api.create_batch(db, backend, target, ["x", "y"], user="UbiOps", context={"k": 1})
    assert not requests_api.cancel(backend, batch.created[0].id)
    requests_api.submit_batch(backend, batch)
    assert [one.id for one in requests_api.send_batch(backend, target, "z", user="UbiOps").created]
    found = until_ended(events, 4)
    assert {event.context["k"] for event in found if event.request_id == batch.created[0].id} == {1}
    origins = [api.ok("GET", f"{deployment}/requests/{one.id}")["origin"] for one in batch.created]
    assert origins == [{"created_by": "UbiOps"}] * 2

"""Stored requests to pipelines: batch, reading, cancelling, retention, restarts."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from pipes import Pipes, attach, fields, operator
from typing import Any

import pytest
from killed import next_lines, running_emulator
from thread_runner import ThreadRunner, installed

import ubiops
import ubiops.emulator
from ubiops.emulator.areas.deployment_requests.recovery import INTERRUPTED
from ubiops.emulator.areas.pipeline_requests.events import PipelineEvent, observers
from ubiops.emulator.areas.pipeline_requests.service import PipelineService
from ubiops.emulator.areas.request_schedules.service import ScheduleService
from ubiops.emulator.areas.webhooks.service import WebhookService
from ubiops.emulator.core.clock import in_microseconds

X = fields(x="int")
ONE = [{"name": "a", "reference_name": "one"}]
THROUGH_ONE = [attach("a", ("pipeline_start", "x")), attach("pipeline_end", ("a", "x"))]
WEEK = 604800


@pytest.fixture
def ends() -> Iterator[queue.Queue[PipelineEvent]]:
    """The events of requests to pipelines that have ended."""
    received: queue.Queue[PipelineEvent] = queue.Queue()

    def receive(backend: Any, event: PipelineEvent) -> None:
        if event.kind != "started":
            received.put(event)

    observers.append(receive)
    yield received
    observers.remove(receive)


@pytest.fixture
def path(pipes: Pipes) -> str:
    """The path of a pipeline that adds 1."""
    pipes.deployment("one", lambda data, context: {"x": data["x"] + 1}, X)
    return pipes.pipeline(ONE, THROUGH_ONE, X)


class Holding:
    """Code that waits until it is released."""

    def __init__(self) -> None:
        self.entered: queue.Queue[Any] = queue.Queue()
        self.leave = threading.Event()

    def __call__(self, data: Any, context: Any) -> Any:
        self.entered.put(data)
        self.leave.wait(60)
        return data


class Stopping(ThreadRunner):
    """A runner whose code is released when the runner is stopped."""

    def __init__(self, code: Holding) -> None:
        super().__init__(code)
        self._holding = code

    def stop(self) -> None:
        self._holding.leave.set()
        super().stop()


def test_batch_requests_are_queued_and_processed(api: Any, path: str, ends: Any, pipes: Pipes) -> None:
    created = api.ok("POST", f"{path}/requests/batch?timeout=100", [{"x": 1}, {"x": 2}])
    assert [one["status"] for one in created] == ["pending", "pending"]
    assert {one["pipeline"] for one in created} == {"p"}
    assert {ends.get(timeout=30).status for _ in created} == {"completed"}
    for one, value in zip(created, (2, 3)):
        found = api.ok("GET", f"{path}/requests/{one['id']}")
        assert (found["status"], found["result"]) == ("completed", {"x": value})
        assert found["pipeline_timeout"] == 100
        assert len(found["deployment_requests"]) == 1
    assert {job.mode for job in pipes.runner.jobs} == {"batch"}
    (single,) = api.ok("POST", f"{path}/versions/v1/requests/batch", {"x": 5})
    ends.get(timeout=30)
    assert api.ok("GET", f"{path}/versions/v1/requests/{single['id']}")["result"] == {"x": 6}


def test_a_faulty_input_keeps_all_from_being_created(api: Any, path: str) -> None:
    assert "in input 2: x" in api.fails(400, "POST", f"{path}/requests/batch", [{"x": 1}, {}])
    assert "At most 250" in api.fails(400, "POST", f"{path}/requests/batch", [{"x": 1}] * 251)
    assert "345600" in api.fails(400, "POST", f"{path}/requests/batch?timeout=400000", [{"x": 1}])
    for status in ("pending", "processing", "completed"):
        assert api.ok("GET", f"{path}/requests?status={status}") == []


def test_urgent_requests_go_first(api: Any, path: str, pipes: Pipes, ends: Any) -> None:
    code = pipes.codes["one"] = Holding()
    busy = api.ok("POST", f"{path}/requests/batch", [{"x": 0}] * 16)
    for _ in busy:
        code.entered.get(timeout=30)
    api.ok("POST", f"{path}/requests/batch", [{"x": 1}, {"x": 2}])
    api.ok("POST", f"{path}/requests/batch?priority=0", [{"x": 3}])
    assert len(api.ok("GET", f"{path}/requests?status=pending")) == 3
    # One place becomes free.
    api.ok("PATCH", f"{path}/requests/{busy[0]['id']}", {"status": "cancelled"})
    code.leave.set()
    assert code.entered.get(timeout=30) == {"x": 3}
    for _ in range(19):
        ends.get(timeout=30)


def test_requests_are_listed_by_status_newest_first(api: Any, path: str, pipes: Pipes) -> None:
    first = api.ok("POST", f"{path}/requests", {"x": 1})["id"]
    api.emulator.clock.advance(60)
    second = api.ok("POST", f"{path}/requests", {"x": 2})["id"]
    pipes.codes["one"] = lambda data, context: 1 / 0
    failed = api.ok("POST", f"{path}/requests", {"x": 3})["id"]
    listed = api.ok("GET", f"{path}/requests")
    assert [one["id"] for one in listed] == [second, first]
    assert "request_data" not in listed[0]
    ids = [one["id"] for one in api.ok("GET", f"{path}/versions/v1/requests?status=failed,completed")]
    assert ids == [failed, second, first]
    assert [one["id"] for one in api.ok("GET", f"{path}/requests?limit=1&offset=1")] == [first]
    assert [one["id"] for one in api.ok("GET", f"{path}/requests?search_id={first[:13]}")] == [first]
    when = in_microseconds(api.emulator.clock.now() - 30)
    assert [one["id"] for one in api.ok("GET", f"{path}/requests?start_date={when}")] == [second]
    error = "Status pending cannot be combined"
    assert error in api.fails(400, "GET", f"{path}/requests?status=pending,failed")
    found = api.ok("GET", f"{api.project}/requests?object_type=pipeline&status=completed")
    assert [(one["id"], one["pipeline"], one["version"]) for one in found] == [(second, "p", "v1"), (first, "p", "v1")]


def test_input_and_output_are_downloaded_as_files(api: Any, path: str, pipes: Pipes) -> None:
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    for where in (path, f"{path}/versions/v1"):
        found = api.send("GET", f"{where}/requests/{created['id']}/input")
        assert (json.loads(found.data), found.headers["content-disposition"]) == (
            {"x": 1},
            'attachment; filename="input.json"',
        )
        assert json.loads(api.ok("GET", f"{where}/requests/{created['id']}/output")) == {"x": 2}
    pipes.codes["one"] = lambda data, context: 1 / 0
    failed = api.ok("POST", f"{path}/requests", {"x": 1})
    assert api.fails(404, "GET", f"{path}/requests/{failed['id']}/output") == "Request data was not found"
    found = api.ok("GET", f"{path}/requests/{created['id']}?metadata_only=True")
    assert "request_data" not in found


def test_requests_to_operators_are_read_one_by_one(api: Any, pipes: Pipes) -> None:
    objects = [operator("f", "function", X, expression="x * 2")]
    attachments = [attach("f", ("pipeline_start", "x")), attach("pipeline_end", ("f", "x"))]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", {"x": 4})
    (part,) = created["operator_requests"]
    where = f"{path}/versions/v1/object-requests/{part['id']}"
    found = api.ok("GET", where)
    assert (found["request_data"], found["result"], found["operator"]) == ({"x": 4}, {"x": 8}, "function")
    assert (found["pipeline_request_id"], found["status"]) == (created["id"], "completed")
    assert "result" not in api.ok("GET", f"{where}?metadata_only=true")
    assert json.loads(api.ok("GET", f"{where}/input")) == {"x": 4}
    assert json.loads(api.ok("GET", f"{where}/output")) == {"x": 8}
    object_id = api.ok("GET", f"{path}/versions/v1")["objects"][0]["id"]
    api.ok("GET", f"{where}?pipeline_request_id={created['id']}&pipeline_object_id={object_id}")
    for name in ("pipeline_request_id", "pipeline_object_id"):
        assert api.fails(404, "GET", f"{where}?{name}={part['id']}") == "Request was not found"


def test_several_requests_are_collected_or_none(api: Any, path: str) -> None:
    ids = [api.ok("POST", f"{path}/requests", {"x": number})["id"] for number in range(3)]
    found = api.ok("POST", f"{path}/requests/collect", ids)
    assert {one["id"]: one["result"]["x"] for one in found} == dict(zip(ids, (1, 2, 3)))
    missing = "00000000-0000-4000-8000-000000000000"
    assert missing in api.fails(404, "POST", f"{path}/requests/collect", [*ids, missing])
    assert missing in api.fails(404, "POST", f"{path}/requests/delete", [*ids, missing])
    assert len(api.ok("GET", f"{path}/requests")) == 3
    assert api.ok("POST", f"{path}/requests/delete", ids[:2]) == {}
    api.ok("DELETE", f"{path}/versions/v1/requests/{ids[2]}")
    assert api.ok("GET", f"{path}/requests") == []
    assert api.fails(404, "GET", f"{path}/requests/{ids[0]}") == "Request was not found"


def test_a_cancelled_request_ends_with_its_parts(api: Any, path: str, pipes: Pipes) -> None:
    code = pipes.codes["one"] = Holding()
    (created,) = api.ok("POST", f"{path}/requests/batch", [{"x": 1}])
    code.entered.get(timeout=30)
    found = api.ok("GET", f"{path}/requests/{created['id']}")
    assert (found["status"], found["success"], found["time_completed"]) == ("processing", None, None)
    assert found["deployment_requests"][0]["status"] == "processing"
    assert api.ok("PATCH", f"{path}/requests/{created['id']}", {"status": "cancelled"}) == {}
    found = api.ok("GET", f"{path}/requests/{created['id']}")
    assert (found["status"], found["deployment_requests"][0]["status"]) == ("cancelled", "cancelled")
    error = api.fails(400, "PATCH", f"{path}/requests/{created['id']}", {"status": "cancelled"})
    assert error == "A request that has ended cannot be cancelled"
    assert api.fails(400, "POST", f"{path}/requests/cancel", [created["id"]]).startswith(error)
    inner = found["deployment_requests"][0]["id"]
    where = f"{api.project}/deployments/one/requests/{inner}"
    while api.ok("GET", where)["status"] in ("processing", "cancelled_pending"):
        time.sleep(0.01)
    assert api.ok("GET", where)["status"] == "cancelled"
    code.leave.set()


def test_requests_are_cancelled_together(api: Any, path: str, pipes: Pipes) -> None:
    code = pipes.codes["one"] = Holding()
    created = [one["id"] for one in api.ok("POST", f"{path}/requests/batch", [{"x": 1}] * 20)]
    for _ in range(16):
        code.entered.get(timeout=30)
    assert api.ok("POST", f"{path}/requests/cancel?status=pending", []) == {}
    assert len(api.ok("GET", f"{path}/requests?status=cancelled")) == 4
    assert api.ok("POST", f"{path}/versions/v1/requests/cancel", created[:2]) == {}
    assert len(api.ok("GET", f"{path}/requests?status=cancelled")) == 6
    assert api.ok("POST", f"{path}/requests/cancel?status=processing", []) == {}
    assert len(api.ok("GET", f"{path}/requests?status=cancelled")) == 20
    code.leave.set()
    assert "Give either" in api.fails(400, "POST", f"{path}/requests/cancel", [])
    assert "Give either" in api.fails(400, "POST", f"{path}/requests/cancel?status=pending", created)


def test_deleting_a_version_cancels_its_requests(api: Any, path: str, pipes: Pipes) -> None:
    code = pipes.codes["one"] = Holding()
    api.ok("POST", f"{path}/requests/batch", [{"x": 1}] * 20)
    for _ in range(16):
        code.entered.get(timeout=30)
    api.ok("DELETE", f"{path}/versions/v1")
    code.leave.set()
    api.ok("DELETE", path)
    with api.emulator._backend.storage.reading() as db:
        project = api.project.rpartition("/")[2]
        assert db.execute("SELECT count(*) FROM pipeline_requests WHERE project = ?", (project,)).fetchone()[0] == 0


def test_a_request_is_kept_as_long_as_the_version_says(api: Any, path: str) -> None:
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    api.emulator.clock.advance(WEEK - 1)
    api.ok("GET", f"{path}/requests/{created['id']}")
    api.ok("PATCH", f"{path}/versions/v1", {"request_retention_time": 2 * WEEK})
    api.emulator.clock.advance(1)
    assert api.fails(404, "GET", f"{path}/requests/{created['id']}") == "Request was not found"
    assert api.ok("GET", f"{path}/requests") == []


def test_what_is_kept_depends_on_the_mode(api: Any, path: str, ends: Any, pipes: Pipes) -> None:
    api.ok("PATCH", f"{path}/versions/v1", {"request_retention_mode": "metadata"})
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    (batch,) = api.ok("POST", f"{path}/requests/batch", {"x": 2})
    assert [ends.get(timeout=30).result for _ in range(2)] == [{"x": 2}, {"x": 3}]
    for one in (created, batch):
        found = api.ok("GET", f"{path}/requests/{one['id']}")
        assert (found["request_data"], found["result"], found["output_size"]) == (None, None, 8)
        assert len(found["deployment_requests"]) == 1
        api.fails(404, "GET", f"{path}/requests/{one['id']}/input")
        api.fails(404, "GET", f"{path}/requests/{one['id']}/output")

    api.ok("PATCH", f"{path}/versions/v1", {"request_retention_mode": "none"})
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["result"] == {"x": 2}
    assert len(created["deployment_requests"]) == 1
    code = pipes.codes["one"] = Holding()
    (batch,) = api.ok("POST", f"{path}/requests/batch", {"x": 2})
    code.entered.get(timeout=30)
    api.fails(404, "GET", f"{path}/requests/{batch['id']}")
    code.leave.set()
    assert [ends.get(timeout=30).result for _ in range(2)] == [{"x": 2}, {"x": 2}]
    for one in (created, batch):
        api.fails(404, "GET", f"{path}/requests/{one['id']}")
    with api.emulator._backend.storage.reading() as db:
        query = "SELECT count(*) FROM pipeline_requests WHERE retention = 'none'"
        assert db.execute(query).fetchone()[0] == 0


# Restarts


def client_of(host: str) -> ubiops.CoreApi:
    configuration = ubiops.Configuration(host=host, api_key={"Authorization": "Token x"}, proxy="")
    return ubiops.CoreApi(ubiops.ApiClient(configuration))


def populate(api: ubiops.CoreApi, package: bytes) -> None:
    """Creates a plain pipeline p within another one, q."""
    plain = {"input_type": "plain", "output_type": "plain"}
    api.deployments_create("demo", {"name": "d", **plain})
    api.deployment_versions_create("demo", "d", {"version": "v1"})
    api.revisions_file_upload("demo", "d", "v1", file=package)
    for name, reference in (("p", "d"), ("q", "p")):
        api.pipelines_create("demo", {"name": name, **plain})
        kind = "deployment" if name == "p" else "pipeline"
        objects = [{"name": "a", "reference_type": kind, "reference_name": reference}]
        attachments = [attach("a", ("pipeline_start",)), attach("pipeline_end", ("a",))]
        version = {"version": "v1", "objects": objects, "attachments": attachments}
        api.pipeline_versions_create("demo", name, version)


def test_batch_requests_survive_a_kill(tmp_path: Path, package: bytes, ends: queue.Queue[PipelineEvent]) -> None:
    with running_emulator(tmp_path, threads=4) as (process, host), client_of(host) as api:
        populate(api, package)
        created = [api.batch_pipeline_requests_create("demo", name, data=[f"wait {name}"])[0].id for name in ("p", "q")]
        assert set(next_lines(process, 2)) == {"wait p", "wait q"}
        with pytest.raises(ubiops.exceptions.ApiException):
            api.pipeline_requests_create("demo", "p", data="wait direct", _request_timeout=1)
        assert next_lines(process, 1) == ["wait direct"]
        (direct,) = [
            one.id
            for one in api.pipeline_requests_list("demo", "p", status="processing")
            if one.id != created[0] and api.pipeline_requests_get("demo", "p", one.id).request_data == "wait direct"
        ]
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    with installed(ThreadRunner(lambda data, context: data.upper())):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        api = emulator.api()
        assert {ends.get(timeout=30).status for _ in range(4)} == {"completed", "failed"}
        for name, identifier in zip(("p", "q"), created):
            found = api.pipeline_requests_get("demo", name, identifier)
            assert (found.status, found.result) == ("completed", f"WAIT {name.upper()}")
            assert len(found.deployment_requests) + len(found.pipeline_requests) == 1
        # The request within another one ran again, and what it was before is gone.
        assert len(api.pipeline_requests_list("demo", "p", status="completed")) == 2
        failed = api.pipeline_requests_get("demo", "p", direct)
        assert (failed.status, failed.error_message) == ("failed", INTERRUPTED)


def test_batch_requests_survive_a_stop(tmp_path: Path, package: bytes, ends: queue.Queue[PipelineEvent]) -> None:
    code = Holding()
    with installed(Stopping(code)):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        populate(emulator.api(), package)
        (created,) = emulator.api().batch_pipeline_requests_create("demo", "p", data=["x"])
        assert code.entered.get(timeout=30) == "x"
    assert ends.empty()
    with installed(ThreadRunner(lambda data, context: data.upper())):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        assert ends.get(timeout=30).result == "X"
        assert emulator.api().pipeline_requests_get("demo", "p", created.id).result == "X"


def test_the_services_can_be_started_again(tmp_path: Path, package: bytes, ends: queue.Queue[PipelineEvent]) -> None:
    with installed(ThreadRunner()):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        api = emulator.api()
        populate(api, package)
        schedule = {"name": "s", "object_type": "pipeline", "object_name": "p", "schedule": "0 * * * *"}
        api.request_schedules_create("demo", {**schedule, "request_data": "scheduled"})
        services = [emulator._backend.service(kind) for kind in (WebhookService, PipelineService, ScheduleService)]
        for service in reversed(services):
            service.stop()
        emulator.clock.advance(3600)
        for service in services:
            service.start()
        assert ends.empty()
        assert api.pipeline_requests_create("demo", "p", data="direct").result == "direct"
        assert ends.get(timeout=30).result == "direct"
        emulator.clock.advance(3600)
        assert ends.get(timeout=30).result == "scheduled"
        url = {"object_type": "pipeline", "object_name": "p", "url": "http://127.0.0.1:9"}
        test_id = api.webhook_tests_create("demo", {**url, "event": "pipeline_request_failed"}).id
        while api.webhook_tests_get("demo", test_id).status == "pending":
            time.sleep(0.01)


def test_a_request_whose_pipeline_is_broken_meanwhile_has_failed(
    tmp_path: Path, package: bytes, ends: queue.Queue[PipelineEvent]
) -> None:
    code = Holding()
    with installed(Stopping(code)):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        populate(emulator.api(), package)
        created = emulator.api().batch_pipeline_requests_create("demo", "q", data=["x"])[0].id
        assert code.entered.get(timeout=30) == "x"
        emulator.api().pipelines_update("demo", "q", {"output_type": "structured", "output_fields": fields(x="int")})
    with installed(ThreadRunner()):
        emulator = ubiops.emulator.start(data_dir=tmp_path, build_seconds=(0, 0, 0))
    with emulator:
        found = emulator.api().pipeline_requests_get("demo", "q", created)
        assert (found.status, found.pipeline_requests) == ("failed", [])
        assert found.error_message == "The output of a is plain, but the input of pipeline_end is structured"

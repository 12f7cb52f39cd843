"""What is stored of requests: get, list, collect, files, deletion, retention."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from thread_runner import PublicError, ThreadRunner

from ubiops.emulator.areas.deployment_requests.events import RequestEvent
from ubiops.emulator.areas.deployment_requests.limits import SWEEP_INTERVAL
from ubiops.emulator.areas.deployment_requests.service import RequestService

Built = Callable[..., str]
MISSING = "00000000-0000-4000-8000-000000000000"
FIELDS = {"input_type": "structured", "input_fields": [{"name": "a", "data_type": "int"}]}


def fail_on_bad(data: Any, context: Any) -> Any:
    if data == "bad":
        raise PublicError("It is bad")
    return data


@pytest.mark.parametrize("path", ["", "/versions/v1"])
def test_metadata_leaves_out_input_and_output(api: Any, built: Built, path: str) -> None:
    requests = f"{built()}{path}/requests"
    identifier = api.ok("POST", requests, "x")["id"]
    whole = api.ok("GET", f"{requests}/{identifier}")
    metadata = api.ok("GET", f"{requests}/{identifier.upper()}?metadata_only=True")
    assert set(whole) - set(metadata) == {"request_data", "result"}
    assert api.fails(404, "GET", f"{requests}/{MISSING}") == "Request was not found"


@pytest.mark.parametrize("path", ["", "/versions/v1"])
def test_input_and_output_are_files(api: Any, built: Built, runner: ThreadRunner, path: str) -> None:
    runner.code = fail_on_bad
    plain, structured = f"{built()}{path}/requests", f"{built('s', **FIELDS)}{path}/requests"
    for requests, data, content, extension in (
        (plain, "ü x", "ü x".encode(), "txt"),
        (plain, ["x"], b'["x"]', "json"),
        (structured, {"a": 1}, b'{"a": 1}', "json"),
    ):
        identifier = api.ok("POST", requests, data)["id"]
        for side in ("input", "output"):
            response = api.send("GET", f"{requests}/{identifier}/{side}")
            assert response.data == content
            assert response.headers["content-disposition"] == f'attachment; filename="{side}.{extension}"'
            assert response.headers["content-type"] == "application/octet-stream"
    failed = api.ok("POST", plain, "bad")["id"]
    assert api.ok("GET", f"{plain}/{failed}/input") == b"bad"
    assert api.fails(404, "GET", f"{plain}/{failed}/output") == "Request data was not found"
    assert api.fails(404, "GET", f"{plain}/{MISSING}/input") == "Request was not found"


@pytest.mark.parametrize("path", ["", "/versions/v1"])
def test_requests_are_collected_together_or_not_at_all(api: Any, built: Built, path: str) -> None:
    requests = f"{built()}{path}/requests"
    ids = [api.ok("POST", requests, f"text {number}")["id"] for number in range(3)]
    found = api.ok("POST", f"{requests}/collect", [*reversed(ids), ids[0]])
    assert {one["id"]: one["result"] for one in found} == {one: f"text {n}" for n, one in enumerate(ids)}
    assert len(found) == 3
    assert found[0]["request_data"] == found[0]["result"]
    assert api.ok("POST", f"{requests}/collect", []) == []
    assert api.fails(404, "POST", f"{requests}/collect", [ids[0], MISSING]) == f"Request was not found: {MISSING}"
    assert "'x' is not a UUID" in api.fails(400, "POST", f"{requests}/collect", [ids[0], "x"])
    assert "At most 250" in api.fails(400, "POST", f"{requests}/collect", [MISSING] * 251)


@pytest.mark.parametrize("path", ["", "/versions/v1"])
def test_requests_are_deleted(api: Any, built: Built, path: str) -> None:
    requests = f"{built()}{path}/requests"
    first, second, third, fourth = (api.ok("POST", requests, "x")["id"] for _ in range(4))
    assert api.ok("DELETE", f"{requests}/{first}") == b""
    assert api.fails(404, "DELETE", f"{requests}/{first}") == "Request was not found"
    assert api.fails(404, "GET", f"{requests}/{first}/input") == "Request was not found"
    assert first in api.fails(404, "POST", f"{requests}/delete", [second, first])
    assert len(api.ok("GET", requests)) == 3
    assert api.ok("POST", f"{requests}/delete", [second, third]) == {}
    assert [one["id"] for one in api.ok("GET", requests)] == [fourth]
    assert "At most 250" in api.fails(400, "POST", f"{requests}/delete", [MISSING] * 251)


def test_the_list_is_newest_first_and_in_pages(api: Any, built: Built) -> None:
    requests = f"{built()}/requests"
    ids = [api.ok("POST", requests, "x")["id"] for _ in range(55)][::-1]

    def listed(query: str) -> list[str]:
        return [one["id"] for one in api.ok("GET", f"{requests}?{query}")]

    assert listed("") == listed("limit=1000") == ids[:50]
    assert listed("limit=2&offset=3") == ids[3:5]
    assert listed("offset=50") == ids[50:]
    assert listed("offset=55") == listed("limit=0") == []
    assert "limit" in api.fails(400, "GET", f"{requests}?limit=-1")
    # No input and output in lists.
    assert set(api.ok("GET", requests)[0]) & {"request_data", "result", "timeout", "origin"} == set()


def test_the_filters_of_the_list(api: Any, built: Built, runner: ThreadRunner) -> None:
    runner.code = fail_on_bad
    requests = f"{built()}/requests"
    good = api.ok("POST", requests, "x")["id"]
    created = api.ok("GET", f"{requests}/{good}")["time_created"]
    api.emulator.clock.advance(3600)
    bad = api.ok("POST", requests, "bad")["id"]

    def listed(query: str) -> list[str]:
        return [one["id"] for one in api.ok("GET", f"{requests}?{query}")]

    assert listed("") == listed("status=completed") == [good]
    assert listed("status=failed") == [bad]
    both = "status=completed,failed,cancelled"
    assert listed(both) == [bad, good]
    assert listed(f"{both}&search_id={bad[9:20].upper()}") == [bad]
    assert listed(f"{both}&search_id=%25") == []
    assert listed(f"{both}&start_date={created}&end_date={created}") == [good]
    later = created.replace("Z", "+01:00")
    # An hour earlier by its offset, encoded or not.
    for date in (later, quote(later, safe="")):
        assert listed(f"{both}&start_date={date}") == [bad, good]
        assert listed(f"{both}&end_date={date}") == []
    assert listed(f"{both}&start_date={created[:-1]}") == [bad, good]
    assert listed(f"{both}&end_date={created[:10]}") == []
    for query, error in (
        ("status=pending,completed", "Status pending cannot be combined with other statuses"),
        ("status=pending,processing", "Status pending cannot be combined with other statuses"),
        ("status=processing&search_id=a", "Status processing cannot be combined with search_id"),
        (f"status=pending&start_date={created}", "Status pending cannot be combined with start_date"),
        ("status=cancelled_pending", "status"),
        ("start_date=yesterday", "start_date must be a date such as"),
        ("end_date=2024-13-01T00:00:00Z", "end_date must be a date such as"),
    ):
        assert error in api.fails(400, "GET", f"{requests}?{query}")


def test_the_overview_of_a_project(api: Any, built: Built, runner: ThreadRunner) -> None:
    runner.code = fail_on_bad
    first, second = built(), built("e", version={"request_retention_mode": "metadata"})
    good = [api.ok("POST", f"{path}/requests", "x")["id"] for path in (first, second)]
    bad = api.ok("POST", f"{first}/requests", "bad")["id"]

    def listed(query: str = "") -> list[str]:
        return [one["id"] for one in api.ok("GET", f"{api.project}/requests?{query}")]

    assert sorted(listed()) == sorted(listed("object_type=deployment")) == sorted(good)
    assert listed("object_type=pipeline") == []
    assert listed("status=failed") == [bad]
    assert listed(f"search_id={good[0]}") == [good[0]]
    assert listed("limit=1") + listed("limit=1&offset=1") == listed()
    assert listed("start_date=2100-01-01") == []
    assert "status" in api.fails(400, "GET", f"{api.project}/requests?status=pending")
    (one,) = api.ok("GET", f"{api.project}/requests?status=failed")
    assert (one["deployment"], one["pipeline"], one["version"]) == ("d", None, "v1")
    assert one["time_completed"] is not None
    assert (one["input_size"], one["output_size"]) == (3, None)


def test_the_retention_mode_metadata(
    api: Any, built: Built, events: queue.Queue[RequestEvent], runner: ThreadRunner
) -> None:
    requests = f"{built(version={'request_retention_mode': 'metadata'})}/requests"
    direct = api.ok("POST", requests, "x")
    assert direct["result"] == "x"
    (batch,) = api.ok("POST", f"{requests}/batch", "y" * 200_000)
    while events.get(timeout=60).kind == "started" or events.qsize():
        pass
    for one, size in ((direct, 1), (batch, 200_000)):
        found = api.ok("GET", f"{requests}/{one['id']}")
        assert (found["status"], found["request_data"], found["result"]) == ("completed", None, None)
        assert found["input_size"] == found["output_size"] == size
        for side in ("input", "output"):
            assert api.fails(404, "GET", f"{requests}/{one['id']}/{side}") == "Request data was not found"
    assert len(api.ok("GET", requests)) == 2
    assert_no_data(api)


def test_the_retention_mode_none(api: Any, built: Built, events: queue.Queue[RequestEvent]) -> None:
    requests = f"{built(version={'request_retention_mode': 'none'})}/requests"
    direct = api.ok("POST", requests, "x")
    assert direct["result"] == "x"
    (batch,) = api.ok("POST", f"{requests}/batch", "y" * 200_000)
    kinds = [events.get(timeout=60).kind for _ in range(4)]
    assert kinds == ["started", "completed"] * 2
    for one in (direct, batch):
        assert api.fails(404, "GET", f"{requests}/{one['id']}") == "Request was not found"
    assert api.ok("GET", requests) == []
    assert_no_data(api)


def assert_no_data(api: Any) -> None:
    """Checks that no input or output is left in the project."""
    backend = api.emulator._backend
    backend.service(RequestService).flush()
    with backend.storage.reading() as db:
        rows = db.execute(
            "SELECT side FROM deployment_request_data JOIN deployment_requests"
            " ON deployment_requests.pk = deployment_request_data.request WHERE project = ?",
            (api.project[10:],),
        ).fetchall()
    assert rows == []
    assert {path.name for path in backend.files.path("").iterdir()} == backend.storage.files() - {None}


@pytest.mark.parametrize("mode", ["Full", "METADATA", "None"])
def test_the_case_of_the_retention_mode_does_not_matter(api: Any, built: Built, mode: str) -> None:
    deployment = built(version={"request_retention_mode": mode})
    assert api.ok("GET", f"{deployment}/versions/v1")["request_retention_mode"] == mode.lower()
    identifier = api.ok("POST", f"{deployment}/requests", "x")["id"]
    status = api.send("GET", f"{deployment}/requests/{identifier}/input").status
    assert status == (200 if mode == "Full" else 404)
    api.ok("PATCH", f"{deployment}/versions/v1", {"request_retention_mode": mode.title()})
    assert api.ok("GET", f"{deployment}/versions/v1")["request_retention_mode"] == mode.lower()


def test_requests_are_deleted_when_their_retention_time_is_over(api: Any, built: Built) -> None:
    deployment = built(version={"request_retention_time": 3600})
    requests = f"{deployment}/requests"
    old = api.ok("POST", requests, "x" * 200_000)["id"]
    api.emulator.clock.advance(3599)
    new = api.ok("POST", requests, "x")["id"]
    assert len(api.ok("GET", requests)) == 2
    # A change of the time doesn't affect what is stored.
    api.ok("PATCH", f"{deployment}/versions/v1", {"request_retention_time": 10_000})
    api.emulator.clock.advance(2)
    assert [one["id"] for one in api.ok("GET", requests)] == [new]
    assert [one["id"] for one in api.ok("GET", f"{api.project}/requests")] == [new]
    for path in (old, f"{old}/input"):
        assert api.fails(404, "GET", f"{requests}/{path}") == "Request was not found"
    assert api.fails(404, "DELETE", f"{requests}/{old}") == "Request was not found"
    # And later it is really gone.
    api.emulator.clock.advance(SWEEP_INTERVAL)
    backend = api.emulator._backend
    backend.service(RequestService).flush()
    with backend.storage.reading() as db:
        assert db.execute("SELECT 1 FROM deployment_requests WHERE id = ?", (old,)).fetchone() is None
    assert {path.name for path in backend.files.path("").iterdir()} == backend.storage.files() - {None}
    api.emulator.clock.advance(3600)
    assert api.ok("GET", requests) == []


def test_a_request_that_waits_does_not_expire(
    api: Any, built: Built, runner: ThreadRunner, events: queue.Queue[RequestEvent]
) -> None:
    deployment = built(version={"request_retention_time": 3600})
    go = queue.Queue[None]()

    def wait(data: Any, context: Any) -> Any:
        go.get(timeout=60)
        return data

    runner.code = wait
    (one,) = api.ok("POST", f"{deployment}/requests/batch", "x")
    assert events.get(timeout=60).kind == "started"
    api.emulator.clock.advance(10_000)
    assert api.ok("GET", f"{deployment}/requests/{one['id']}")["status"] == "processing"
    go.put(None)
    assert events.get(timeout=60).kind == "completed"
    assert api.fails(404, "GET", f"{deployment}/requests/{one['id']}") == "Request was not found"

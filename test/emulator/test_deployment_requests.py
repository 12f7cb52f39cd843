"""Direct requests to deployments, and the validation of inputs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from thread_runner import PublicError, ThreadRunner

from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests.inputs import check_fields
from ubiops.emulator.core.errors import ApiError

Built = Callable[..., str]
TEXT = {"Content-Type": "text/plain"}


def structured(**fields: str) -> dict[str, Any]:
    return {
        "input_type": "structured",
        "input_fields": [{"name": name, "data_type": kind} for name, kind in fields.items()],
    }


def test_a_request_returns_what_the_code_returns(api: Any, built: Built, runner: ThreadRunner) -> None:
    runner.code = lambda data, context: data.upper()
    deployment = built()
    for path in (deployment, f"{deployment}/versions/v1"):
        created = api.ok("POST", f"{path}/requests", body=b"rain", headers=TEXT)
        stored = api.ok("GET", f"{path}/requests/{created['id']}")
        assert created == {
            "id": stored["id"],
            "deployment": "d",
            "version": "v1",
            "status": "completed",
            "success": True,
            "result": "RAIN",
            "error_message": None,
            "timeout": 300,
        }
        assert (stored["request_data"], stored["result"]) == ("rain", "RAIN")
        assert (stored["input_size"], stored["output_size"]) == (4, 4)
        assert stored["time_created"] <= stored["time_started"] <= stored["time_completed"]
        assert stored["origin"] == {"created_by": "user@example.com"}
        assert stored["additional_data"] is None


def test_the_code_learns_how_it_is_called(api: Any, built: Built, runner: ThreadRunner) -> None:
    seen: list[dict[str, Any]] = []
    runner.code = lambda data, context: seen.append(context)
    created = api.ok("POST", f"{built()}/requests?timeout=600&priority=0", "x")
    assert created["timeout"] == 600
    assert created["result"] is None
    assert seen[0]["id"] == created["id"]
    assert seen[0]["request_mode"] == "express"
    assert seen[0]["user_id"] == "user@example.com"
    job = runner.jobs[-1]
    assert (job.timeout, job.priority, job.many, job.mode) == (600, 0, False, "express")
    api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    assert (runner.jobs[-1].timeout, runner.jobs[-1].priority) == (300, 1)


def test_a_request_whose_code_fails_is_no_error_of_the_call(api: Any, built: Built, runner: ThreadRunner) -> None:
    def fail(data: Any, context: Any) -> None:
        raise PublicError("There is no station atlantis")

    runner.code = fail
    deployment = built()
    created = api.ok("POST", f"{deployment}/requests", "atlantis")
    assert (created["status"], created["success"], created["result"]) == ("failed", False, None)
    assert created["error_message"] == "There is no station atlantis"
    stored = api.ok("GET", f"{deployment}/requests/{created['id']}")
    assert (stored["status"], stored["success"], stored["result"]) == ("failed", False, None)
    assert stored["error_message"] == "There is no station atlantis"
    assert stored["output_size"] is None


def test_the_forms_of_a_plain_input(api: Any, built: Built) -> None:
    requests = f"{built()}/requests"
    for text in ("rain", "", "5", '{"a": 1}', "ünï\n"):
        assert api.ok("POST", requests, body=text.encode(), headers=TEXT)["result"] == text
        assert api.ok("POST", requests, text)["result"] == text
    # The code gets an object as the text that was sent.
    json_type = {"Content-Type": "application/json"}
    assert api.ok("POST", requests, body=b'{"a":  1.50}', headers=json_type)["result"] == '{"a":  1.50}'
    assert api.ok("POST", requests, ["a", {"b": 1}])["result"] == ["a", '{"b": 1}']
    for value, kind in ((5, "an integer"), (1.5, "a decimal number"), (True, "true"), (None, "null")):
        assert f"must be a string, because the input type is plain, not {kind}" in api.fails(
            400, "POST", requests, body=json.dumps(value).encode(), headers=json_type
        )
    assert "not a list in input 2" in api.fails(400, "POST", requests, ["a", ["b"]])
    assert "is empty" in api.fails(400, "POST", requests, [])


def test_the_forms_of_a_structured_input(api: Any, built: Built) -> None:
    requests = f"{built(**structured(station='string', humidity='double'))}/requests"
    value = {"station": "de-bilt", "humidity": 0.87}
    created = api.ok("POST", requests, value)
    assert created["result"] == value
    assert api.ok("GET", f"{requests}/{created['id']}")["request_data"] == value
    assert api.ok("POST", requests, [value, value])["result"] == [value, value]
    for data, error in (
        ("de-bilt", "must be an object with the input fields of deployment d, not a string"),
        (["de-bilt"], "not a string in input 1"),
        ({"station": "de-bilt"}, "Missing input field: humidity"),
        ({}, "Missing input fields: humidity, station"),
        ({**value, "wind": 1}, "Unknown input field: wind"),
        ([value, {**value, "humidity": "wet"}], "Input field humidity in input 2 must be a number, not a string"),
    ):
        assert error in api.fails(400, "POST", requests, data)
        assert error in api.fails(400, "POST", f"{requests}/batch", data)
    # Nothing was stored of what was refused.
    assert len(api.ok("GET", f"{requests}?status=completed,failed,cancelled")) == 2
    assert api.ok("GET", f"{requests}?status=pending") == []


FILE = "ubiops-file://default/folder/a.csv"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", [0, -5, None], [1.0, "1", True, [1], {}]),
        ("double", [0, 1.5], ["1", False, [1.5]]),
        ("string", ["", "x"], [1, ["x"], {}]),
        ("bool", [True, False], [0, "true"]),
        ("dict", [{}, {"a": [1]}, None], [[], "{}"]),
        ("file", [FILE, None], ["a.csv", "ubiops-file://default", "ubiops-file:///a.csv", 1]),
        ("array_int", [[], [1, 2]], [[1, "2"], [True], 1, "1"]),
        ("array_double", [[1, 2.5]], [["1"], 2.5]),
        ("array_string", [["a"]], ["a", [1]]),
        ("array_file", [[FILE]], [FILE, ["a.csv"]]),
    ],
)
def test_the_values_of_a_data_type(kind: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check_fields({"x": kind}, {"x": value})
    for value in bad:
        with pytest.raises(ApiError, match="Input field x must be") as caught:
            check_fields({"x": kind}, {"x": value})
        assert caught.value.status == 400


def test_a_version_that_cannot_handle_requests(api: Any, runner: ThreadRunner, bad: bytes, good: bytes) -> None:
    deployment = api.deployment()
    assert "has no version yet" in api.fails(400, "POST", f"{deployment}/requests", "x")
    version = api.version(deployment)
    for path in (deployment, version):
        error = api.fails(400, "POST", f"{path}/requests", "x")
        assert error == "Version is not available: The version is currently in the unavailable stage"
    api.upload(version, good)
    for path in (f"{version}/requests", f"{version}/requests/batch", f"{version}/requests/stream"):
        error = api.fails(400, "POST", path, "x")
        assert error == "Version is not available: The version is currently in the building stage"
    api.emulator.clock.advance(100)
    assert api.ok("POST", f"{version}/requests", "x")["result"] == "x"
    assert api.fails(404, "POST", f"{deployment}/versions/v9/requests", "x") == "Deployment version was not found"
    assert api.fails(404, "POST", f"{api.project}/deployments/e/requests", "x") == "Deployment was not found"


def test_a_deployment_without_the_request_format(api: Any, built: Built) -> None:
    api.ok("POST", f"{api.project}/environments", {"name": "image", "supports_request_format": False})
    deployment = built(version={"environment": "image"}, supports_request_format=False)
    assert "does not support the request format" in api.fails(400, "POST", f"{deployment}/requests", "x")


def test_requests_go_to_the_default_version_of_the_moment(
    api: Any, built: Built, runner: ThreadRunner, good: bytes
) -> None:
    deployment = built()
    first = api.ok("POST", f"{deployment}/requests", "x")
    api.build(api.version(deployment, "v2"), good)
    api.ok("PATCH", deployment, {"default_version": "v2"})
    second = api.ok("POST", f"{deployment}/requests", "x")
    assert (first["version"], second["version"]) == ("v1", "v2")
    assert [one["id"] for one in api.ok("GET", f"{deployment}/requests")] == [second["id"]]
    # Who sent the first request still finds it.
    assert api.ok("GET", f"{deployment}/requests/{first['id']}")["version"] == "v1"
    assert api.fails(404, "GET", f"{deployment}/versions/v2/requests/{first['id']}") == "Request was not found"


def test_an_emulator_without_a_runner_says_so(
    api: Any, built: Built, stopped_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = built()
    monkeypatch.setattr(stopped_emulator._backend, "runner", None)
    for path in ("requests", "requests/batch", "requests/stream"):
        assert "--no-run" in api.fails(501, "POST", f"{deployment}/{path}", "x")


def test_timeouts_have_limits(api: Any, built: Built) -> None:
    deployment = built()
    for path, maximum in (("requests", 3600), ("requests/stream", 3600), ("requests/batch", 345600)):
        for seconds in (9, 0):
            assert "timeout must be 10 or more" in api.fails(400, "POST", f"{deployment}/{path}?timeout={seconds}", "x")
        assert f"timeout must be {maximum} or less" in api.fails(
            400, "POST", f"{deployment}/{path}?timeout={maximum + 1}", "x"
        )
        api.ok("POST", f"{deployment}/{path}?timeout={maximum}", "x")
        # The official helper sends it twice.
        api.ok("POST", f"{deployment}/{path}?timeout=5&timeout=10", "x")
    for path in ("requests", "requests/batch"):
        assert "priority must be one of 0, 1" in api.fails(400, "POST", f"{deployment}/{path}?priority=2", "x")


def test_a_full_queue_refuses_requests(api: Any, built: Built, runner: ThreadRunner) -> None:
    go, taken = threading.Event(), threading.Semaphore(0)

    def wait(data: Any, context: Any) -> Any:
        taken.release()
        assert go.wait(60)
        return data

    runner.code = wait
    deployment = built(version={"maximum_queue_size_express": 1, "maximum_queue_size_batch": 2})
    api.ok("PATCH", f"{deployment}/versions/v1", {"maximum_instances": 1})
    with ThreadPoolExecutor(8) as pool:
        # The runner has four threads: these are being processed and don't wait.
        running = []
        for _ in range(4):
            running.append(pool.submit(api.ok, "POST", f"{deployment}/requests", "x"))
            assert taken.acquire(timeout=60)
        waiting = api.ok("POST", f"{deployment}/requests/batch", ["y", "y"])
        error = api.fails(429, "POST", f"{deployment}/requests/batch", "y")
        assert error == "The maximum queue size is reached"
        express = f"{deployment}/requests"
        runner.on_submit = taken.release
        running.append(pool.submit(api.ok, "POST", express, "x"))
        assert taken.acquire(timeout=60)
        assert api.fails(429, "POST", express, "x") == "The maximum queue size is reached"
        assert api.fails(429, "POST", f"{express}/stream", "x") == "The maximum queue size is reached"
        # One limit for both kinds, as newer clients set it, takes precedence.
        api.ok("PATCH", f"{deployment}/versions/v1", {"maximum_queue_size": 4})
        api.ok("POST", f"{deployment}/requests/batch", "y")
        assert api.fails(429, "POST", f"{deployment}/requests/batch", "y") == error
        go.set()
        assert all(done.result(60)["result"] == "x" for done in running)
    for one in waiting:
        assert api.ok("GET", f"{deployment}/requests/{one['id']}?metadata_only=True")["id"] == one["id"]


def test_many_clients_at_once_each_get_their_own_result(api: Any, built: Built) -> None:
    requests = f"{built()}/requests"

    def send(number: int) -> bool:
        return bool(api.ok("POST", requests, f"text {number}")["result"] == f"text {number}")

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(send, range(256)))
    ids = {one["id"] for offset in range(0, 300, 50) for one in api.ok("GET", f"{requests}?offset={offset}")}
    assert len(ids) == 256


def test_both_generations_of_the_api_are_served_alike(api: Any, built: Built) -> None:
    requests = f"{built()}/requests"
    created = api.ok("POST", f"/v2{requests}", "x")
    assert api.ok("GET", f"/v2{requests}/{created['id']}") == api.ok("GET", f"/v2.1{requests}/{created['id']}")


def test_a_large_input_and_output(api: Any, built: Built, stopped_emulator: Emulator) -> None:
    requests = f"{built()}/requests"
    text = "x" * 3_000_000
    before = set(stopped_emulator._backend.files.path("").iterdir())
    created = api.ok("POST", requests, text)
    assert created["result"] == text
    stored = api.ok("GET", f"{requests}/{created['id']}")
    assert stored["request_data"] == stored["result"] == text
    assert stored["input_size"] == stored["output_size"] == 3_000_000
    assert api.ok("GET", f"{requests}/{created['id']}/output") == text.encode()
    assert len(set(stopped_emulator._backend.files.path("").iterdir()) - before) == 2
    api.ok("DELETE", f"{requests}/{created['id']}")
    assert set(stopped_emulator._backend.files.path("").iterdir()) == before

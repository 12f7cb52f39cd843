"""Streaming requests, as official clients read them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from thread_runner import PublicError, ThreadRunner

from ubiops.emulator.areas.deployment_requests import stream
from ubiops.emulator.areas.deployment_requests.stream import frame

Built = Callable[..., str]


def test_updates_are_events_and_the_request_is_the_last_line(api: Any, built: Built, runner: ThreadRunner) -> None:
    def generate(data: Any, context: dict[str, Any]) -> str:
        for word in ("It", " will", " rain"):
            context["streaming_update"](word)
        return "It will rain"

    runner.code = generate
    deployment = built()
    for path in (deployment, f"{deployment}/versions/v1"):
        response = api.send("POST", f"{path}/requests/stream?timeout=60", "x")
        assert response.headers["content-type"].startswith("text/event-stream")
        *updates, last = response.data.decode().split("\n\n")
        assert updates == ["event: update\ndata:It", "event: update\ndata: will", "event: update\ndata: rain"]
        ended = json.loads(last)
        assert last.endswith("}\n")
        assert ended == {
            "id": ended["id"],
            "deployment": "d",
            "version": "v1",
            "status": "completed",
            "success": True,
            "result": "It will rain",
            "error_message": None,
            "timeout": 60,
        }
        assert api.ok("GET", f"{path}/requests/{ended['id']}")["result"] == "It will rain"


def test_an_update_with_line_breaks_is_one_event() -> None:
    assert frame("a\nb\r\n\rc") == b"event: update\ndata:a\ndata:b\ndata:\ndata:c\n\n"
    assert frame("") == b"event: update\ndata:\n\n"
    assert frame("\u2028ü") == "event: update\ndata:\u2028ü\n\n".encode()


def test_a_request_that_fails_ends_with_its_error(api: Any, built: Built, runner: ThreadRunner) -> None:
    def fail(data: Any, context: dict[str, Any]) -> None:
        context["streaming_update"]("x")
        raise PublicError("There is no station atlantis")

    runner.code = fail
    update, last = api.ok("POST", f"{built()}/requests/stream", "x").decode().split("\n\n")
    assert update == "event: update\ndata:x"
    assert json.loads(last)["error_message"] == "There is no station atlantis"
    assert (json.loads(last)["status"], json.loads(last)["timeout"]) == ("failed", 300)


def test_what_is_refused_gets_a_response_of_its_own(api: Any, built: Built) -> None:
    requests = f"{built()}/requests/stream"
    assert "must be a string" in api.fails(400, "POST", requests, [5])
    assert api.fails(404, "POST", requests.replace("/d/", "/e/"), "x") == "Deployment was not found"
    assert "Authorization" in api.fails(401, "POST", requests, "x", token=None)


def test_updates_arrive_before_the_request_ends_and_a_disconnect_leaves_it_running(
    api: Any, built: Built, runner: ThreadRunner
) -> None:
    go, ended = threading.Event(), threading.Event()

    def wait(data: Any, context: dict[str, Any]) -> str:
        context["streaming_update"]("first")
        assert go.wait(60)
        for _ in range(100):
            context["streaming_update"]("x" * 10_000)
        ended.set()
        return "done"

    runner.code = wait
    deployment = built()
    response = api.pool.request(
        "POST",
        f"{api.emulator.host}{deployment}/requests/stream",
        body=b"x",
        headers={"Authorization": "Token x", "Content-Type": "text/plain"},
        preload_content=False,
    )
    assert response.read(25) == b"event: update\ndata:first\n"
    response.close()
    go.set()
    assert ended.wait(60)
    runner.code = lambda data, context: "next"
    api.ok("POST", f"{deployment}/requests", "x")
    assert {one["status"] for one in api.ok("GET", f"{deployment}/requests?status=completed,failed")} == {"completed"}


def test_updates_that_a_client_does_not_read_are_bounded(
    api: Any, built: Built, runner: ThreadRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream, "MAXIMUM_WAITING_UPDATES", 10)

    def flood(data: Any, context: dict[str, Any]) -> str:
        context["streaming_update"]("x" * 8)
        context["streaming_update"]("y" * 11)
        context["streaming_update"]("z" * 11)
        return "whole"

    runner.code = flood
    update, last = api.ok("POST", f"{built()}/requests/stream", "x").decode().split("\n\n")
    assert update == "event: update\ndata:xxxxxxxx"
    assert json.loads(last)["result"] == "whole"
    assert [record.message for record in caplog.records if "dropped" in record.message] == [
        "a client reads a stream too slowly: further updates are dropped"
    ]

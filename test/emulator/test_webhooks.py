"""Webhooks: their rules, the calls that they make, retries, and test calls."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pipes import Pipes, attach, operator
from typing import Any
from urllib.parse import quote

import pytest
from thread_runner import PublicError

import ubiops.emulator
from ubiops.emulator.areas.webhooks.service import WebhookService

HEADERS = [
    {"key": "X-Source", "value": "ubiops", "protected": False},
    {"key": "Authorization", "value": "Bearer secret", "protected": True},
]
SHOWN = [HEADERS[0], {**HEADERS[1], "value": None}]


class Receiver:
    """A server that records calls, and responds with the statuses it was given."""

    def __init__(self) -> None:
        self.calls: queue.Queue[dict[str, Any]] = queue.Queue()
        self.statuses: list[int] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.calls.put({"path": self.path, "headers": dict(self.headers), "body": body})
                receiver.hold.wait(30)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def next(self) -> dict[str, Any]:
        return self.calls.get(timeout=30)

    def stop(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.stop()


@pytest.fixture
def path(api: Any, pipes: Pipes, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the webhooks, beside a plain deployment d and a plain pipeline p."""
    pipes.deployment("d", lambda data, context: data.upper())
    pipes.pipeline(
        [{"name": "a", "reference_name": "d"}, operator("f", "if-condition", expression="data != 'STOP'")],
        [attach("a", ("pipeline_start",)), attach("f", ("a",)), attach("pipeline_end", ("f",))],
    )
    monkeypatch.setattr(api.emulator._backend.service(WebhookService), "retry_delay", 0)
    return f"{api.project}/webhooks"


def webhook(**settings: Any) -> dict[str, Any]:
    body = {"name": "w", "object_type": "deployment", "object_name": "d", "url": "http://127.0.0.1:9/hook"}
    return {**body, "event": "deployment_request_completed", **settings}


def logs(api: Any, name: str = "w") -> list[tuple[str, str]]:
    """Returns levels and texts of the log entries about a webhook."""
    found = api.ok("GET", f"{api.project}/logs?query={quote(f'| webhook_name=`{name}`')}")
    return [(entry["metadata"]["level"], entry["log"]) for entry in sorted(found, key=lambda one: one["timestamp"])]


def wait_for_log(api: Any, number: int = 1) -> tuple[str, str]:
    """Waits for so many log entries and returns the last one."""
    while len(logs(api)) < number:
        time.sleep(0.01)
    return logs(api)[number - 1]


def test_a_webhook_is_created_listed_read_changed_and_deleted(api: Any, path: str) -> None:
    created = api.ok("POST", path, webhook(headers=HEADERS, labels={"team": "a"}))
    assert created["headers"] == SHOWN
    assert (created["version"], created["timeout"], created["enabled"]) == (None, 10, True)
    assert (created["retry"], created["include_result"], created["description"]) == (False, False, "")
    assert api.ok("GET", path) == [created]
    assert api.ok("GET", f"{path}/w") == created
    for query in ("labels=team:a", "object_type=deployment", "event=deployment_request_completed"):
        assert len(api.ok("GET", f"{path}?{query}")) == 1
    for query in ("labels=team:b", "object_type=pipeline", "event=deployment_request_failed"):
        assert api.ok("GET", f"{path}?{query}") == []
    changed = api.ok("PATCH", f"{path}/w", {"url": "https://example.com/x", "name": "x", "enabled": False})
    assert (changed["url"], changed["name"], changed["enabled"]) == ("https://example.com/x", "x", False)
    assert changed["headers"] == SHOWN
    api.ok("DELETE", f"{path}/x")
    assert api.fails(404, "GET", f"{path}/x") == "Webhook was not found"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"url": "ftp://example.com"}, "url must be a URL that begins with http:// or https://"),
        ({"url": "file:///etc/passwd"}, "url must be"),
        ({"url": "http://"}, "url must be"),
        ({"url": "http://example.com:99999"}, "url must be"),
        ({"url": "http://example.com/a b"}, "url must be"),
        ({"event": "pipeline_request_failed"}, "does not fit the object_type deployment"),
        ({"object_name": "x"}, "Deployment was not found"),
        ({"version": "x"}, "Deployment version was not found"),
        ({"timeout": 31}, "timeout"),
        ({"timeout": 0}, "timeout must be 1 or more"),
        ({"headers": [{"key": "a b", "value": "x", "protected": False}]}, "can't be the name of a header"),
        ({"headers": [{"key": "Host", "value": "x", "protected": False}]}, "can't be the name of a header"),
        ({"headers": [{"key": "X", "value": "a\r\nb", "protected": True}]}, "The value of the header X must be"),
        ({"headers": [{"key": "X", "value": None, "protected": True}]}, "The header X needs a value"),
    ],
)
def test_a_webhook_that_breaks_a_rule_is_rejected(api: Any, path: str, settings: dict[str, Any], error: str) -> None:
    assert error in api.fails(400, "POST", path, webhook(**settings))
    assert api.ok("GET", path) == []
    body = {name: value for name, value in webhook(**settings).items() if name != "name"}
    assert error in api.fails(400, "POST", f"{path}-tests", body)


def test_a_call_is_made_when_a_request_to_a_deployment_ends(api: Any, path: str, receiver: Receiver) -> None:
    api.ok("POST", path, webhook(url=receiver.url, headers=HEADERS, include_result=True))
    api.ok("POST", path, webhook(name="off", url=receiver.url, enabled=False))
    deployment = api.ok("GET", f"{api.project}/deployments/d")
    version = api.ok("GET", f"{api.project}/deployments/d/versions/v1")
    created = api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    call = receiver.next()
    assert call["path"] == "/hook"
    assert (call["headers"]["X-Source"], call["headers"]["Authorization"]) == ("ubiops", "Bearer secret")
    assert call["headers"]["Content-Type"] == "application/json"
    text = call["body"].pop("text")
    assert created["id"] in text
    assert call["body"] == {
        "event": "deployment_request_completed",
        "deployment_id": deployment["id"],
        "deployment_name": "d",
        "deployment_version_id": version["id"],
        "deployment_version_name": "v1",
        "request_id": created["id"],
        "status": "completed",
        "result": "X",
    }
    assert wait_for_log(api) == ("info", "Webhook w was called")
    assert receiver.calls.empty()


def fail(data: Any, context: Any) -> Any:
    raise PublicError("no")


@pytest.mark.parametrize("kind", ["deployment", "pipeline"])
@pytest.mark.parametrize(
    ("event", "fails", "statuses"),
    [
        ("started", False, ["processing"]),
        ("completed", False, ["completed"]),
        ("completed", True, []),
        ("failed", True, ["failed"]),
        ("failed", False, []),
        ("finished", False, ["completed"]),
        ("finished", True, ["failed"]),
    ],
)
def test_each_event_has_its_calls(
    api: Any, path: str, pipes: Pipes, receiver: Receiver, kind: str, event: str, fails: bool, statuses: list[str]
) -> None:
    about = {"object_type": kind, "object_name": "d" if kind == "deployment" else "p"}
    api.ok("POST", path, webhook(**about, url=receiver.url, event=f"{kind}_request_{event}"))
    # The last call of all: no other is made after it.
    api.ok("POST", path, webhook(**about, name="last", url=f"{receiver.url}/last", event=f"{kind}_request_finished"))
    if fails:
        pipes.codes["d"] = fail
    created = api.ok("POST", f"{api.project}/{kind}s/{about['object_name']}/requests", "x")
    calls = [receiver.next() for _ in range(len(statuses) + 1)]
    found = [call["body"] for call in calls if call["path"] == "/hook"]
    assert [body["status"] for body in found] == statuses
    assert {body["request_id"] for body in found} <= {created["id"]}
    assert {body[f"{kind}_name"] for body in found} <= {about["object_name"]}


def test_a_cancelled_request_is_finished(api: Any, path: str, pipes: Pipes, receiver: Receiver) -> None:
    started, never = threading.Event(), threading.Event()

    def wait(data: Any, context: Any) -> Any:
        started.set()
        never.wait(60)

    pipes.codes["d"] = wait
    about = {"object_type": "pipeline", "object_name": "p", "event": "pipeline_request_finished"}
    api.ok("POST", path, webhook(url=receiver.url, **about))
    (created,) = api.ok("POST", f"{api.project}/pipelines/p/requests/batch", ["x"])
    started.wait(30)
    api.ok("PATCH", f"{api.project}/pipelines/p/requests/{created['id']}", {"status": "cancelled"})
    never.set()
    body = receiver.next()["body"]
    assert (body["request_id"], body["status"]) == (created["id"], "cancelled")


def test_a_webhook_without_a_version_is_about_the_default_one(
    api: Any, path: str, pipes: Pipes, receiver: Receiver, good: bytes
) -> None:
    api.build(api.version(f"{api.project}/deployments/d", "v2"), good)
    api.ok("POST", path, webhook(url=f"{receiver.url}/default"))
    api.ok("POST", path, webhook(name="two", version="v2", url=f"{receiver.url}/v2"))
    api.ok("POST", f"{api.project}/deployments/d/versions/v2/requests", "x")
    assert receiver.next()["path"] == "/hook/v2"
    api.ok("POST", f"{api.project}/deployments/d/versions/v1/requests", "x")
    assert receiver.next()["path"] == "/hook/default"


def test_a_large_result_is_left_out(api: Any, path: str, receiver: Receiver) -> None:
    api.ok("POST", path, webhook(url=receiver.url, include_result=True))
    api.ok("POST", f"{api.project}/deployments/d/requests", "x" * 16382)
    assert len(receiver.next()["body"]["result"]) == 16382
    api.ok("POST", f"{api.project}/deployments/d/requests", "x" * 16383)
    assert "result" not in receiver.next()["body"]


def test_a_failed_call_is_repeated_only_when_asked(api: Any, path: str, receiver: Receiver) -> None:
    api.ok("POST", path, webhook(url=receiver.url, retry=True))
    receiver.statuses = [500, 404, 200]
    api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    assert len({json.dumps(receiver.next()["body"]) for _ in range(3)}) == 1
    assert wait_for_log(api) == ("info", "Webhook w was called")
    api.ok("PATCH", f"{path}/w", {"url": receiver.url, "retry": False, "name": "v"})
    api.ok("POST", path, webhook(name="w", url=receiver.url))
    receiver.statuses = [500, 500]
    api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    receiver.next(), receiver.next()
    assert wait_for_log(api, 2) == ("error", "Webhook w failed: The server responded with status 500")


def test_a_redirect_counts_as_accepted_and_is_not_followed(api: Any, path: str, receiver: Receiver) -> None:
    api.ok("POST", path, webhook(url=receiver.url))
    receiver.statuses = [302]
    api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    assert receiver.next()["path"] == "/hook"
    assert wait_for_log(api) == ("info", "Webhook w was called")
    assert receiver.calls.empty()


def test_null_keeps_the_value_of_a_protected_header(api: Any, path: str, receiver: Receiver) -> None:
    api.ok("POST", path, webhook(url=receiver.url, headers=HEADERS))
    changed = api.ok("PATCH", f"{path}/w", {"url": receiver.url, "headers": [SHOWN[1]]})
    assert changed["headers"] == [SHOWN[1]]
    api.ok("POST", f"{api.project}/deployments/d/requests", "x")
    headers = receiver.next()["headers"]
    assert headers["Authorization"] == "Bearer secret"
    assert "X-Source" not in headers
    for header in ({"key": "Other", "value": None, "protected": True}, {**SHOWN[1], "protected": False}):
        error = api.fails(400, "PATCH", f"{path}/w", {"url": receiver.url, "headers": [header]})
        assert "needs a value" in error


def test_a_webhook_goes_with_what_it_is_about(api: Any, path: str) -> None:
    api.ok("POST", path, webhook(object_type="pipeline", object_name="p", event="pipeline_request_failed"))
    api.ok("PATCH", f"{api.project}/pipelines/p", {"name": "q"})
    assert api.ok("GET", f"{path}/w")["object_name"] == "q"
    api.ok("DELETE", f"{api.project}/pipelines/q")
    assert api.ok("GET", path) == []


# Test calls


def ended(api: Any, path: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Makes a test call and waits for its end."""
    created = api.ok("POST", f"{path}-tests", settings)
    assert created == {"id": created["id"], "status": "pending", "error_message": None}
    while (found := api.ok("GET", f"{path}-tests/{created['id']}"))["status"] == "pending":
        time.sleep(0.01)
    return {name: found[name] for name in ("status", "error_message")}


@pytest.mark.parametrize("kind", ["deployment", "pipeline"])
def test_a_test_call_tells_how_it_went(api: Any, path: str, receiver: Receiver, kind: str) -> None:
    about = {"object_type": kind, "object_name": "d" if kind == "deployment" else "p", "url": receiver.url}
    settings = {**about, "event": f"{kind}_request_finished", "headers": HEADERS}
    assert ended(api, path, settings) == {"status": "completed", "error_message": None}
    call = receiver.next()
    assert call["headers"]["Authorization"] == "Bearer secret"
    assert (call["body"]["event"], call["body"]["status"]) == (settings["event"], "completed")
    receiver.statuses = [401]
    failed = {"status": "failed", "error_message": "The server responded with status 401"}
    assert ended(api, path, settings) == failed
    assert api.ok("GET", path) == []
    assert "not found" in api.fails(404, "GET", f"{path}-tests/00000000-0000-4000-8000-000000000000")


def test_a_test_call_to_nowhere_fails(api: Any, path: str) -> None:
    body = {name: value for name, value in webhook().items() if name != "name"}
    found = ended(api, path, body)
    assert found["status"] == "failed"
    assert "could not be reached" in found["error_message"]


def test_a_call_that_takes_too_long_fails(api: Any, path: str, receiver: Receiver) -> None:
    receiver.hold.clear()
    body = {name: value for name, value in webhook(url=receiver.url, timeout=1).items() if name != "name"}
    found = ended(api, path, body)
    receiver.hold.set()
    assert found == {"status": "failed", "error_message": "The server did not respond within 1 seconds"}


def test_the_emulator_stops_while_a_call_is_made(tmp_path: Any, receiver: Receiver) -> None:
    receiver.hold.clear()
    with ubiops.emulator.start(data_dir=tmp_path) as emulator:
        api = emulator.api()
        api.deployments_create("demo", {"name": "d", "input_type": "plain", "output_type": "plain"})
        body = {name: value for name, value in webhook(url=receiver.url).items() if name != "name"}
        identifier = api.webhook_tests_create("demo", body).id
        receiver.next()
    receiver.hold.set()
    with ubiops.emulator.start(data_dir=tmp_path) as emulator:
        found = emulator.api().webhook_tests_get("demo", identifier)
        assert (found.status, found.error_message) == ("failed", "The emulator was stopped before the call ended")

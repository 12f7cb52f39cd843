"""``/_emulator/...`` and the same in Python: health, the clock, reset and faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

import ubiops
import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.core.faults import Faults

CLOCK, FAULTS, RESET, HEALTH = (f"/_emulator/{name}" for name in ("clock", "faults", "reset", "health"))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with ubiops.emulator.start(project_variables={"p": {"A": "1"}}) as running:
        yield running


class Control:
    """Calls of paths that are outside of the API."""

    def __init__(self, emulator: Emulator) -> None:
        self.origin = emulator.host.removesuffix("/v2.1")
        self.headers = {"Authorization": emulator.token}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = dict(headers or self.headers)
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        with urllib3.PoolManager(retries=False, timeout=60) as pool:
            response = pool.request(method, self.origin + path, headers=sent, body=content)
        return response.status, json.loads(response.data) if response.data else None


@pytest.fixture
def control(emulator: Emulator) -> Control:
    return Control(emulator)


@pytest.fixture
def client(api: Any, emulator: Emulator) -> Iterator[Any]:
    client = type(api)(emulator, "p")
    yield client
    client.pool.clear()


def test_the_health_needs_no_token(control: Control) -> None:
    assert control.send("GET", HEALTH, Accept="*/*") == (200, {"status": "ok", "version": ubiops.__version__})


@pytest.mark.parametrize(("method", "path"), [("GET", CLOCK), ("POST", CLOCK), ("POST", RESET), ("GET", FAULTS)])
def test_everything_else_needs_a_token(method: str, path: str) -> None:
    with ubiops.emulator.start(tokens=["one"]) as emulator:
        status, body = Control(emulator).send(method, path, {} if path == CLOCK else None, Authorization="Token two")
    assert (status, body) == (401, {"error": "Invalid token"})


def test_other_methods_are_not_allowed(control: Control) -> None:
    message = "PUT is not allowed here; this path accepts DELETE, GET, HEAD, POST"
    assert control.send("PUT", FAULTS) == (405, {"error": message})


def test_the_clock_is_frozen_advanced_and_resumed(control: Control, emulator: Emulator) -> None:
    status, frozen = control.send("POST", CLOCK, {"freeze": True})
    assert (status, frozen["frozen"]) == (200, True)
    assert control.send("GET", CLOCK) == (200, frozen)
    before = emulator.clock.now()
    status, advanced = control.send("POST", CLOCK, {"advance": 3600.5})
    assert emulator.clock.now() == before + 3600.5
    assert advanced["now"] > frozen["now"]
    assert control.send("POST", CLOCK, {"advance": 0, "resume": True})[1]["frozen"] is False
    assert emulator.clock.is_frozen is False


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "one of these is needed: advance, freeze, resume"),
        ({"freeze": False}, "one of these is needed"),
        ({"advance": -1}, "advance: seconds must be a finite number of zero or more, got -1"),
        ({"advance": 1e12}, "advance: advancing by 1000000000000.0 seconds leads beyond the year 9998"),
        ({"advance": "1"}, "advance must be a number, not a string"),
        ({"back": 1}, "the body has unknown fields: 'back'"),
        ([], "the body must be an object, not a list"),
    ],
)
def test_an_invalid_change_of_the_clock_is_rejected(control: Control, body: Any, reason: str) -> None:
    status, response = control.send("POST", CLOCK, body)
    assert status == 400
    assert response["error"].startswith(reason)


def test_the_rate_limit_does_not_concern_these_paths(api: Any) -> None:
    with ubiops.emulator.start(rate_limit=1) as emulator:
        client, control = type(api)(emulator), Control(emulator)
        for _ in range(3):
            assert control.send("GET", HEALTH)[0] == 200
        client.ok("GET", "/template-deployments")
        client.fails(429, "GET", "/template-deployments")
        control.send("POST", CLOCK, {"advance": 60})
        client.ok("GET", "/template-deployments")
        control.send("POST", RESET)
        client.ok("GET", "/template-deployments")
        client.pool.clear()


@pytest.mark.parametrize("way", ["python", "http"])
def test_a_reset_discards_everything_but_what_the_emulator_was_started_with(
    emulator: Emulator, control: Control, client: Any, good: bytes, way: str
) -> None:
    def everything() -> dict[str, int]:
        with emulator._storage.reading() as db:
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'sqlite_sequence'"
            tables = [row[0] for row in db.execute(query)]
            return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608

    before = everything()
    emulator.clock.advance(1e6)
    emulator.clock.freeze()
    emulator.set_project_variable("p", "B", "2")
    version = client.version(client.deployment())
    client.upload(version, good)
    client.variable(version, "C")
    emulator.faults.add(operation="deployments_get", status=503, times=None)
    if way == "python":
        emulator.reset()
    else:
        assert control.send("POST", RESET) == (204, None)
    assert everything() == before
    files = emulator._backend.files.path("")
    assert list(files.iterdir()) == []
    assert emulator.faults.list() == []
    assert client.ok("GET", "/projects/p/deployments") == []
    assert emulator.clock.is_frozen is False
    # It works as before.
    version = client.version(client.deployment())
    client.upload(version, good)
    variables = client.ok("GET", f"{version}/environment-variables")
    assert [one["name"] for one in variables] == ["A"]


def test_a_reset_survives_a_restart(data_dir: Path, api: Any, good: bytes) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        client.upload(client.version(client.deployment()), good)
        emulator.reset()
        client.deployment("new")
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        assert [one["name"] for one in client.ok("GET", f"{client.project}/deployments")] == ["new"]


def test_services_are_reset_or_started_again(emulator: Emulator) -> None:
    events = []

    class Service:
        def __init__(self, name: str) -> None:
            self.name = name

        def start(self) -> None:
            events.append(("start", self.name))

        def stop(self) -> None:
            events.append(("stop", self.name))

    class Resettable(Service):
        def reset(self) -> None:
            events.append(("reset", self.name))

    emulator._backend._running += [Service("one"), Resettable("two"), Service("three")]
    emulator.reset()
    assert events == [("reset", "two"), ("stop", "three"), ("stop", "one"), ("start", "one"), ("start", "three")]


def test_resets_and_calls_at_the_same_time_leave_a_sound_state(emulator: Emulator, client: Any, good: bytes) -> None:
    done = threading.Event()

    def work(number: int) -> set[int]:
        statuses = set()
        while not done.is_set():
            path = f"/projects/p{number}/deployments"
            body = {"name": "d", "input_type": "plain", "output_type": "plain"}
            statuses.add(client.send("POST", path, body).status)
            statuses.add(client.send("POST", f"{path}/d/versions", {"version": "v"}).status)
            statuses.add(client.send("POST", f"{path}/d/versions/v/revisions", fields={"file": ("a.zip", good)}).status)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work, number) for number in range(4)]
        for _ in range(20):
            emulator.reset()
        done.set()
        assert set().union(*(each.result() for each in working)) <= {200, 201, 404, 409, 507}
    emulator.reset()
    client.build(client.version(client.deployment()), good)


def test_a_stopped_emulator_is_not_reset() -> None:
    emulator = ubiops.emulator.start()
    emulator.stop()
    with pytest.raises(RuntimeError, match="the emulator has been stopped"):
        emulator.reset()


def test_the_next_call_of_an_operation_fails(emulator: Emulator, control: Control, client: Any) -> None:
    client.deployment()
    path = "/projects/p/deployments/d"
    fault = {"operation": "deployments_get", "status": 503, "message": "Try later", "headers": {"Retry-After": "7"}}
    status, added = control.send("POST", FAULTS, fault)
    assert (status, added["times"], added["skip"]) == (201, 1, 0)
    assert control.send("GET", FAULTS)[1] == [{**added, "calls": 0}]
    client.ok("GET", "/projects/p/deployments")
    response = client.pool.request("GET", emulator.host + path, headers=control.headers)
    assert (response.status, json.loads(response.data)) == (503, {"error": "Try later"})
    assert response.headers["retry-after"] == "7"
    client.ok("GET", path)
    assert control.send("GET", FAULTS)[1] == []


def test_a_call_that_fails_changes_nothing(emulator: Emulator, client: Any) -> None:
    emulator.faults.add(operation="deployments_create", status=500, times=2)
    body = {"name": "d", "input_type": "plain", "output_type": "plain"}
    url, content = f"{emulator.host}/projects/p/deployments", json.dumps(body).encode()
    headers = {"Authorization": "Token x", "Content-Type": "application/json"}
    for status in (500, 500, 201):
        response = client.pool.request("POST", url, body=content, headers=headers)
        assert response.status == status


def test_the_nth_call_of_a_path_fails(emulator: Emulator, client: Any) -> None:
    emulator.faults.add(method="get", path="/projects/*/deployments", status=429, skip=2, times=None)
    statuses = [client.send("GET", f"{prefix}/projects/p/deployments").status for prefix in ("/v2.1", "/v2") * 2]
    assert statuses == [200, 200, 429, 429]
    client.ok("GET", "/template-deployments")
    client.deployment()
    emulator.faults.clear()
    client.ok("GET", "/projects/p/deployments")


@pytest.mark.parametrize(("cut", "made"), [("before", []), ("after", ["d"])])
def test_a_connection_breaks_before_or_after_the_call(
    emulator: Emulator, client: Any, caplog: pytest.LogCaptureFixture, cut: str, made: list[str]
) -> None:
    emulator.faults.add(operation="deployments_create", cut=cut)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.deployment()
    assert [one["name"] for one in client.ok("GET", "/projects/p/deployments")] == made
    assert caplog.text == ""


def test_a_download_may_break_too(emulator: Emulator, client: Any, good: bytes) -> None:
    version = client.version(client.deployment())
    revision = client.upload(version, good)
    emulator.faults.add(operation="revisions_file_download", cut="after")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.send("GET", f"{version}/revisions/{revision}/download")
    assert client.send("GET", f"{version}/revisions/{revision}/download").data == good


def test_a_call_is_delayed(emulator: Emulator, client: Any) -> None:
    emulator.faults.add(operation="deployments_list", delay=3600)
    emulator.faults.add(operation="deployments_list", delay=0.01)
    url, headers = f"{emulator.host}/projects/p/deployments", {"Authorization": "Token x"}
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        client.pool.request("GET", url, headers=headers, timeout=0.1)
    # Others are not.
    client.ok("GET", "/template-deployments")
    client.ok("GET", "/projects/p/deployments")


def test_the_client_retries_what_was_asked_to_fail(emulator: Emulator) -> None:
    emulator.faults.add(operation="deployments_list", status=503, headers={"Retry-After": "0"})
    emulator.faults.add(operation="deployments_list", cut="before")
    assert emulator.api().deployments_list("p") == []
    assert emulator.faults.list() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "a fault needs a status, a delay or cut"),
        ({"operation": "deployments_gett", "status": 500}, "there is no operation 'deployments_gett'"),
        ({"status": 200}, "status must be 400 or more, not 200"),
        ({"status": 500, "cut": "before"}, "a fault has either a status or cut"),
        ({"cut": "sometimes"}, 'cut must be one of before, after, not "sometimes"'),
        ({"status": 500, "headers": {"A": "a\r\nb"}}, "headers.A must be of the form"),
        ({"status": 500, "nth": 3}, "the body has unknown fields: 'nth'"),
        ({"status": 500, "times": 0}, "times must be 1 or more, not 0"),
    ],
)
def test_an_invalid_fault_is_rejected(control: Control, body: Any, reason: str) -> None:
    status, response = control.send("POST", FAULTS, body)
    assert status == 400
    assert response["error"].startswith(reason)
    with pytest.raises(ubiops.ApiValueError) as caught:
        Faults().add(**body)
    assert str(caught.value).startswith(reason)


def test_faults_are_removed(control: Control, client: Any) -> None:
    control.send("POST", FAULTS, {"status": 500})
    assert control.send("DELETE", FAULTS) == (204, None)
    client.ok("GET", "/template-deployments")

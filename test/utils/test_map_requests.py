"""``map_requests``: any number of inputs, results in order, failures, and resuming."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted import Wire, client_of, reply
from thread_runner import PublicError, ThreadRunner

import ubiops
import ubiops.aio
import ubiops.emulator
from ubiops.aio.utils import map_requests as map_requests_async
from ubiops.emulator import Emulator
from ubiops.utils import map_pipeline_requests, map_requests


def code(data: Any, context: dict[str, Any]) -> Any:
    if data == "fail":
        raise PublicError("no such station")
    return data.upper()


@pytest.fixture
def runner() -> Iterator[ThreadRunner]:
    running = ThreadRunner(code)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_emulator(runner: ThreadRunner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator of its own, with a version that returns its input in capitals."""
    with ubiops.emulator.start() as running, monkeypatch.context() as patch:
        patch.setattr(running._backend, "runner", runner)
        yield running


@pytest.fixture
def clock() -> ManualClock:
    # The requests run in threads: a pause must let them.
    return ManualClock(lambda _: time.sleep(0.002))


@pytest.fixture
def api(own_emulator: Emulator, clock: ManualClock, package: bytes) -> ubiops.CoreApi:
    api = own_emulator.api()
    api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
    api.deployment_versions_create("p", "d", {"version": "v1"})
    revision = api.revisions_file_upload("p", "d", "v1", file=package).revision
    # A build takes real time.
    ubiops.utils.wait_for_revision(api, "p", "d", "v1", revision, quiet=True)
    api.api_client._clock = clock
    return api


def calls_of(client: ubiops.ApiClient) -> list[str]:
    found: list[str] = []
    client.event_hooks["request"] = [lambda event: found.append(f"{event.method} {event.url.rpartition('/')[2]}")]
    return found


def created(runner: ThreadRunner) -> int:
    return len({job.request_id for job in runner.jobs})


@pytest.mark.parametrize("version", [None, "v1"])
def test_results_are_in_the_order_of_the_inputs(api: ubiops.CoreApi, version: str | None) -> None:
    inputs = [f"input {number}" for number in range(620)]
    results = list(map_requests(api, "p", "d", inputs, version=version))
    assert [one.result for one in results] == [one.upper() for one in inputs]
    assert [(one.index, one.input) for one in results] == list(enumerate(inputs))
    assert all(one.succeeded and one.status == "completed" and one.error is None for one in results)
    assert len({one.request_id for one in results}) == 620
    assert results[3].request is not None
    assert results[3].request.version == "v1"


def test_failures_are_reported_for_each_input(api: ubiops.CoreApi) -> None:
    inputs = ["a", "fail", {"no": "plain text"}, ["a list"], "b", object()]
    first, failed, _, listed, other, unsendable = map_requests(api, "p", "d", inputs)
    assert (first.result, other.result) == ("A", "B")
    assert (failed.status, failed.error, failed.result, failed.succeeded) == ("failed", "no such station", None, False)
    for one in (listed, unsendable):
        assert (one.status, one.request_id, one.request) == ("rejected", None, None)
        assert one.error
        assert one.exception is not None
    assert isinstance(listed.exception, ubiops.BadRequestError)
    assert isinstance(unsendable.exception, ubiops.ApiTypeError)


def test_nothing_is_sent_before_the_first_result_is_asked_for(api: ubiops.CoreApi, runner: ThreadRunner) -> None:
    map_requests(api, "p", "d", ["a"])
    assert created(runner) == 0
    assert list(map_requests(api, "p", "d", [])) == []


def test_inputs_are_read_when_there_is_room_for_them(api: ubiops.CoreApi) -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            taken.append(number)
            yield f"input {number}"

    results = map_requests(api, "p", "d", endless(), max_in_flight=20, batch_size=5)
    for expected in range(50):
        assert next(results).index == expected
        assert len(taken) <= expected + 21
    assert len(results.pending) <= 20


def test_requests_are_created_and_collected_in_batches(api: ubiops.CoreApi) -> None:
    calls = calls_of(api.api_client)
    assert len(list(map_requests(api, "p", "d", ["a"] * 500))) == 500
    assert calls.count("POST batch") == 2
    assert set(calls) == {"POST batch", "POST collect"}


def test_a_run_goes_on_after_an_error(api: ubiops.CoreApi, own_emulator: Emulator, runner: ThreadRunner) -> None:
    own_emulator.faults.add(operation="deployment_requests_batch_get", status=403, skip=1)
    results = map_requests(api, "p", "d", [f"{number}" for number in range(30)], max_in_flight=10)
    found: list[Any] = []
    with pytest.raises(ubiops.ForbiddenError):
        found.extend(one.result for one in results)
    found += [one.result for one in results]
    assert found == [f"{number}" for number in range(30)]
    assert results.position == 30
    assert created(runner) == 30


def test_another_run_takes_up_requests_that_exist(api: ubiops.CoreApi, runner: ThreadRunner) -> None:
    inputs = [f"{number}" for number in range(40)]
    first = map_requests(api, "p", "d", inputs, batch_size=10, max_in_flight=20)
    before = [next(first) for _ in range(7)]
    state = json.loads(json.dumps({"start": first.position, "request_ids": first.pending}))
    after = list(map_requests(api, "p", "d", inputs, **state))
    assert [one.result for one in before + after] == inputs
    assert created(runner) == 40


def test_a_journal_holds_what_was_created(api: ubiops.CoreApi, runner: ThreadRunner, tmp_path: Path) -> None:
    inputs = [*(f"{number}" for number in range(30)), ["rejected"]]
    journal = tmp_path / "run.jsonl"
    first = map_requests(api, "p", "d", inputs, journal=journal, batch_size=10, max_in_flight=15)
    for _ in range(12):
        next(first)
    # As if the program had been killed while it wrote.
    with journal.open("a") as file:
        file.write('{"requests": [[15')
    results = list(map_requests(api, "p", "d", inputs, journal=journal))
    assert [one.result for one in results[:-1]] == inputs[:-1]
    assert results[-1].status == "rejected"
    assert created(runner) == 30
    again = list(map_requests(api, "p", "d", inputs, journal=journal))
    assert [one.request_id for one in again] == [one.request_id for one in results]
    assert created(runner) == 30


def test_a_journal_belongs_to_its_inputs(api: ubiops.CoreApi, tmp_path: Path) -> None:
    journal = tmp_path / "run.jsonl"
    list(map_requests(api, "p", "d", ["a", "b"], journal=journal))
    with pytest.raises(ubiops.ApiValueError, match="input 1 is not the one"):
        list(map_requests(api, "p", "d", ["a", "c"], journal=journal))
    with pytest.raises(ubiops.ApiValueError, match="belongs to other requests: those to deployment 'd' of project 'p'"):
        map_requests(api, "p", "e", ["a", "b"], journal=journal)
    for text in ("hello\n", '{"format": 2}\n', "[1]\n", '"a"\n'):
        journal.write_text(text)
        with pytest.raises(ubiops.ApiValueError, match="is not a journal"):
            map_requests(api, "p", "d", ["a", "b"], journal=journal)
    with pytest.raises(ubiops.ApiFileNotFoundError, match="can't be written"):
        list(map_requests(api, "p", "d", ["a"], journal=tmp_path / "missing" / "journal"))


def test_requests_that_are_gone_are_missing(api: ubiops.CoreApi, clock: ManualClock) -> None:
    ids = {number: one.id for number, one in enumerate(api.batch_deployment_requests_create("p", "d", ["a", "b", "c"]))}
    api.deployment_requests_delete("p", "d", ids[1])
    results = list(map_requests(api, "p", "d", ["a", "b", "c"], request_ids=ids))
    assert [(one.status, one.result) for one in results] == [("completed", "A"), ("missing", None), ("completed", "C")]
    assert results[1].request_id == ids[1]


def test_new_requests_need_not_be_found_at_once(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    own_emulator.faults.add(operation="deployment_requests_batch_get", status=404, times=20)
    assert [one.result for one in map_requests(api, "p", "d", ["a", "b", "c"])] == ["A", "B", "C"]


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"cut": "before"}, {"cut": "after"}])
def test_collecting_waits_out_failures(api: ubiops.CoreApi, own_emulator: Emulator, fault: dict[str, Any]) -> None:
    own_emulator.faults.add(operation="deployment_requests_batch_get", times=5, **fault)
    assert [one.result for one in map_requests(api, "p", "d", ["a", "b"])] == ["A", "B"]


def test_failures_that_stay_are_raised(api: ubiops.CoreApi, own_emulator: Emulator, clock: ManualClock) -> None:
    own_emulator.faults.add(operation="deployment_requests_batch_get", status=500, times=None)
    started, results = clock.now, map_requests(api, "p", "d", ["a"])
    with pytest.raises(ubiops.ServerError):
        next(results)
    assert 300 < clock.now - started < 400
    own_emulator.faults.clear()
    assert next(results).result == "A"


def test_a_full_queue_is_waited_out(api: ubiops.CoreApi, own_emulator: Emulator, runner: ThreadRunner) -> None:
    api.api_client.configuration.auto_retry_rate_limiting = False
    own_emulator.faults.add(operation="batch_deployment_requests_create", status=429, skip=1, times=10)
    results = list(map_requests(api, "p", "d", [f"{number}" for number in range(30)], batch_size=10))
    assert [one.result for one in results] == [f"{number}" for number in range(30)]
    assert created(runner) == 30


def test_a_queue_that_stays_full_raises(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    api.api_client.configuration.auto_retry_rate_limiting = False
    own_emulator.faults.add(operation="batch_deployment_requests_create", status=429, times=None)
    with pytest.raises(ubiops.TooManyRequestsError):
        list(map_requests(api, "p", "d", ["a"]))


def test_a_broken_connection_while_creating_is_raised(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    own_emulator.faults.add(operation="batch_deployment_requests_create", cut="after", skip=1)
    results = map_requests(api, "p", "d", [f"{number}" for number in range(20)], batch_size=10)
    with pytest.raises(ubiops.ApiConnectionError):
        list(results)
    # Those of the first batch are known.
    assert len(results.pending) == 10
    assert [one.result for one in results] == [f"{number}" for number in range(20)]


def test_errors_of_the_inputs_are_raised(api: ubiops.CoreApi) -> None:
    def inputs() -> Iterator[str]:
        yield "a"
        raise OSError("the disk is gone")

    results = map_requests(api, "p", "d", inputs(), batch_size=1)
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)
    assert [one.result for one in results] == ["A"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"items": "text"}, ubiops.ApiTypeError, "'items' must be several inputs, got str"),
        ({"items": {"a": 1}}, ubiops.ApiTypeError, "'items' must be several inputs, got dict"),
        ({"items": 5}, ubiops.ApiTypeError, "'items' must be iterable, got int"),
        ({"batch_size": 251}, ubiops.ApiValueError, "'batch_size' must be at most 250, got 251"),
        ({"batch_size": 0}, ubiops.ApiValueError, "'batch_size' must be 1 or more"),
        ({"max_in_flight": True}, ubiops.ApiTypeError, "'max_in_flight' must be an integer, got bool"),
        ({"start": -1}, ubiops.ApiValueError, "'start' must be 0 or more"),
        ({"request_ids": ["a"]}, ubiops.ApiTypeError, "'request_ids' must map"),
        ({"request_ids": {0: None}}, ubiops.ApiTypeError, "an id in 'request_ids' must be a string"),
        ({"deployment_name": None}, ubiops.ApiTypeError, "'deployment_name' must be a string, got NoneType"),
        ({"deployment_name": ""}, ubiops.ApiValueError, "'deployment_name' must not be empty"),
        ({"version": ""}, ubiops.ApiValueError, "'version' must not be empty"),
        ({"journal": 5}, ubiops.ApiTypeError, "journal must be a path, got int"),
    ],
)
def test_arguments_are_checked_at_once(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with ubiops.CoreApi(host="http://127.0.0.1:9", token="Token abc") as api, pytest.raises(error, match=message):
        map_requests(api, **{"project_name": "p", "deployment_name": "d", "items": [], **arguments})


def test_a_pipeline_has_calls_of_its_own() -> None:
    made = [{"id": "1", "status": "pending"}, {"id": "2", "status": "pending"}]
    ended = [{"id": "2", "status": "failed", "error_message": "no"}, {"id": "1", "status": "completed", "result": 5}]
    for version, place in ((None, "pipelines/n"), ("v1", "pipelines/n/versions/v1")):
        with Wire([reply(200, made), reply(200, ended)]) as wire, client_of(wire) as client:
            results = list(map_pipeline_requests(client, "p", "n", [{"a": 1}, {"a": 2}], version=version, timeout=60))
        assert [(one.result, one.error) for one in results] == [(5, None), (None, "no")]
        prefix = f"/v2.1/projects/p/{place}/requests"
        assert [one.target for one in wire.requests] == [f"{prefix}/batch?timeout=60", f"{prefix}/collect"]


def test_a_response_of_another_length_is_an_error() -> None:
    message = "1 requests in the response for a batch of 2 inputs"
    with Wire([reply(200, [{"id": "1", "status": "pending"}])]) as wire, client_of(wire) as client:
        results = map_requests(client, "p", "d", ["a", "b"])
        with pytest.raises(ubiops.InvalidResponseError, match=message):
            next(results)


def test_async(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    async def inputs() -> Any:
        for number in range(30):
            yield f"{number}"

    async def run() -> list[Any]:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(own_emulator.configuration())) as client:
            found = [one.result async for one in map_requests_async(client, "p", "d", inputs(), batch_size=10)]
            found += [one.status async for one in map_requests_async(client.api_client, "p", "d", ["a", ["b"]])]
            with pytest.raises(ubiops.ApiTypeError, match="must be an ubiops.aio.ApiClient"):
                map_requests_async(api, "p", "d", [])  # type: ignore[arg-type]
            return found

    assert asyncio.run(run()) == [*(f"{number}" for number in range(30)), "completed", "rejected"]


def test_a_cancelled_task_loses_nothing(api: ubiops.CoreApi, own_emulator: Emulator, runner: ThreadRunner) -> None:
    async def run() -> list[Any]:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(own_emulator.configuration())) as client:
            own_emulator.faults.add(operation="deployment_requests_batch_get", delay=60)
            results = map_requests_async(client, "p", "d", ["a", "b"])
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(results.__anext__(), 0.5)
            assert len(results.pending) == 2
            return [one.result async for one in results]

    assert asyncio.run(run()) == ["A", "B"]
    assert created(runner) == 2


def test_ctrl_c_keeps_the_journal(
    api: ubiops.CoreApi, own_emulator: Emulator, runner: ThreadRunner, tmp_path: Path
) -> None:
    gate = threading.Event()
    runner.code = lambda data, context: gate.wait(60) and data.upper()
    program = (
        "import sys, ubiops, ubiops.utils\n"
        f"api = ubiops.CoreApi(host={own_emulator.host!r}, token={own_emulator.token!r})\n"
        "print('started', flush=True)\n"
        "list(ubiops.utils.map_requests(api, 'p', 'd', ['a', 'b'], journal=sys.argv[1]))\n"
    )
    journal = tmp_path / "run.jsonl"
    try:
        with subprocess.Popen([sys.executable, "-c", program, str(journal)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            deadline = time.monotonic() + 60
            while not journal.exists() or not journal.read_text().endswith("\n"):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) != 0
    finally:
        gate.set()
    assert [one.result for one in map_requests(api, "p", "d", ["a", "b"], journal=journal)] == ["A", "B"]
    assert created(runner) == 2


def test_any_iterable_may_hold_the_inputs(api: ubiops.CoreApi) -> None:
    forms: list[Callable[[], Any]] = [lambda: ("a", "b"), lambda: {"a": 1, "b": 2}.keys(), lambda: (x for x in "ab")]
    for form in forms:
        assert [one.result for one in map_requests(api, "p", "d", form())] == ["A", "B"]

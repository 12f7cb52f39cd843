"""All functions that wait: what they return and raise, blocking and awaited."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted import reply, settings_for
from waiters import WAITERS, AnyThing, Waiter

import ubiops
import ubiops.aio.utils
import ubiops.utils
import ubiops.utils.wait_for

Call = Callable[..., Any]
every_waiter = pytest.mark.parametrize("waiter", WAITERS, ids=lambda one: one.name)
with_logs = pytest.mark.parametrize("waiter", [one for one in WAITERS if one.labels], ids=lambda one: one.name)


class AsyncClock(ManualClock):
    """A clock for the async client."""

    async def sleep(self, seconds: float, /) -> None:  # type: ignore[override]
        super().sleep(seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of the blocking clients; that of async clients moves by itself."""
    clock = ManualClock()
    monkeypatch.setattr("ubiops._client.BaseClient._clock", clock)
    monkeypatch.setattr("ubiops.aio.ApiClient._clock", AsyncClock())
    return clock


@pytest.fixture(params=["blocking", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Calls a function that waits with a client for a server."""

    def blocking(waiter: Waiter, server: AnyThing, **options: Any) -> Any:
        with ubiops.ApiClient(settings_for(server.wire)) as client:
            return getattr(ubiops.utils, waiter.name)(client, **{**waiter.names, "quiet": True, **options})

    def awaited(waiter: Waiter, server: AnyThing, **options: Any) -> Any:
        async def main() -> Any:
            async with ubiops.aio.ApiClient(settings_for(server.wire)) as client:
                function = getattr(ubiops.aio.utils, waiter.name)
                return await function(client, **{**waiter.names, "quiet": True, **options})

        return asyncio.run(main())

    return blocking if request.param == "blocking" else awaited


@every_waiter
def test_signatures_extend_those_of_the_official_client(waiter: Waiter) -> None:
    function = getattr(ubiops.utils, waiter.name)
    assert getattr(ubiops.utils.wait_for, waiter.name) is function
    assert waiter.name in ubiops.utils.wait_for.__all__
    parameters = dict(inspect.signature(function).parameters)
    assert parameters.pop("on_status").kind is inspect.Parameter.KEYWORD_ONLY
    logs = ["stream_logs"] if waiter.labels else []
    assert list(parameters) == ["client", *waiter.names, "timeout", "quiet", *logs]
    defaults = {name: one.default for name, one in parameters.items() if one.default is not one.empty}
    expected: dict[str, Any] = {"timeout": 1800, "quiet": False}
    expected.update(dict.fromkeys(logs, False), **dict.fromkeys(waiter.optional))
    assert defaults == expected
    twin = getattr(ubiops.aio.utils, waiter.name)
    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(twin) == inspect.signature(function)
    assert twin.__doc__ == f"Like ``ubiops.utils.{waiter.name}``, to be awaited."


@every_waiter
@pytest.mark.parametrize("status", ["success", "completed", "available", "confirmation"])
def test_a_good_end_returns_the_object(waiter: Waiter, status: str, call: Call) -> None:
    with AnyThing("pending", "cancelled_pending", status) as server:
        seen: list[str] = []
        found = call(waiter, server, on_status=lambda update: seen.append(update.status))
    assert (type(found).__name__, found.status) == (waiter.result, status)
    assert seen == ["pending", "cancelled_pending", status]


@every_waiter
@pytest.mark.parametrize(("status", "verb"), [("failed", "failed"), ("cancelled", "was cancelled")])
def test_a_bad_end_raises(waiter: Waiter, status: str, verb: str, call: Call) -> None:
    with AnyThing("processing", status) as server:
        server.fields["error_message"] = "no memory"
        with pytest.raises(ubiops.StatusError) as caught:
            call(waiter, server)
    error = caught.value
    assert str(error).splitlines()[0] == f"{waiter.subject} {verb}: no memory"
    assert (error.status, error.message) == (status, "no memory")
    assert error.resource.status == status
    for name, value in waiter.names.items():
        assert getattr(error, name) == value


@every_waiter
def test_the_timeout_is_never_exceeded(waiter: Waiter, call: Call) -> None:
    with AnyThing("processing") as server, pytest.raises(ubiops.WaitTimeoutError) as caught:
        call(waiter, server, timeout=5)
    assert caught.value.reason == f"{waiter.subject} is still 'processing' after 5 s (timeout=5)"
    assert (caught.value.status, caught.value.hint) == (504, f"raise timeout, or call {waiter.name}() again later")


@with_logs
def test_log_lines_are_those_of_the_thing(waiter: Waiter, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with AnyThing("processing", "success") as server:
        server.lines = ["one", "two"]
        call(waiter, server, quiet=False, stream_logs=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("  ")] == ["  one", "  two"]
    assert server.searches[0]["query"] == f"| {waiter.labels}"
    assert server.searches[0]["start"] == "1715530511250000000"
    # Nothing new after the end, so that the wait does not idle.
    assert len(server.searches) == 2


@every_waiter
def test_throttling_and_cut_connections_only_delay_the_wait(waiter: Waiter, call: Call) -> None:
    with AnyThing("processing", "success") as server:
        server.failures = [reply(429, {"error": "slow down"}, "Retry-After: 7"), "cut", reply(503, {})]
        assert call(waiter, server).status == "success"


@every_waiter
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (reply(429, {"error": "slow down"}), ubiops.TooManyRequestsError),
        ("cut", ubiops.ApiConnectionError),
        (reply(404, {"error": "not found"}), ubiops.NotFoundError),
        (reply(200, b"<html>"), ubiops.ApiException),
    ],
    ids=["throttled", "cut", "gone", "nonsense"],
)
def test_what_does_not_pass_is_one_typed_error(waiter: Waiter, failure: Any, kind: type[Exception], call: Call) -> None:
    with AnyThing("processing") as server:
        server.failures = [failure] * 1000
        with pytest.raises(kind):
            call(waiter, server)


@every_waiter
def test_ctrl_c_ends_the_wait_and_the_line(
    waiter: Waiter, clock: ManualClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    clock._slept = interrupt
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    wait = getattr(ubiops.utils, waiter.name)
    with AnyThing("processing") as server, ubiops.ApiClient(settings_for(server.wire)) as client:  # noqa: SIM117
        with pytest.raises(KeyboardInterrupt):
            wait(client, **waiter.names)
    output = capsys.readouterr().out
    assert "processing" in output
    assert output.endswith("\n")


def test_a_cancelled_task_ends_its_wait() -> None:

    async def main(server: AnyThing) -> None:
        polled = asyncio.Event()
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings_for(server.wire))) as api:
            api.api_client._clock = ubiops.aio.client._LoopClock()
            task = asyncio.ensure_future(
                ubiops.aio.utils.wait_for_deployment_request(
                    api, "p", "d", "q", quiet=True, on_status=lambda update: polled.set()
                )
            )
            await polled.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with AnyThing("processing") as server:
        asyncio.run(main(server))


def test_the_callback_of_an_async_wait_may_be_awaited() -> None:
    seen: list[str] = []

    async def note(update: ubiops.utils.StatusUpdate[Any]) -> None:
        await asyncio.sleep(0)
        seen.append(update.status)

    async def main(server: AnyThing) -> None:
        async with ubiops.aio.ApiClient(settings_for(server.wire)) as client:
            await ubiops.aio.utils.wait_for_export(client, "p", "o", quiet=True, on_status=note)

    with AnyThing("pending", "completed") as server:
        asyncio.run(main(server))
    assert seen == ["pending", "completed"]


@every_waiter
def test_a_blocking_client_can_not_be_awaited(waiter: Waiter) -> None:
    function = getattr(ubiops.aio.utils, waiter.name)
    with pytest.raises(ubiops.ApiTypeError, match=rf"{waiter.name}\(\): 'client' must be an ubiops.aio.ApiClient"):
        asyncio.run(function(ubiops.ApiClient(), **waiter.names))
    with pytest.raises(ubiops.ApiTypeError, match=rf"{waiter.name}\(\): .*; an async client can't be used here"):
        getattr(ubiops.utils, waiter.name)(ubiops.aio.ApiClient(), **waiter.names)
    for name in waiter.names.keys() - {*waiter.optional}:
        with pytest.raises(ubiops.ApiValueError, match=rf"{waiter.name}\(\) needs a value for '{name}'"):
            getattr(ubiops.utils, waiter.name)(ubiops.ApiClient(), **{**waiter.names, name: None})


@pytest.mark.parametrize("name", ["deployment_request", "pipeline_version_request", "experiment_run"])
def test_inputs_and_results_are_not_part_of_polls(name: str, call: Call) -> None:
    (waiter,) = [one for one in WAITERS if one.name == f"wait_for_{name}"]
    with AnyThing("pending", "completed") as server:
        server.fields["result"] = {"x": 1}
        assert call(waiter, server).result == {"x": 1}
    *polls, last = server.targets
    assert len(polls) == 2
    assert all(target.endswith("?metadata_only=true") for target in polls)
    assert last == polls[0].partition("?")[0]


def test_an_environment_without_a_status_is_waited_for_by_its_first_tag(call: Call) -> None:
    """In ``/v2``, only tags have a status."""
    (waiter,) = [one for one in WAITERS if one.name == "wait_for_environment"]
    with AnyThing(None, "building", "success", None) as server:  # type: ignore[arg-type]
        found = call(waiter, server, tag_name=None)
    assert type(found) is ubiops.EnvironmentList
    assert [target.rpartition("/environments/")[2] for target in server.targets] == [
        "e",
        "e/tags",
        "e/tags/t",
        "e/tags/t",
        "e",
    ]


def test_a_timeout_in_place_of_a_tag_is_an_error() -> None:
    with pytest.raises(ubiops.ApiTypeError, match="'tag_name' must be a string, got 600; use timeout="):
        ubiops.utils.wait_for_environment(ubiops.ApiClient(), "p", "e", 600)  # type: ignore[call-overload]

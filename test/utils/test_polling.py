"""How a wait polls: when, how often, until when, and what ends it."""

from __future__ import annotations

import itertools
import pickle
import time
from typing import TYPE_CHECKING, Any

import pytest
from manual_clock import ManualClock
from scripted import Wire, client_of, reply, silence

import ubiops
import ubiops.utils
from ubiops._waiting.polling import FAILED, SUCCEEDED, Wait, WaitOptions
from ubiops._waiting.steps import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of all clients."""
    clock = ManualClock()
    monkeypatch.setattr("ubiops._client.BaseClient._clock", clock)
    return clock


class Server:
    """Returns one status after the other, and notes when it is asked, and with what
    timeout."""

    def __init__(self, clock: ManualClock, statuses: Iterable[str | Exception], takes: float = 0) -> None:
        self._clock = clock
        self._started = clock.now
        self._statuses = iter(statuses)
        self._takes = takes
        self.times: list[float] = []
        self.limits: list[float | None] = []

    def ask(self, limit: float | None) -> ubiops.RevisionList:
        self.times.append(self._clock.now - self._started)
        self.limits.append(limit)
        self._clock.now += self._takes if limit is None else min(limit, self._takes)
        if limit is not None and limit < self._takes:
            raise ubiops.ApiTimeoutError(0, "timed out")
        status = next(self._statuses)
        if isinstance(status, Exception):
            raise status
        return ubiops.RevisionList.from_dict({"status": status, "error_message": "why"})


def wait(timeout: float = 1800, on_status: Callable[[Any], object] | None = None, **settings: Any) -> Wait:
    api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(**settings)))
    return Wait("wait_for_it", api, WaitOptions(timeout, True, on_status), project_name="p")


def test_polls_quickly_at_first_and_then_backs_off(clock: ManualClock) -> None:
    server = Server(clock, [*["building"] * 40, "success"])
    run(wait().poll(server.ask, label="it"))
    pauses = clock.sleeps
    assert server.times[0] == 0
    assert pauses[0] == pytest.approx(0.1)
    assert pauses == sorted(pauses)
    assert max(pauses) == 5
    assert len([at for at in server.times if at < 1]) >= 4


@pytest.mark.parametrize("status", SUCCEEDED)
def test_a_good_end_returns_the_object(clock: ManualClock, status: str) -> None:
    server = Server(clock, ["pending", status])
    assert run(wait().poll(server.ask, label="it")).status == status


@pytest.mark.parametrize(
    ("status", "text"), [("failed", "it failed: why"), ("cancelled", "it was cancelled: why\n  hint: do that")]
)
def test_a_bad_end_raises(clock: ManualClock, status: str, text: str) -> None:
    server = Server(clock, ["pending", status])
    with pytest.raises(ubiops.StatusError) as caught:
        run(wait().poll(server.ask, label="it", hint="do that" if status == "cancelled" else None))
    assert str(caught.value) == text
    assert (caught.value.status, caught.value.project_name, caught.value.revision_id) == (status, "p", None)


def test_statuses_that_are_not_known_are_temporary(clock: ManualClock) -> None:
    strange: Any = ["cancelled_pending", "paused", None, ["failed"], "", "success"]
    updates: list[Any] = []
    run(wait(on_status=updates.append).poll(Server(clock, strange).ask, label="it"))
    assert [update.status for update in updates] == strange
    assert [update.previous_status for update in updates] == [None, *strange[:-1]]
    assert not {*SUCCEEDED} & {*FAILED}


@pytest.mark.parametrize("timeout", [0.01, 0.1, 0.5, 1, 4, 5, 60, 600, 1800, 86_400])
@pytest.mark.parametrize("takes", [0, 0.001, 0.2, 7])
def test_the_timeout_expires_exactly_at_its_limit(clock: ManualClock, timeout: float, takes: float) -> None:
    server = Server(clock, itertools.repeat("building"), takes)
    started = clock.now
    responds = takes <= timeout
    with pytest.raises(ubiops.WaitTimeoutError) as caught:
        run(wait(timeout).poll(server.ask, label="it", subject="the thing"))
    assert clock.now - started == pytest.approx(timeout)
    assert (caught.value.timeout, caught.value.last_status) == (timeout, "building" if responds else None)
    what = "the thing is still 'building' after" if responds else "there was no response for the thing within"
    assert caught.value.reason == f"{what} {timeout:.10g} s (timeout={timeout:.10g})"
    # A last look shortly before the end, which a response in time can still turn
    # around.
    assert timeout - server.times[-1] <= takes + max(0.1, min(2 * takes, 5)) + 0.011


def test_a_build_that_ends_just_in_time_is_seen(clock: ManualClock) -> None:
    started = clock.now

    def ask(limit: float | None) -> ubiops.RevisionList:
        return ubiops.RevisionList.from_dict({"status": "success" if clock.now - started >= 599.8 else "building"})

    assert run(wait(600).poll(ask, label="it")).status == "success"


def test_several_polls_share_one_timeout(clock: ManualClock) -> None:
    one = wait(10)
    started = clock.now
    server = Server(clock, itertools.chain(["building"] * 10, ["success"], itertools.repeat("building")))
    run(one.poll(server.ask, label="first"))
    assert 5 < clock.now - started < 10
    with pytest.raises(ubiops.WaitTimeoutError):
        run(one.poll(server.ask, label="second"))
    assert clock.now - started == pytest.approx(10)
    with pytest.raises(ubiops.WaitTimeoutError, match="there was no response for third"):
        run(one.poll(server.ask, label="third"))


def test_calls_are_limited_only_near_the_end(clock: ManualClock) -> None:
    server = Server(clock, itertools.repeat("building"))
    with pytest.raises(ubiops.WaitTimeoutError):
        run(wait(60, connect_timeout=1, read_timeout=4, retry_deadline=15).poll(server.ask, label="it"))
    for at, limit in zip(server.times, server.limits):
        left = 60 - at
        # A call of 20 seconds at most is not limited before.
        expected = None if left > 20 else min(left, 4)
        assert limit == (expected if expected is None else pytest.approx(expected))
    assert None in server.limits
    assert 4 in server.limits


def test_calls_without_a_timeout_are_limited_by_the_wait(clock: ManualClock) -> None:
    server = Server(clock, ["building", "success"])
    run(wait(60, read_timeout=None).poll(server.ask, label="it"))
    assert server.limits == [60, pytest.approx(59.9)]


def test_a_call_that_the_wait_cuts_short_is_no_error_of_its_own(clock: ManualClock) -> None:
    """Once the API has responded, a limited call that times out is repeated."""
    slow = ubiops.ApiTimeoutError(0, "timed out")
    server = Server(clock, ["building", slow, slow, "success"])
    assert run(wait(60).poll(server.ask, label="it")).status == "success"


def test_polling_goes_on_after_a_call_that_took_long(clock: ManualClock) -> None:
    times = []

    def ask(limit: float | None) -> ubiops.RevisionList:
        times.append(clock.now)
        if len(times) == 2:
            assert limit is not None
            clock.now += limit
            raise ubiops.ApiTimeoutError(0, "timed out")
        return ubiops.RevisionList.from_dict({"status": "building"})

    with pytest.raises(ubiops.WaitTimeoutError):
        run(wait(600, read_timeout=290).poll(ask, label="it"))
    assert len([at for at in times if at > times[1]]) > 50


def test_time_that_a_callback_takes_is_not_taken_for_the_servers(clock: ManualClock) -> None:
    def slow(update: object) -> None:
        clock.now += 20

    server = Server(clock, itertools.repeat("building"))
    with pytest.raises(ubiops.WaitTimeoutError):
        run(wait(60, slow).poll(server.ask, label="it"))
    assert server.times[-1] == pytest.approx(59.9)


def test_the_timeout_of_a_call_is_the_cause_if_it_was_the_last(clock: ManualClock) -> None:
    slow = ubiops.ApiTimeoutError(0, "timed out")
    server = Server(clock, itertools.chain(["building"], itertools.repeat(slow)))
    with pytest.raises(ubiops.WaitTimeoutError) as caught:
        run(wait(60).poll(server.ask, label="it"))
    assert caught.value.__cause__ is slow
    assert caught.value.last_status == "building"


@pytest.mark.parametrize("statuses", [[], ["building"]], ids=["first call", "later call"])
@pytest.mark.parametrize(
    "error",
    [
        ubiops.ApiConnectionError(0, "no connection"),
        ubiops.NotFoundError(404, "Not Found"),
        ubiops.ServerError(503, "Service Unavailable"),
        ubiops.ApiTimeoutError(0, "timed out"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_calls_end_the_wait(clock: ManualClock, statuses: list[str], error: Exception) -> None:
    server = Server(clock, [*statuses, error])
    with pytest.raises(type(error)) as caught:
        run(wait(1800).poll(server.ask, label="it"))
    assert caught.value is error


def test_a_first_call_that_times_out_before_the_wait_does_is_an_error(clock: ManualClock) -> None:
    error = ubiops.ApiTimeoutError(0, "no connection within 10 s")
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        run(wait(60).poll(Server(clock, [error]).ask, label="it"))
    assert caught.value is error


def test_a_single_call_has_the_timeout_of_the_wait(clock: ManualClock) -> None:
    one = wait(3)
    assert run(one.call(Server(clock, ["success"], takes=1).ask, "it")).status == "success"
    with pytest.raises(ubiops.WaitTimeoutError, match=r"no response for it within 3 s \(timeout=3\)"):
        run(one.call(Server(clock, ["success"], takes=5).ask, "it"))
    error = ubiops.ApiTimeoutError(0, "no connection within 10 s")
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        run(wait(60).call(Server(clock, [error]).ask, "it"))
    assert caught.value is error


def test_a_server_that_stops_responding_does_not_prolong_the_wait() -> None:
    """Without an injected clock: the connection itself is cut off."""
    building = reply(200, {"id": "r", "status": "building"})
    for script in ([silence], [building, silence]):
        with Wire(script) as server, client_of(server) as client:
            started = time.monotonic()
            with pytest.raises(ubiops.WaitTimeoutError) as caught:
                ubiops.utils.wait_for_revision(client, "p", "d", "v", "r", timeout=0.4, quiet=True)
            assert 0.4 <= time.monotonic() - started < 4
            assert caught.value.last_status == (None if len(script) == 1 else "building")


def test_errors_pickle_whole(clock: ManualClock) -> None:
    with pytest.raises(ubiops.WaitTimeoutError) as timed_out:
        run(wait(1).poll(Server(clock, itertools.repeat("building")).ask, label="it"))
    with pytest.raises(ubiops.StatusError) as failed:
        run(wait(1).poll(Server(clock, ["failed"]).ask, label="it"))
    for error in (timed_out.value, failed.value):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert vars(again) == vars(error)
        assert str(again) == str(error)
    assert (timed_out.value.errno, timed_out.value.strerror) == (None, None)

"""Retry decisions: which failures are retried, after what delay and until when."""

from __future__ import annotations

import random
import time

import pytest

from ubiops._core.retry import IDEMPOTENT, Decision, Failure, Policy, decide, requested_delay

NOW = 1_700_000_000.0
LOST = Failure("connection reset", sent=True)
UNSENT = Failure("connection refused", sent=False)


def decision_for(
    method: str, failure: Failure, *, policy: Policy | None = None, attempt: int = 1, elapsed: float = 0
) -> Decision:
    rng = random.Random(1)  # noqa: S311
    return decide(policy or Policy(), method, failure, attempt=attempt, elapsed=elapsed, now=NOW, rng=rng)


def status(code: int, **headers: str) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(str(code), status=code, headers=named)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_a_request_that_was_not_sent_is_retried_for_any_method(method: str) -> None:
    assert decision_for(method, UNSENT).wait is not None


@pytest.mark.parametrize("failure", [LOST, status(502), status(503), status(504)])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_a_request_that_may_have_been_processed_is_retried_only_if_idempotent(method: str, failure: Failure) -> None:
    decision = decision_for(method, failure)
    assert (decision.wait is not None) == (method in IDEMPOTENT)
    if method not in IDEMPOTENT:
        assert f"a {method} is not safe to repeat" in decision.reason


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rate_limiting_is_retried_for_any_method(method: str) -> None:
    decision = decision_for(method, status(429, Retry_After="7"))
    assert decision.wait is not None
    assert 7 <= decision.wait <= 8
    assert decision.reason == "Retry-After requests 7 s"


def test_retries_after_rate_limiting_can_be_disabled() -> None:
    assert decision_for("GET", status(429), policy=Policy(rate_limiting=False)).wait is None
    assert decision_for("GET", status(503), policy=Policy(rate_limiting=False)).wait is not None


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 413, 500, 501])
def test_other_statuses_are_not_retried(code: int) -> None:
    assert decision_for("GET", status(code)) == (None, f"a status {code} is final")


def test_a_permanent_failure_is_not_retried() -> None:
    assert decision_for("GET", UNSENT._replace(transient=False)).wait is None


@pytest.mark.parametrize(
    ("retries", "attempt", "retried"), [(0, 1, False), (1, 1, True), (1, 2, False), (3, 3, True), (3, 4, False)]
)
def test_the_number_of_retries_is_limited(retries: int, attempt: int, retried: bool) -> None:
    assert (
        decision_for("GET", UNSENT, policy=Policy(max_retries=retries), attempt=attempt).wait is not None
    ) == retried


def test_no_retry_starts_after_the_deadline() -> None:
    policy = Policy(deadline=10)
    assert decision_for("GET", status(429, Retry_After="5"), policy=policy, elapsed=1).wait is not None
    late = decision_for("GET", status(429, Retry_After="5"), policy=policy, elapsed=5.5)
    assert late.wait is None
    assert "deadline of 10 s" in late.reason


def test_no_retry_starts_at_the_deadline_itself() -> None:
    failure = Failure("429", status=429, headers={"Retry-After": "0"})
    for elapsed, retried in ((9.9, True), (10.0, False)):
        decision = decide(Policy(deadline=10), "GET", failure, attempt=1, elapsed=elapsed, now=0)
        assert (decision.wait is not None) == retried


def test_a_requested_delay_is_never_shortened_up_to_the_longest_one() -> None:
    for seconds, most in ((120, 121), (5, 5.5)):
        failure = Failure("429", status=429, headers={"Retry-After": str(seconds)})
        waits = {decide(Policy(), "POST", failure, attempt=1, elapsed=0, now=0).wait for _ in range(100)}
        assert len(waits) > 1
        assert all(wait is not None and seconds <= wait <= most for wait in waits)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone can't be set on this platform")
def test_a_date_without_a_time_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-5")
    time.tzset()
    try:
        assert requested_delay({"Retry-After": "Thu Jan  1 00:01:00 1970"}, 0) == (60, "Retry-After")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_requested_delay_that_is_too_long_is_not_honoured() -> None:
    decision = decision_for("GET", status(429, Retry_After="86400"))
    assert decision.wait is None
    assert "86400 s" in decision.reason


@pytest.mark.parametrize("attempt", [1, 2, 3, 10, 1000])
def test_backoff_doubles_up_to_its_cap_with_full_jitter(attempt: int) -> None:
    policy = Policy(max_retries=10_000, deadline=1e9)
    ceiling = min(policy.backoff_cap, policy.backoff_base * 2 ** min(attempt - 1, 30))
    waits = [decide(policy, "GET", UNSENT, attempt=attempt, elapsed=0, now=NOW).wait or 0 for _ in range(500)]
    assert all(0 <= wait <= ceiling for wait in waits)
    assert min(waits) < ceiling * 0.2
    assert max(waits) > ceiling * 0.8


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "3"}, (3.0, "Retry-After")),
        ({"Retry-After": " 2.5 "}, (2.5, "Retry-After")),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:30 GMT"}, (10.0, "Retry-After")),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:00 GMT"}, (0.0, "Retry-After")),
        ({"Retry-After": "Tue, 14 Nov 2023 23:13:30 +0100"}, (10.0, "Retry-After")),
        ({"x-ratelimit-reset": "42"}, (42.0, "x-ratelimit-reset")),
        ({"Retry-After": "3", "x-ratelimit-reset": "42"}, (3.0, "Retry-After")),
        ({"Retry-After": "soon", "x-ratelimit-reset": "42"}, (42.0, "x-ratelimit-reset")),
        ({}, None),
        *(
            ({"Retry-After": invalid}, None)
            for invalid in ("", "-5", "nan", "inf", "1e9", "0x10", "3 s", "٣", "9" * 400)
        ),
        ({"x-ratelimit-reset": "never"}, None),
    ],
)
def test_the_delay_requested_by_a_server_is_read(headers: dict[str, str], expected: tuple[float, str] | None) -> None:
    assert requested_delay(headers, NOW) == expected

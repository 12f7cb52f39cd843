"""The clock runs, and can be advanced and frozen."""

from __future__ import annotations

import time

import pytest

from ubiops.emulator.core.clock import Clock, in_microseconds, in_milliseconds


def test_a_clock_starts_with_the_present_time_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    clock = Clock()
    assert clock.now() == 1000.0
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "monotonic", lambda: 7.5)
    assert clock.now() == 1002.5
    clock.advance(10)
    assert clock.now() == 1012.5
    monkeypatch.setattr(time, "monotonic", lambda: 8.0)
    assert clock.now() == 1013.0


def test_a_clock_can_be_frozen() -> None:
    clock = Clock(1000.0)
    clock.freeze()
    now = clock.now()
    assert clock.now() == now
    clock.advance(2.5)
    assert clock.now() == now + 2.5
    clock.freeze()
    assert clock.now() == now + 2.5
    clock.resume()
    assert clock.now() >= now + 2.5


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e12])
def test_advancing_by_an_invalid_number_is_rejected(seconds: float) -> None:
    clock = Clock(1000.0)
    with pytest.raises(ValueError, match="seconds"):
        clock.advance(seconds)
    assert clock.now() < 2000


def test_each_change_is_reported_to_the_callback() -> None:
    calls = []
    clock = Clock(1000.0, lambda: calls.append(1))
    clock.freeze()
    clock.advance(1)
    clock.resume()
    assert len(calls) == 3


def test_dates_have_the_formats_of_the_platform() -> None:
    assert in_microseconds(1709629092.456812) == "2024-03-05T08:58:12.456812Z"
    assert in_microseconds(1709629092) == "2024-03-05T08:58:12.000000Z"
    assert in_milliseconds(1709629471.181) == "2024-03-05T09:04:31.181+00:00"
    assert in_milliseconds(1709629471) == "2024-03-05T09:04:31.000+00:00"

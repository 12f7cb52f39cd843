"""A clock that stands still until something sleeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ManualClock:
    """Moves ahead by sleeping, and never really waits.

    Args:
        slept: Called with the seconds of each sleep, after it.

    Attributes:
        now: The present monotonic time, in seconds. Deadlines of real calls, which the
            transport compares with real time, are not in the past.
        sleeps: The seconds of each sleep so far.
    """

    def __init__(self, slept: Callable[[float], object] | None = None) -> None:
        self.now = time.monotonic()
        self.sleeps: list[float] = []
        self._slept = slept

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.now += seconds
        self.sleeps.append(seconds)
        if self._slept is not None:
            self._slept(seconds)

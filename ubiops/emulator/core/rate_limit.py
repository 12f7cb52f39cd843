"""The rate limit: how many calls per minute, and what each response says about it."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.core.errors import ApiError

if TYPE_CHECKING:
    from ubiops.emulator.core.clock import Clock

WINDOW = 60.0


class Allowance(NamedTuple):
    """What remains of the limit after a call."""

    limit: int
    remaining: int
    # Seconds until calls are accepted again; None if this call is accepted.
    reset: int | None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Returns the rate limit headers of a response."""
        headers = [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
        ]
        return headers if self.reset is None else [*headers, (b"x-ratelimit-reset", b"%d" % self.reset)]

    def check(self) -> None:
        """Rejects the call if it is beyond the limit."""
        if self.reset is not None:
            seconds = "1 second" if self.reset == 1 else f"{self.reset} seconds"
            raise ApiError(429, f"Too many requests, try again in {seconds}")


class RateLimit:
    """Counts calls in windows of one minute.

    A window starts with the first call after the previous one.
    """

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forgets all calls."""
        self._start = -math.inf
        self._used = 0

    def take(self) -> Allowance:
        """Counts one call."""
        with self._lock:
            now = self._clock.now()
            if now >= self._start + WINDOW:
                self._start, self._used = now, 0
            if self._used >= self._limit:
                return Allowance(self._limit, 0, max(1, math.ceil(self._start + WINDOW - now)))
            self._used += 1
            return Allowance(self._limit, self._limit - self._used, None)

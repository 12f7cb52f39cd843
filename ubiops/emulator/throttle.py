"""The rate limit: so many calls a minute, and what each answer tells about it."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.errors import ApiError

if TYPE_CHECKING:
    from ubiops.emulator.clock import Clock

WINDOW = 60.0


class Allowance(NamedTuple):
    """What is left for a caller."""

    limit: int
    remaining: int
    # Seconds until calls are taken again; None as long as they are.
    reset: int | None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What an answer tells of it."""
        headers = [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
        ]
        return headers if self.reset is None else [*headers, (b"x-ratelimit-reset", b"%d" % self.reset)]

    def check(self) -> None:
        """Refuses the call if there is no room for it."""
        if self.reset is not None:
            seconds = "1 second" if self.reset == 1 else f"{self.reset} seconds"
            raise ApiError(429, f"Too many requests, try again in {seconds}")


class Throttle:
    """Counts calls in windows of a minute, each of which begins with the first call after the one before."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._begin = -math.inf
        self._used = 0
        self._lock = threading.Lock()

    def take(self) -> Allowance:
        """Counts one call."""
        with self._lock:
            now = self._clock.now()
            if now >= self._begin + WINDOW:
                self._begin, self._used = now, 0
            if self._used >= self._limit:
                return Allowance(self._limit, 0, max(1, math.ceil(self._begin + WINDOW - now)))
            self._used += 1
            return Allowance(self._limit, self._limit - self._used, None)

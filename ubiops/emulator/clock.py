"""The emulator's own time, which tests may move ahead or stop, and how the API writes it."""

from __future__ import annotations

import math
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = (datetime(9999, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds()


class Clock:
    """A clock that runs as any other does, until it is moved.

    All that takes time in the emulator, such as builds and rate limits, follows this clock and nothing else.

    Args:
        now: Seconds since 1970 that it begins with. Default: the present time.
        changed: Called after each change that a caller makes.
    """

    def __init__(self, now: float | None = None, changed: Callable[[], None] | None = None) -> None:
        # The time at some moment, and that moment; None in its place while the clock stands.
        self._state: tuple[float, float | None] = (time.time() if now is None else now, time.monotonic())
        self._lock = threading.Lock()
        self._changed = changed

    def now(self) -> float:
        """Seconds since 1970."""
        base, since = self._state
        return base if since is None else base + time.monotonic() - since

    def advance(self, seconds: float) -> None:
        """Moves the clock ahead, at once.

        Args:
            seconds: How far; zero or more.

        Raises:
            ValueError: The seconds are negative, not finite, or lead beyond the year 9998.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"a clock advances by zero seconds or more, not by {seconds!r}")
        with self._lock:
            now = self.now() + seconds
            if now > _LATEST:
                raise ValueError(f"{seconds!r} seconds lead beyond the year 9998")
            self._state = (now, None if self._state[1] is None else time.monotonic())
        self._tell()

    def freeze(self) -> None:
        """Stops the clock: from now on only `advance` moves it."""
        with self._lock:
            self._state = (self.now(), None)
        self._tell()

    def resume(self) -> None:
        """Lets a stopped clock run on from where it stands."""
        with self._lock:
            self._state = (self.now(), time.monotonic())
        self._tell()

    def _tell(self) -> None:
        if self._changed:
            self._changed()


def in_microseconds(seconds: float) -> str:
    """A date as deployments and versions show it: ``2024-03-05T08:58:12.456812Z``."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def in_milliseconds(seconds: float) -> str:
    """A date as revisions, builds and audit events show it: ``2024-03-05T09:04:31.181+00:00``."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")

"""The emulator's clock and the API's date formats."""

from __future__ import annotations

import math
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = (datetime(9999, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds()


class Clock:
    """A clock that runs like any other until it is advanced or frozen.

    Everything in the emulator that takes time, such as builds and rate limits, follows
    this clock and no other.

    Args:
        now: The time to start with, in seconds since 1970. Default: the present time.
        changed: Called after each change that a caller makes.
    """

    def __init__(self, now: float | None = None, changed: Callable[[], None] | None = None) -> None:
        # A time, and the monotonic time at which it was valid: None while the clock is
        # frozen.
        self._state: tuple[float, float | None] = (time.time() if now is None else now, time.monotonic())
        self._lock = threading.Lock()
        self._listeners = [] if changed is None else [changed]

    def on_change(self, listener: Callable[[], None]) -> None:
        """Calls a function after each change that a caller makes, in its thread."""
        self._listeners.append(listener)

    def now(self) -> float:
        """Returns the time in seconds since 1970."""
        base, since = self._state
        return base if since is None else base + time.monotonic() - since

    @property
    def is_frozen(self) -> bool:
        """Whether only `advance` moves the clock."""
        return self._state[1] is None

    def reset(self) -> None:
        """Sets the clock to the present time and lets it run."""
        with self._lock:
            self._state = (time.time(), time.monotonic())
        self._notify()

    def advance(self, seconds: float) -> None:
        """Moves the clock ahead at once.

        Args:
            seconds: How far to move it; zero or more.

        Raises:
            ValueError: The number is negative, not finite, or leads beyond the year
                9998.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ApiValueError(f"seconds must be a finite number of zero or more, got {seconds!r}")
        with self._lock:
            now = self.now() + seconds
            if now > _LATEST:
                raise ApiValueError(f"advancing by {seconds!r} seconds leads beyond the year 9998")
            self._state = (now, None if self._state[1] is None else time.monotonic())
        self._notify()

    def freeze(self) -> None:
        """Stops the clock: from now on only `advance` moves it."""
        with self._lock:
            self._state = (self.now(), None)
        self._notify()

    def resume(self) -> None:
        """Lets a frozen clock run again from its present time."""
        with self._lock:
            self._state = (self.now(), time.monotonic())
        self._notify()

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def in_microseconds(seconds: float) -> str:
    """Formats a date as deployments and versions show it.

    ``2024-03-05T08:58:12.456812Z``.
    """
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def in_milliseconds(seconds: float) -> str:
    """Formats a date as revisions and audit events show it.

    ``2024-03-05T09:04:31.181+00:00``.
    """
    return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")

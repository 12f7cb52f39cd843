"""The values that are still to be sent."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAXIMUM = 100_000
"""Values that are kept. Beyond it, the oldest are dropped."""


class Point(NamedTuple):
    """A value of a metric.

    Attributes:
        metric: The name of the metric.
        labels: Its labels, sorted.
        time: When it was logged, in seconds since 1970.
        value: The value.
    """

    metric: str
    labels: tuple[tuple[str, str], ...]
    time: float
    value: float


class Buffer:
    """A queue of values, for many threads.

    Attributes:
        dropped: How many values were dropped because there were too many.
    """

    def __init__(self) -> None:
        self._points: deque[Point] = deque()
        self._lock = threading.Lock()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._points)

    def add(self, point: Point) -> bool:
        """Adds a value. Returns whether the first one was dropped for it."""
        with self._lock:
            self._points.append(point)
            return self._limit()

    def take(self, most: int) -> list[Point]:
        """Removes and returns the oldest values."""
        with self._lock:
            return [self._points.popleft() for _ in range(min(most, len(self._points)))]

    def put_back(self, points: Iterable[Point]) -> bool:
        """Returns values to the front; whether some were dropped for the first time."""
        with self._lock:
            self._points.extendleft(reversed(list(points)))
            return self._limit()

    def _limit(self) -> bool:
        excess, before = len(self._points) - MAXIMUM, self.dropped
        for _ in range(excess):
            self._points.popleft()
        self.dropped += max(excess, 0)
        return not before and self.dropped > 0

"""The clock that a client measures deadlines and backoffs with; tests inject their own."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """What the blocking client needs of a clock. The module ``time`` is one."""

    def monotonic(self) -> float:
        """Returns seconds that never go backwards, for deadlines."""
        ...

    def time(self) -> float:
        """Returns seconds since the epoch, for dates in headers."""
        ...

    def sleep(self, seconds: float, /) -> object:
        """Waits. The async client awaits what is returned."""
        ...

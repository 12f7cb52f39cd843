"""The clock for deadlines and backoffs. Tests inject their own."""

from __future__ import annotations

from typing import Any, Protocol


class Clock(Protocol):
    """The clock of a client. The blocking client uses the module ``time``."""

    def monotonic(self) -> float:
        """Returns seconds that never go backwards, for deadlines."""
        ...

    def time(self) -> float:
        """Returns seconds since the epoch, for dates in headers."""
        ...

    def sleep(self, seconds: float, /) -> Any:
        """Waits. For the async client this is a coroutine function."""
        ...

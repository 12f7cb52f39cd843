"""What the callback ``on_status`` of a wait is called with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class StatusUpdate(Generic[T]):
    """A change of status during a wait.

    Attributes:
        status: The new status, such as ``building``.
        previous_status: The status before; None for the first one.
        elapsed: Seconds since the wait started.
        is_final: Whether the wait ends with this status.
        resource: The object with this status, as the API returned it.
    """

    status: str
    previous_status: str | None
    elapsed: float
    is_final: bool
    resource: T

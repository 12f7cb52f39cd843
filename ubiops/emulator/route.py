"""What the generated table of routes is made of."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One operation of the API: how it is called, and the status with which it answers when it succeeds."""

    method: str
    path: str
    operation_id: str
    status: int

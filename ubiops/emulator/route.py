"""The entries of the generated route table."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One operation of the API and the status of its successful response."""

    method: str
    path: str
    operation_id: str
    status: int

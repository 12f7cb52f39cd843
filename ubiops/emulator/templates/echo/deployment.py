"""Gives back what it is given, one request at a time or many at once."""

from __future__ import annotations

from typing import Any


class Deployment:
    """The deployment, of which the platform makes one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        self.base_directory = base_directory

    def request(self, data: Any) -> Any:
        """Takes a plain request, gives it back."""
        return data

    def requests(self, data: list[Any]) -> list[Any]:
        """Takes several plain requests, gives all of them back."""
        return data

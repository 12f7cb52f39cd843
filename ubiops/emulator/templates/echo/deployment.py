"""Returns what it receives, one request at a time or many at once."""

from __future__ import annotations

from typing import Any


class Deployment:
    """The deployment. The platform creates one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        self.base_directory = base_directory

    def request(self, data: Any) -> Any:
        """Receives one plain request and returns it."""
        return data

    def requests(self, data: list[Any]) -> list[Any]:
        """Receives several plain requests and returns all of them."""
        return data

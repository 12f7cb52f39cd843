"""Multiplies a number by two."""

from __future__ import annotations

from typing import Any


class Deployment:
    """The deployment. The platform creates one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        self.factor = 2

    def request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Receives a request with the field 'number' and returns the field 'result'."""
        return {"result": data["number"] * self.factor}

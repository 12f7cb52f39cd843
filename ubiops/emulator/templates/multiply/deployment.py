"""Multiplies a number by two."""

from __future__ import annotations

from typing import Any


class Deployment:
    """The deployment, of which the platform makes one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        self.factor = 2

    def request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Takes a request with the field 'number', gives one with the field 'result'."""
        return {"result": data["number"] * self.factor}

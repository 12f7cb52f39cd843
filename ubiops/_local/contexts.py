"""The contexts that the code of a package gets, with made-up values."""

from __future__ import annotations

import os
import sys
from typing import Any


def init_context(given: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the context of ``__init__``: made-up values, and those that are given."""
    fields = [f"input_field_{number}" for number in (1, 2, 3)]
    return {
        "project": "run-local",
        "project_id": "run-local",
        "deployment": "run-local",
        "deployment_id": "123",
        "version": "v1",
        "version_id": "456",
        "input_type": "structured",
        "output_type": "structured",
        "input_fields": fields,
        "output_fields": [name.replace("input", "output") for name in fields],
        "language": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "environment_variables": {"ENV_VAR": "abc123"},
        "process_id": 0,
        **(given or {}),
    }


def request_context(given: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the context of a request: made-up values, and those that are given."""
    return {
        "id": "00000000-0000-4000-8000-000000000789",
        "request_mode": "express",
        "user_id": "00000000-0000-4000-8000-000000000001",
        "streaming_update": show_update,
        **(given or {}),
    }


def show_update(update: str) -> None:
    """Prints a partial result, which the platform would send to the caller."""
    print(update, flush=True)  # noqa: T201 - it is what the caller of the package would see


def variables_of(given: dict[str, Any] | None) -> dict[str, str]:
    """Returns the environment variables that the caller gives in a context."""
    variables = (given or {}).get("environment_variables")
    return {name: str(value) for name, value in variables.items()} if isinstance(variables, dict) else {}


class Surroundings:
    """Sets environment variables for a while.

    Args:
        variables: The variables by name.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._variables}
        os.environ.update(self._variables)

    def __exit__(self, *error: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

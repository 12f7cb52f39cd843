"""Requests as responses show them. Fields of both generations of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import data
from ubiops.emulator.areas.deployment_requests.kinds import COMPLETED, ENDED, FAILED
from ubiops.emulator.core.clock import in_microseconds

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.deployment_requests.active import Ended
    from ubiops.emulator.core.backend import Backend

CANCELLED_MESSAGE = "The request was cancelled"


def serialize_ended(ended: Ended) -> dict[str, Any]:
    """Returns a direct request that has ended.

    There are only two statuses: one that was cancelled has failed.
    """
    outcome = ended.outcome
    completed = outcome.status == COMPLETED
    return {
        "id": ended.id,
        "deployment": ended.deployment,
        "version": ended.version,
        "status": COMPLETED if completed else FAILED,
        "success": completed,
        "result": outcome.result if completed else None,
        "error_message": None if completed else outcome.error_message or CANCELLED_MESSAGE,
        "timeout": ended.timeout,
    }


def serialize_row(row: sqlite3.Row) -> dict[str, Any]:
    """Returns a stored request without what is not shown in lists.

    The row has the names of deployment and version besides its own columns.
    """
    return {
        "id": row["id"],
        "deployment": row["deployment_name"],
        "version": row["version_name"],
        "status": row["status"],
        "success": row["status"] == COMPLETED if row["status"] in ENDED else None,
        "time_created": in_microseconds(row["created"]),
        "time_started": None if row["started"] is None else in_microseconds(row["started"]),
        "time_completed": None if row["completed"] is None else in_microseconds(row["completed"]),
        "input_size": row["input_size"],
        "output_size": row["output_size"],
    }


def serialize_detail(row: sqlite3.Row) -> dict[str, Any]:
    """Returns a stored request without its input and output."""
    return {
        **serialize_row(row),
        "error_message": row["error_message"],
        "timeout": row["timeout"],
        # Set for requests that come through a service, which the emulator doesn't have.
        "additional_data": None,
        "origin": {"created_by": row["user"]},
    }


def serialize_data(backend: Backend, found: data.Data | None) -> Any:
    """Returns an input or output, or None if it is not stored."""
    return None if found is None else data.read(backend, found)

"""Requests as responses show them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.inputs import decode
from ubiops.emulator.areas.deployment_requests.kinds import COMPLETED, ENDED, FAILED
from ubiops.emulator.core.clock import in_microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from ubiops.emulator.areas.pipeline_requests.active import Ended

LISTS = {"deployment": "deployment_requests", "operator": "operator_requests", "pipeline": "pipeline_requests"}


def serialize_ended(ended: Ended) -> dict[str, Any]:
    """Returns a direct request that has ended.

    There are only two statuses: one that was cancelled has failed.
    """
    request, outcome = ended.request, ended.outcome
    completed = outcome.status == COMPLETED
    return {
        "id": request.id,
        "pipeline": request.destination.pipeline,
        "version": request.destination.version,
        **serialize_parts(asdict(part) for part in request.parts),
        "result": outcome.result if completed else None,
        "status": COMPLETED if completed else FAILED,
        "success": completed,
        "error_message": outcome.error_message,
        **_timeouts(request.timeout),
    }


def serialize_row(row: sqlite3.Row) -> dict[str, Any]:
    """Returns a stored request without what is not shown in lists."""
    return {
        "id": row["id"],
        "pipeline": row["pipeline_name"],
        "version": row["version_name"],
        **_state(row),
    }


def serialize_detail(db: sqlite3.Connection, row: sqlite3.Row, with_data: bool = True) -> dict[str, Any]:
    """Returns a stored request with its parts and, if wanted, its data."""
    parts = db.execute("SELECT * FROM pipeline_object_requests WHERE request = ? ORDER BY pk", (row["pk"],)).fetchall()
    detail = {
        **serialize_row(row),
        "error_message": row["error_message"],
        **_timeouts(row["timeout"]),
        **serialize_parts({key: part[key] for key in part.keys()} for part in parts),  # noqa: SIM118 - a row
        "origin": {"created_by": row["user"]},
    }
    if with_data:
        detail["request_data"] = read_data(db, row, None, "input")
        detail["result"] = read_data(db, row, None, "output")
    return detail


def serialize_parts(parts: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Returns the requests to objects as three lists, sorted by their creation."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS.values()}
    for part in sorted(parts, key=lambda part: int(part["sequence"])):
        names = {part["kind"]: part["reference"]}
        if part["kind"] != "operator":
            names["version"] = part["version"]
        lists[LISTS[part["kind"]]].append(
            {
                "id": part["id"],
                "pipeline_object": part["object_name"],
                **names,
                **_state(part),
                "error_message": part["error_message"],
                "sequence_id": part["sequence"],
            }
        )
    return lists


def serialize_operator_request(db: sqlite3.Connection, row: sqlite3.Row, with_data: bool) -> dict[str, Any]:
    """Returns a request to an operator. The row has the columns of its request, too."""
    found = {
        "id": row["id"],
        "pipeline_request_id": row["request_id"],
        "pipeline": row["pipeline_name"],
        "version": row["version_name"],
        "pipeline_object": row["object_name"],
        "operator": row["reference"],
        **_state(row),
        "error_message": row["error_message"],
    }
    if row["status"] != COMPLETED:
        found["status"] = FAILED
    if with_data:
        found["request_data"] = read_operator_data(db, row, "input")
        found["result"] = read_operator_data(db, row, "output")
    return found


def read_operator_data(db: sqlite3.Connection, row: sqlite3.Row, side: str) -> Any:
    """Returns the input or output of a request to an operator, or None."""
    found = find_content(db, row["request"], row["pk"], side) if row["retention"] == "full" else None
    return None if found is None else decode(found[1], found[0])


def read_data(db: sqlite3.Connection, row: sqlite3.Row, part: int | None, side: str) -> Any:
    """Returns the input or output of a request, or None if it is not stored."""
    found = find_content(db, row["pk"], part, side) if row["retention"] == "full" else None
    return None if found is None else decode(found[1], found[0])


def find_content(db: sqlite3.Connection, request: int, part: int | None, side: str) -> tuple[bool, bytes] | None:
    """Returns whether an input or output is text, and its content, if it is stored."""
    row = db.execute(
        "SELECT is_text, content FROM pipeline_request_data WHERE request = ? AND object IS ? AND side = ?",
        (request, part, side),
    ).fetchone()
    return (bool(row["is_text"]), row["content"]) if row else None


def _state(found: Mapping[str, Any] | sqlite3.Row) -> dict[str, Any]:
    times = {
        f"time_{name}": None if found[name] is None else in_microseconds(found[name])
        for name in ("created", "started", "completed")
    }
    return {
        "status": found["status"],
        "success": found["status"] == COMPLETED if found["status"] in ENDED else None,
        **times,
        "input_size": found["input_size"],
        "output_size": found["output_size"],
    }


def _timeouts(timeout: int) -> dict[str, int]:
    """Returns both timeouts: each deployment may use the time that is left."""
    return {"pipeline_timeout": timeout, "deployment_timeout": timeout}

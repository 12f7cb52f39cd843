"""Lists requests: of a version, and the ended ones of a project."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED_PENDING, PENDING, PROCESSING
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_LISTED
from ubiops.emulator.areas.deployment_requests.lookup import WITH_NAMES, scope_of_list
from ubiops.emulator.areas.deployment_requests.retention import VISIBLE
from ubiops.emulator.areas.deployment_requests.serialization import serialize_row
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ubiops.emulator.core.context import RequestContext

_OPEN = (PENDING, PROCESSING)
_FILTERS = ("start_date", "end_date", "search_id")
# The largest number that SQLite stores.
_MAXIMUM = 2**63 - 1

OVERVIEW = {
    "deployment": (
        "SELECT deployment_requests.id, deployments.name AS deployment, NULL AS pipeline, versions.name AS version,"
        " deployment_requests.status, deployment_requests.created, started, completed, input_size, output_size"
        " FROM deployment_requests JOIN deployments ON deployments.pk = deployment_requests.deployment"
        " JOIN versions ON versions.pk = deployment_requests.version"
        " WHERE deployment_requests.project = :project AND retention != 'none' AND expires > :now"
    )
}
"""For each object_type of `project_requests_list`, a query for the requests of a
project. It has these columns and the parameters ``:project`` and ``:now``. Requests
that have not ended may be among them. The area of pipelines adds its own."""


@handler("deployment_requests_list", "deployment_version_requests_list", slow=True)
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists requests, newest first, and by default only completed ones."""
    statuses = read_statuses(context.query)
    condition, values = read_filters(context.query, "deployment_requests.id", "deployment_requests.created")
    context.backend.service(RequestService).flush()
    with context.reading() as db:
        scope = scope_of_list(db, context)
        rows = db.execute(
            f"{WITH_NAMES} WHERE {scope.condition} AND {VISIBLE}"
            f" AND deployment_requests.status IN ({', '.join('?' * len(statuses))}){condition}"
            " ORDER BY deployment_requests.pk DESC LIMIT ? OFFSET ?",
            (scope.value, context.now, *statuses, *values, *page(context.query)),
        ).fetchall()
    return [serialize_row(row) for row in rows]


def read_statuses(query: Mapping[str, Any]) -> Sequence[str]:
    """Returns the statuses of a filter.

    Those of requests that have not ended must be given alone.
    """
    statuses: list[str] = query["status"]
    for status in _OPEN:
        if status in statuses:
            if len(set(statuses)) > 1:
                raise bad_request(f"Status {status} cannot be combined with other statuses")
            given = [name for name in _FILTERS if query.get(name) is not None]
            if given:
                raise bad_request(f"Status {status} cannot be combined with {given[0]}")
    # A guess: one that is about to be stopped is still being processed.
    return (PROCESSING, CANCELLED_PENDING) if PROCESSING in statuses else statuses


def read_filters(query: Mapping[str, Any], id_column: str, created_column: str) -> tuple[str, list[Any]]:
    """Returns the SQL for dates and search_id: conditions, each after an AND."""
    condition, values = "", []
    for name, operator in (("start_date", ">="), ("end_date", "<=")):
        if query.get(name) is not None:
            condition += f" AND {created_column} {operator} ?"
            values.append(read_date(name, query[name]))
    if query.get("search_id"):
        condition += f" AND instr({id_column}, ?)"
        values.append(query["search_id"].lower())
    return condition, values


def read_date(name: str, text: str) -> float:
    """Returns a date of a query in seconds since 1970. Without an offset it is UTC."""
    # Only here: it would make the emulator start later.
    from dateutil.parser import isoparse

    try:
        # A plus sign that wasn't encoded arrives as a blank.
        found = isoparse(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return round((found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp(), 6)
    except (ValueError, OverflowError) as error:
        raise bad_request(f"{name} must be a date such as 2024-03-05T10:00:00Z, not {text[:100]!r}") from error


def page(query: Mapping[str, Any]) -> tuple[int, int]:
    """Returns limit and offset. A larger limit than the maximum is the maximum."""
    return min(query["limit"], MAXIMUM_LISTED), min(query["offset"], _MAXIMUM)


@handler("project_requests_list", slow=True)
def list_of_project(context: RequestContext) -> list[dict[str, Any]]:
    """Lists ended requests of a project, to deployments, pipelines or both."""
    wanted = context.query.get("object_type")
    sources = [source for name, source in OVERVIEW.items() if wanted in (None, name)]
    condition, values = read_filters(context.query, "id", "created")
    names = {f"value_{number}": value for number, value in enumerate(values)}
    for name in names:
        condition = condition.replace("?", f":{name}", 1)
    limit, offset = page(context.query)
    context.backend.service(RequestService).flush()
    if not sources:
        return []
    with context.reading() as db:
        rows = db.execute(
            f"SELECT * FROM ({' UNION ALL '.join(sources)})"  # noqa: S608  # nosec B608
            f" WHERE status = :status{condition} ORDER BY created DESC, id LIMIT :limit OFFSET :offset",
            {
                "project": context.project,
                "now": context.now,
                "status": context.query["status"],
                "limit": limit,
                "offset": offset,
                **names,
            },
        ).fetchall()
    return [_overview(row) for row in rows]


def _overview(row: Any) -> dict[str, Any]:
    times = {
        f"time_{name}": None if row[name] is None else in_microseconds(row[name])
        for name in ("created", "started", "completed")
    }
    return {**dict(row), **times}

"""Log entries of a project: the search in LogQL and the older one by labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.core import logql
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.dates import NANOSECONDS, read_timestamp
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.log_search import FoundEntry, Interval, search
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

_DEFAULT_SECONDS = 24 * 3600
_DEFAULT_RANGE = -21600
_DEFAULT_LIMIT = 1000
# Labels that are used in queries, but not shown as metadata, are left out by the
# description of the response.
_NUMBERS = frozenset({"process_id"})
_OLD_REQUESTS = ("deployment_request_id", "pipeline_request_id")


@handler("logs_list", slow=True)
def list_logs(context: RequestContext) -> list[dict[str, Any]]:
    """Searches by a query in LogQL."""
    query = logql.parse(context.query.get("query") or "")
    interval = _interval(context)
    found = search(context.backend.storage, context.project, query, _kept(context, interval), context.query["limit"])
    return [
        {
            "timestamp": entry.timestamp,
            "timestamp_str": str(entry.timestamp),
            "log": entry.log,
            "metadata": _metadata(entry),
        }
        for entry in found
    ]


@handler("projects_log_list", slow=True)
def list_logs_by_labels(context: RequestContext) -> list[dict[str, Any]]:
    """Searches by labels, from a moment or an entry on."""
    body = context.body or {}
    limit = body.get("limit", _DEFAULT_LIMIT)
    if limit < 0:
        raise bad_request(f"limit must be 0 or more, not {limit}")
    filters = body.get("filters", {})
    conditions = tuple(logql.LabelFilter(name, _text(value), _text(value).__eq__) for name, value in filters.items())
    query = logql.Query(logql.All(conditions), ())
    interval = _old_interval(context, body)
    found = search(context.backend.storage, context.project, query, _kept(context, interval), limit)
    return [
        {
            "id": f"{entry.pk:024x}",
            "log": entry.log,
            "date": in_microseconds(entry.timestamp / NANOSECONDS),
            **dict.fromkeys(_OLD_REQUESTS),
            **_metadata(entry),
        }
        for entry in found
    ]


def _interval(context: RequestContext) -> Interval:
    """Returns the time span of a query: its start belongs to it, its end doesn't.

    Without both dates it is the last 24 hours. That a start alone means "from there
    until now", and an end alone "the 24 hours before", is a guess.
    """
    now = int(context.now * NANOSECONDS) + 1
    given = {name: context.query.get(name) for name in ("start", "end")}
    end = now if not given["end"] else read_timestamp("end", given["end"])
    start = end - _DEFAULT_SECONDS * NANOSECONDS if not given["start"] else read_timestamp("start", given["start"])
    if not given["end"]:
        # Entries that were written at once have times up to some nanoseconds ahead.
        end = max(end, _latest(context) + 1)
    return Interval(end + 1, start, True) if start > end else Interval(start, end - 1, False)


def _old_interval(context: RequestContext, body: dict[str, Any]) -> Interval:
    """Returns the time span that a date or an entry and a number of seconds describe.

    That the entry itself doesn't belong to it is a guess.
    """
    span = body.get("date_range", _DEFAULT_RANGE)
    backward = span < 0
    if "date" in body and "id" in body:
        raise bad_request("date and id can't be combined")
    if "id" in body:
        start = _timestamp_of(context, body["id"]) + (-1 if backward else 1)
    elif "date" in body:
        start = read_timestamp("date", body["date"])
    else:
        start = max(int(context.now * NANOSECONDS), _latest(context))
    end = start + span * NANOSECONDS
    return Interval(end, start, True) if backward else Interval(start, end, False)


def _timestamp_of(context: RequestContext, identifier: str) -> int:
    try:
        key = int(identifier, 16)
    except ValueError:
        raise bad_request("id must be 24 hexadecimal digits") from None
    with context.reading() as db:
        found = find_row(db, "log_entries", {"pk": key, "project": context.project}) if key < 2**63 else None
    if found is None:
        raise not_found("Log entry")
    timestamp: int = found["timestamp"]
    return timestamp


def _latest(context: RequestContext) -> int:
    with context.reading() as db:
        found = db.execute(
            "SELECT ifnull(max(timestamp), 0) FROM log_entries WHERE project = ?", (context.project,)
        ).fetchone()
    return int(found[0])


def _kept(context: RequestContext, interval: Interval) -> Interval:
    """Leaves out what is too old, and what an earlier project of this name wrote."""
    with context.reading() as db:
        project = find_row(db, "projects", {"name": context.project})
    oldest = max(context.backend.logs.oldest(), int(project["created"] * NANOSECONDS) if project else 0)
    return interval._replace(first=max(interval.first, oldest))


def _metadata(entry: FoundEntry) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: int(value) if name in _NUMBERS and value.isdecimal() else value for name, value in entry.labels.items()
    }
    return {**found, "system": entry.labels["system"] == "true"}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)

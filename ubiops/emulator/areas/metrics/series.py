"""Time series: the values of metrics, one for each minute and set of labels."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.metrics.builtin import METRICS
from ubiops.emulator.areas.metrics.metrics import OWN_METRICS, own_metric
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.dates import read_date
from ubiops.emulator.core.errors import ApiError, bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.validators import read_label_filter

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

KIND = "Time series"
MINUTE = 60
_PERIODS = (60, 300, 900, 3600, 7200, 21600, 86400)
# The shortest period is chosen that leads to so many steps at most: a guess.
_STEPS = 1500
_MAXIMUM_STEPS = 100_000
_MAXIMUM_AGE = 120
_LATEST = 253_370_764_800
_BATCH = 500


@handler("time_series_data_aggregate", slow=True)
def add_values(context: RequestContext) -> dict[str, Any]:
    """Adds fresh values to those of the same minute."""
    _write(context, fresh=True)
    return {}


@handler("time_series_data_create", slow=True)
def set_values(context: RequestContext) -> dict[str, Any]:
    """Replaces the values of single minutes."""
    _write(context, fresh=False)
    return {}


def _write(context: RequestContext, *, fresh: bool) -> None:
    body = context.body
    with context.transaction() as db:
        for one in body if isinstance(body, list) else [body]:
            metric = own_metric(db, context, one["metric"])
            series = _series(db, metric, _labels(metric, one.get("labels", {})))
            for point in one["data"]:
                value, minute = _value(point), _minute(context, point["date"], fresh=fresh)
                replaced = (
                    "total = total + excluded.total, number = number + 1"
                    if fresh
                    else ("total = excluded.total, number = 1")
                )
                db.execute(
                    "INSERT INTO time_series_values (series, minute, total, number) VALUES (?, ?, ?, 1)"  # noqa: S608  # nosec B608
                    f" ON CONFLICT (series, minute) DO UPDATE SET {replaced}",
                    (series, minute, value),
                )


def _value(point: dict[str, Any]) -> float:
    try:
        return float(point["value"])
    except OverflowError as error:
        raise bad_request("value is too large") from error


def _minute(context: RequestContext, date: str, *, fresh: bool) -> int:
    seconds = read_date("date", date)
    if fresh and seconds < context.now - _MAXIMUM_AGE:
        raise bad_request(f"date {date} is more than 2 minutes ago; use time_series_data_create for past values")
    return math.floor(seconds / MINUTE)


def _labels(metric: sqlite3.Row, labels: dict[str, str]) -> str:
    known = OWN_METRICS.from_row(metric).get("labels", [])
    unknown = sorted(set(labels) - set(known))
    if unknown:
        raise bad_request(f"metric {metric['name']} has no label {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    return json.dumps(labels, sort_keys=True)


def _series(db: sqlite3.Connection, metric: sqlite3.Row, labels: str) -> int:
    key = (metric["pk"], labels)
    db.execute("INSERT OR IGNORE INTO time_series (metric, labels) VALUES (?, ?)", key)
    found = db.execute("SELECT pk FROM time_series WHERE metric = ? AND labels = ?", key).fetchone()
    return int(found["pk"])


@handler("time_series_data_list", slow=True)
def list_values(context: RequestContext) -> dict[str, Any]:
    """Returns the values of a metric, combined into steps."""
    query = context.query
    missing = [name for name in ("metric", "start_date", "end_date") if not query.get(name)]
    if missing:
        raise bad_request("; ".join(f"{name} is required" for name in missing))
    if query["metric"] in METRICS:
        raise ApiError(
            501, f"The emulator does not measure {query['metric']}: only the values of metrics of your own are kept"
        )
    wanted = dict(read_label_filter(query.get("labels")) or ())
    start, end, period = _steps(context)
    with context.reading() as db:
        metric = own_metric(db, context, query["metric"])
        series = [row["pk"] for row in _with_labels(db, metric, wanted)]
        totals = _totals(db, series, start, end, period)
    settings = OWN_METRICS.from_row(metric)
    unit_period = query.get("unit_period", 1)
    points = []
    for step in range(start, end, period):
        total, number = totals.get(step, (0.0, 0))
        if settings["metric_type"] == "delta":
            value = total / period * unit_period
        elif number:
            value = total / number
        else:
            continue
        points.append({"start_date": _date(step), "end_date": _date(step + period), "value": value})
    return {
        "metric": metric["name"],
        "metric_type": settings["metric_type"],
        "unit": settings.get("unit"),
        "start_date": _date(start),
        "end_date": _date(end),
        "aggregation_period": period,
        "labels": wanted,
        "data_points": points,
    }


def _steps(context: RequestContext) -> tuple[int, int, int]:
    """Returns start and end, rounded outward, and the length of a step, in seconds."""
    first, last = (read_date(name, context.query[name]) for name in ("start_date", "end_date"))
    if first > last:
        raise bad_request("start_date must not be after end_date")
    if first < 0 or last > _LATEST:
        raise bad_request("start_date and end_date must lie between the years 1970 and 9998")
    span = last - first
    period = context.query.get("aggregation_period") or next(
        (one for one in _PERIODS if span / one <= _STEPS), _PERIODS[-1]
    )
    if span / period > _MAXIMUM_STEPS:
        raise bad_request(f"there would be more than {_MAXIMUM_STEPS} steps; choose a longer aggregation_period")
    return math.floor(first / period) * period, math.ceil(last / period) * period, period


def _totals(
    db: sqlite3.Connection, series: list[int], start: int, end: int, period: int
) -> dict[int, tuple[float, int]]:
    """Returns total and number of the values of each step that has some."""
    found: dict[int, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    minutes = period // MINUTE
    for first in range(0, len(series), _BATCH):
        part = series[first : first + _BATCH]
        rows = db.execute(
            "SELECT minute / ? * ? AS step, sum(total) AS total, sum(number) AS number FROM time_series_values"  # noqa: S608  # nosec B608
            f" WHERE series IN ({', '.join('?' * len(part))}) AND minute >= ? AND minute < ? GROUP BY 1",
            (minutes, period, *part, start // MINUTE, end // MINUTE),
        )
        for row in rows:
            total, number = found[row["step"]]
            found[row["step"]] = (total + row["total"], number + row["number"])
    return found


@handler("time_series_search")
def search(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the time series that have values."""
    query = context.query
    wanted = dict(read_label_filter(query.get("labels")) or ())
    with context.reading() as db:
        metrics = OWN_METRICS.rows(db, OWN_METRICS.owner(db, context)) if query.get("custom") is not False else []
        found = [
            {"id": row["pk"], "metric": metric["name"], "labels": json.loads(row["labels"]), "resolution": MINUTE}
            for metric in metrics
            if query.get("metric") in (None, "", metric["name"])
            for row in _with_labels(db, metric, wanted)
        ]
    if query["exact_match"]:
        found = [one for one in found if one["labels"] == wanted]
    return found[query["offset"] : query["offset"] + query["limit"]]


@handler("time_series_delete", slow=True)
def delete(context: RequestContext) -> None:
    """Deletes a time series with all its values."""
    number = context.path["time_series_id"]
    with context.transaction() as db:
        done = db.execute(
            "DELETE FROM time_series WHERE CAST(pk AS TEXT) = ?"
            " AND metric IN (SELECT pk FROM metrics WHERE project = ?)",
            (number, context.project),
        )
        if not done.rowcount:
            raise not_found(KIND)


def _with_labels(db: sqlite3.Connection, metric: sqlite3.Row, wanted: dict[str, str]) -> list[sqlite3.Row]:
    rows = db.execute("SELECT * FROM time_series WHERE metric = ? ORDER BY pk", (metric["pk"],)).fetchall()
    return [row for row in rows if wanted.items() <= json.loads(row["labels"]).items()] if wanted else rows


def _date(seconds: int) -> str:
    return in_microseconds(float(seconds))

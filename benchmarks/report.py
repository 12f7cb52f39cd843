"""The results of a run as text, as JSON, and as Markdown for the documentation."""

from __future__ import annotations

import os
import platform
import re
from typing import TYPE_CHECKING, Any

from benchmarks.environments import FAST, OFFICIAL, prepare, version_of
from benchmarks.measure import as_json
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from benchmarks.measure import Figure, Figures

# The work in the order of the report: key, title, unit, and factor to that unit.
ROWS = (
    ("get_http", "small GET", "ms", 1e3),
    ("get_tls", "small GET, TLS", "ms", 1e3),
    ("create_model", "create, from a model", "ms", 1e3),
    ("create_dict", "create, from a dict", "ms", 1e3),
    ("request", "direct request", "ms", 1e3),
    ("batch", "batch of 250 requests", "ms", 1e3),
    ("stream", "stream of 1,000 events", "ms", 1e3),
    ("requests", "list of 1,000 requests", "ms", 1e3),
    ("requests_read", "the same, five fields read of each", "ms", 1e3),
    ("versions", "list of 1,000 versions", "ms", 1e3),
    ("versions_read", "the same, five fields read of each", "ms", 1e3),
    ("deployments", "list of 1,000 deployments", "ms", 1e3),
    ("deployments_read", "the same, five fields read of each", "ms", 1e3),
    ("threads_16", "16 threads", "requests/s", 1),
    ("connections_16", "16 threads, connections opened", "", 1),
    ("threads_64", "64 threads", "requests/s", 1),
    ("connections_64", "64 threads, connections opened", "", 1),
    ("upload", "upload of 1 GB", "MB/s", 1),
    ("upload_memory", "the same, growth of peak memory", "MB", 1),
    ("download", "download of 1 GB to disk", "MB/s", 1),
    ("download_memory", "the same, growth of peak memory", "MB", 1),
    ("import", "import, over bare Python", "ms", 1e3),
    ("import_inside", "the import statement alone", "ms", 1e3),
    ("import_modules", "modules imported", "", 1),
    ("import_memory", "memory of the import", "MB", 1),
    ("core_api", "import CoreApi, over bare Python", "ms", 1e3),
    ("core_whole", "the same with the whole API", "ms", 1e3),
    ("first_call", "first client and first call", "ms", 1e3),
    ("first_answer", "the same with the import", "ms", 1e3),
    ("first_call_modules", "modules imported by them", "", 1),
    ("first_call_memory", "peak memory after them", "MB", 1),
    ("model_parse", "json.loads of an object of 31 fields", "µs", 1e6),
    ("model_build", "build its model, beyond json.loads", "µs", 1e6),
    ("model_dump", "dump the model", "µs", 1e6),
    ("model_bytes", "memory of the model with its values", "bytes", 1),
    ("model_own_bytes", "the same, beyond its values", "bytes", 1),
    ("items_10", "list of 10, per item", "µs", 1e6),
    ("items_100", "list of 100, per item", "µs", 1e6),
    ("items_1000", "list of 1,000, per item", "µs", 1e6),
    ("items_10000", "list of 10,000, per item", "µs", 1e6),
    ("items_100000", "list of 100,000, per item", "µs", 1e6),
)

ASYNC_ROWS = (
    ("async_get", "small GET, awaited one by one", "ms", 1e3),
    ("async_rate", "1,000 concurrent GETs on one event loop", "requests/s", 1),
)
EMULATOR_ROWS = (
    ("emulator_first", "from the command to the first response", "ms", 1e3),
    ("emulator_uploaded", "from an upload to the response of its code", "ms", 1e3),
    ("emulator_warm", "direct request to running code that does nothing", "ms", 1e3),
    ("emulator_queue", "batch requests per second, a queue of 10,000", "requests/s", 1),
    ("emulator_queue_sent", "the same, until all are acknowledged", "requests/s", 1),
    ("emulator_clients", "direct requests of 64 clients at once", "requests/s", 1),
    ("emulator_slowest", "the slowest of them", "ms", 1e3),
    ("emulator_up", "upload of 1 GB through a signed URL", "MB/s", 1),
    ("emulator_down", "download of 1 GB through a signed URL", "MB/s", 1),
    ("emulator_growth", "growth of the emulator's peak memory meanwhile", "MB", 1),
)
COLUMNS = {"this": "this client", "fast": "with `fast`", "official": "official client", "floor": "floor"}
ASYNC_COLUMNS = {"async": "this client", "httpx": "httpx", "aiohttp": "aiohttp"}
EMULATOR_COLUMNS = {"emulator": "emulator"}


def machine(figures: Figures) -> dict[str, Any]:
    """Describes the machine in general terms, and the versions of what was measured."""
    python = prepare("this")
    measured = {contestant for by in figures.values() for contestant in by}
    others = {
        package: version_of(package, prepare(environment))
        for package, environment, contestant in (
            *((re.split(r"[^\w-]", required)[0], "fast", "fast") for required in FAST),
            ("httpx", "async", "httpx"),
            ("aiohttp", "async", "aiohttp"),
        )
        if contestant in measured
    }
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "urllib3": version_of("urllib3", python),
        "urllib3 of the official client": version_of("urllib3", prepare("official")),
        "official client": OFFICIAL,
        **others,
    }


def whole(figures: Figures) -> dict[str, Any]:
    """Returns the report as JSON values."""
    targets = [
        {
            "work": target.work,
            "against": target.against,
            "target": target.wanted(),
            "value": float(f"{target.value(figures):.4g}"),
            "met": target.met(figures),
        }
        for target in TARGETS
        if target.measured(figures)
    ]
    return {"machine": machine(figures), "figures": as_json(figures), "targets": targets}


def number(value: float) -> str:
    """Returns a number with the digits that are significant."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 else "0"


def _cell(figure: Figure | None, factor: float) -> str:
    if figure is None:
        return ""
    spread = f" ({number(figure.low * factor)} to {number(figure.high * factor)})" if figure.low != figure.high else ""
    return number(figure.median * factor) + spread


def tables(figures: Figures) -> dict[str, list[list[str]]]:
    """Returns the rows of each table by its name, headings first."""
    goals = [["work", "against", "target", "reached", ""]]
    goals += [
        [
            target.work,
            target.against,
            target.wanted(),
            number(target.value(figures)),
            "met" if target.met(figures) else "missed",
        ]
        for target in TARGETS
        if target.measured(figures)
    ]
    return {
        "figures": _table(figures, ROWS, COLUMNS),
        "async": _table(figures, ASYNC_ROWS, ASYNC_COLUMNS),
        "emulator": _table(figures, EMULATOR_ROWS, EMULATOR_COLUMNS),
        "targets": goals,
    }


def _table(figures: Figures, rows: tuple[tuple[str, str, str, float], ...], columns: dict[str, str]) -> list[list[str]]:
    table = [["work", "unit", *columns.values()]]
    for key, title, unit, factor in rows:
        if key in figures:
            by = figures[key]
            table.append([title, unit, *(_cell(by.get(name), factor) for name in columns)])
    return table


def as_text(rows: list[list[str]]) -> str:
    """Returns a table for the terminal."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join((lines[0], "  ".join("-" * width for width in widths), *lines[1:]))


def as_markdown(rows: list[list[str]]) -> str:
    """Returns a table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((lines[0], "|" + "---|" * len(rows[0]), *lines[1:]))

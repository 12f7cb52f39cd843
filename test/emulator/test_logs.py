"""Log entries: searches in LogQL, the older search by labels, and retention."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.core import logql
from ubiops.emulator.core.clock import Clock
from ubiops.emulator.core.dates import read_timestamp
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.log_search import Interval, search
from ubiops.emulator.core.logs import MAXIMUM_AGE, MAXIMUM_LENGTH, LogEntry, Logs
from ubiops.emulator.core.storage import Storage

REQUEST = "3f2b1c5e-8d47-4a90-b6e3-0c9d2a7f4e18"
OTHER = "7a60e4d8-c1f3-4b95-82e7-0d5b9c3f16a2"
DAY = 86_400
EVER = Interval(0, 2**63 - 1, False)


class LogApi:
    """Writes log entries of a project and searches them."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.path = f"{api.project}/logs"
        self.logs = api.emulator._backend.logs
        self.name = api.project.rpartition("/")[2]

    @property
    def now(self) -> int:
        return int(self.api.emulator.clock.now() * 1e9)

    def write(self, *lines: str, **labels: Any) -> None:
        self.logs.write(self.name, *lines, **labels)

    def find(self, query: str = "", **options: Any) -> list[str]:
        return [entry["log"] for entry in self.entries(query, **options)]

    def entries(self, query: str = "", **options: Any) -> Any:
        return self.api.ok("GET", f"{self.path}?{urlencode({'query': query, **options})}")

    def fails(self, **options: Any) -> Any:
        return self.api.fails(400, "GET", f"{self.path}?{urlencode(options)}")

    def old(self, **body: Any) -> list[str]:
        return [entry["log"] for entry in self.api.ok("POST", self.path, body)]


@pytest.fixture
def logs(api: Any) -> LogApi:
    return LogApi(api)


def test_an_entry_has_the_labels_that_are_set(logs: LogApi) -> None:
    logs.write(
        "KeyError",
        level="error",
        deployment_id=OTHER,
        deployment_name="d",
        deployment_version="v1",
        deployment_request_id=REQUEST,
        pipeline_name=None,
        process_id=0,
    )
    (entry,) = logs.entries()
    assert entry == {
        "timestamp": entry["timestamp"],
        "timestamp_str": str(entry["timestamp"]),
        "log": "KeyError",
        "metadata": {
            "deployment_name": "d",
            "deployment_version": "v1",
            "process_id": 0,
            "deployment_request_id": REQUEST,
            "system": False,
            "level": "error",
        },
    }
    assert entry["timestamp"] == pytest.approx(logs.now, abs=1_000_000)
    # This label is not shown, but can be asked for.
    assert logs.find(f"| deployment_id=`{OTHER}`") == ["KeyError"]
    assert logs.find(f"| deployment_id=`{REQUEST}`") == []


def test_entries_have_times_of_their_own_in_the_order_of_writing(logs: LogApi) -> None:
    logs.write("a", "b", "")
    logs.write("c", deployment_name="d")
    entries = logs.entries()
    assert [entry["log"] for entry in entries] == ["a", "b", "", "c"]
    times = [entry["timestamp"] for entry in entries]
    assert sorted(set(times)) == times


@pytest.fixture
def story(logs: LogApi) -> LogApi:
    """The logs of a version: its build, its start, two requests, and other objects."""
    version = {"deployment_name": "d", "deployment_version": "v"}
    logs.write("build", deployment_version_revision_id=OTHER, system=True, **version)
    logs.write("start", **version)
    logs.write("first", deployment_request_id=REQUEST, **version)
    logs.write("second", deployment_request_id=OTHER, level="error", **version)
    logs.write("other version", deployment_name="d", deployment_version="w")
    logs.write("other deployment", deployment_name="e", deployment_version="v")
    logs.write("environment", environment_name="e", environment_tag="t", system=True)
    logs.write("older environment", environment_name="e", environment_build_id=OTHER, system=True)
    logs.write("nothing")
    return logs


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "| deployment_name=`d` and deployment_version=`v` and deployment_request_id!~`.+`"
            f" or deployment_request_id=`{REQUEST}`",
            ["build", "start", "first"],
        ),
        (f"| deployment_name=`d` and deployment_version=`v` and deployment_version_revision_id=`{OTHER}`", ["build"]),
        ("| environment_name=`e` and environment_tag=`t`", ["environment"]),
        (f"| environment_name=`e` and environment_build_id=`{OTHER}`", ["older environment"]),
        ("| deployment_name=`d` and deployment_version=`v`", ["build", "start", "first", "second"]),
    ],
)
def test_the_queries_of_the_waiting_functions_find_what_they_ask_for(
    story: LogApi, query: str, expected: list[str]
) -> None:
    # With the blank in front that they send, over the time since an object was created.
    assert story.find(f" {query}", start=story.now - 10**9, end=story.now + 10**9, limit=1000) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("| level=`error`", ["second"]),
        ("| level!=`error` | deployment_name=`d` and deployment_version=`v`", ["build", "start", "first"]),
        ("| system=`true`", ["build", "environment", "older environment"]),
        ("| system=`false` | deployment_name=``", ["nothing"]),
        ('|= "other" | deployment_name=~`d|e`', ["other version", "other deployment"]),
        ('|~ "^other v"', ["other version"]),
        ("| (deployment_name=`e` or deployment_version=`w`) and deployment_name!=`d`", ["other deployment"]),
        (f"| deployment_request_id=`{REQUEST}` or pipeline_name=~`.+`", ["first"]),
        ("| deployment_name=`unknown`", []),
        ("| no_such_label=`x`", []),
    ],
)
def test_labels_and_lines_can_be_searched_for(story: LogApi, query: str, expected: list[str]) -> None:
    assert story.find(query) == expected


def test_labels_are_those_of_one_project(logs: LogApi, api: Any) -> None:
    api.emulator._backend.logs.write("another-project-with-logs", "x", deployment_name="d")
    logs.write("y", deployment_name="d")
    assert logs.find() == logs.find("| deployment_name=`d`") == ["y"]


def test_a_start_is_included_and_an_end_is_not(logs: LogApi) -> None:
    logs.write("a", "b", "c")
    first, _, last = (entry["timestamp"] for entry in logs.entries())
    assert logs.find(start=first, end=last) == ["a", "b"]
    assert logs.find(start=first, end=last + 1) == ["a", "b", "c"]
    assert logs.find(start=first + 1, end=last + 1) == ["b", "c"]
    assert logs.find(start=first, end=first) == []


def test_a_start_after_the_end_searches_backward(logs: LogApi) -> None:
    logs.write("a", "b", "c")
    first, _, last = (entry["timestamp"] for entry in logs.entries())
    assert logs.find(start=last, end=first) == ["c", "b"]
    assert logs.find(start=last, end=first - 1) == ["c", "b", "a"]
    assert logs.find(start=last - 1, end=first - 1, limit=1) == ["b"]


def test_a_reader_goes_on_after_the_last_entry(logs: LogApi) -> None:
    logs.write(*map(str, range(25)))
    end = logs.now + 10**9
    start, found = logs.now - 10**9, []
    while page := logs.entries(start=start, end=end, limit=10):
        found += [entry["log"] for entry in page]
        start = page[-1]["timestamp"] + 1
    assert found == list(map(str, range(25)))


def test_the_default_is_the_last_24_hours(logs: LogApi, api: Any) -> None:
    logs.write("a")
    api.emulator.clock.advance(DAY - 1)
    logs.write("b")
    assert logs.find() == ["a", "b"]
    api.emulator.clock.advance(2)
    assert logs.find() == ["b"]
    # One date alone: from there until now, or the day before.
    assert logs.find(start=logs.now - 2 * DAY * 10**9) == ["a", "b"]
    assert logs.find(end=logs.now - DAY * 10**9) == ["a"]


def test_limits(logs: LogApi) -> None:
    logs.write(*map(str, range(1200)))
    assert len(logs.find()) == 1000
    assert len(logs.find(limit=5000)) == 1200
    assert logs.find(limit=0) == []
    assert "limit must be 5000 or less" in logs.fails(limit=5001)
    assert "limit must be 0 or more" in logs.fails(limit=-1)


SECONDS = 1_709_733_600


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2024-03-06T14:00:00Z", SECONDS * 10**9),
        ("2024-03-06T14:00:00", SECONDS * 10**9),
        ("2024-03-06T15:00:00+01:00", SECONDS * 10**9),
        ("2024-03-06T15:00:00 01:00", SECONDS * 10**9),
        ("2024-03-06T14:00:00.318204611Z", SECONDS * 10**9 + 318_204_611),
        ("2024-03-06T14:00:00.5Z", SECONDS * 10**9 + 500_000_000),
        ("2024-03-06 14:00:00Z", SECONDS * 10**9),
        ("2024-03-06", (SECONDS - 14 * 3600) * 10**9),
        (str(SECONDS), SECONDS * 10**9),
        (f"{SECONDS}.25", SECONDS * 10**9 + 250_000_000),
        (str(SECONDS * 1000 + 7), SECONDS * 10**9 + 7_000_000),
        (str(SECONDS * 10**6 + 7), SECONDS * 10**9 + 7000),
        (str(SECONDS * 10**9 + 7), SECONDS * 10**9 + 7),
        ("0", 0),
        ("-1", -(10**9)),
        ("9" * 30, 2**63 - 1),
    ],
)
def test_dates_are_iso_8601_or_numbers_since_1970(text: str, nanoseconds: int) -> None:
    assert read_timestamp("start", text) == nanoseconds


@pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "12:00", "2024-03-06T25:00:00Z", "--1", "1e9", "NaN"])
def test_other_dates_are_rejected(logs: LogApi, text: str) -> None:
    assert "start must be a date in ISO 8601, or seconds or nanoseconds" in logs.fails(start=text)
    assert "date must be" in logs.api.fails(400, "POST", logs.path, {"date": text})


def test_an_invalid_query_is_rejected(logs: LogApi) -> None:
    assert "query has 'x' at position 0" in logs.fails(query="x")


def test_a_costly_expression_ends_with_an_error(logs: LogApi) -> None:
    logs.write("ab" * 20_000)
    # The text is periodic, but the expression still has a state for each position.
    text = "".join("ab"[(number * number >> 3) % 2] for number in range(60_000))
    logs.write(text, text[7:], text[13:])
    error = logs.fails(query="|~ `(a|b)*a(a|b){700}c`")
    assert "a regular expression in the query takes too long" in error


# The older form


def test_the_older_search_returns_flat_labels(logs: LogApi) -> None:
    logs.write("a", deployment_name="d", build_id=OTHER, deployment_request_id=REQUEST)
    (entry,) = logs.api.ok("POST", logs.path, {})
    assert len(entry["id"]) == 24
    assert {**entry, "id": "", "date": ""} == {
        "id": "",
        "log": "a",
        "date": "",
        "deployment_name": "d",
        "build_id": OTHER,
        "deployment_request_id": REQUEST,
        "pipeline_request_id": None,
        "system": False,
        "level": "info",
    }


def test_the_older_search_filters_by_labels(story: LogApi) -> None:
    assert story.old(filters={"deployment_name": "d", "deployment_version": "w"}) == ["other version"]
    assert story.old(filters={"system": True, "deployment_name": "d"}) == ["build"]
    assert story.old(filters={"deployment_name": "unknown"}) == []


def test_the_older_search_looks_back_six_hours_by_default(logs: LogApi) -> None:
    logs.write("a", "b")
    assert logs.old() == ["b", "a"]
    logs.api.emulator.clock.advance(6 * 3600 + 1)
    assert logs.old() == []
    assert logs.old(date_range=-DAY) == ["b", "a"]
    assert "date_range" in logs.api.fails(400, "POST", logs.path, {"date_range": -DAY - 1})


def test_the_older_search_starts_at_a_date_or_an_entry(logs: LogApi) -> None:
    logs.write("a", "b", "c")
    entries = logs.api.ok("POST", logs.path, {})
    assert [entry["log"] for entry in entries] == ["c", "b", "a"]
    assert logs.old(id=entries[1]["id"], date_range=60) == ["c"]
    assert logs.old(id=entries[1]["id"], date_range=-60) == ["a"]
    assert logs.old(date=str((logs.now - 10**9) // 10**9), date_range=60) == ["a", "b", "c"]
    assert logs.old(limit=2) == ["c", "b"]
    assert "can't be combined" in logs.api.fails(400, "POST", logs.path, {"id": "0" * 24, "date": "2024-01-01"})
    assert "hexadecimal" in logs.api.fails(400, "POST", logs.path, {"id": "x" * 24})
    assert logs.api.fails(404, "POST", logs.path, {"id": "f" * 24}) == "Log entry was not found"
    assert "limit must be 0 or more" in logs.api.fails(400, "POST", logs.path, {"limit": -1})


def test_the_older_search_needs_no_body(logs: LogApi) -> None:
    logs.write("a")
    assert [entry["log"] for entry in logs.api.ok("POST", logs.path)] == ["a"]


# Storing


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = Storage(tmp_path / "emulator.sqlite3", MIGRATIONS)
    yield opened
    opened.close()


def stored(storage: Storage) -> list[str]:
    return [entry.log for entry in search(storage, "p", logql.parse(""), EVER, 100_000)]


def streams(storage: Storage) -> int:
    with storage.reading() as db:
        return int(db.execute("SELECT count(*) FROM log_streams").fetchone()[0])


def test_entries_with_the_same_labels_share_a_stream(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    logs.write("p", "a", deployment_name="d", process_id=0)
    logs.write("p", "b", process_id="0", deployment_name="d", instance_id="", webhook_name=None)
    assert streams(storage) == 1
    logs.write("p", "c", level="error", deployment_name="d", process_id=0)
    logs.write("q", "d", deployment_name="d", process_id=0)
    assert streams(storage) == 3


def test_entries_with_different_labels_are_written_at_once(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    logs.write_many("p", [LogEntry("a", {"deployment_name": "d"}), LogEntry("b", {}, "error", True)])
    logs.write_many("p", [])
    found = search(storage, "p", logql.parse(""), EVER, 10)
    assert [(one.log, one.labels) for one in found] == [
        ("a", {"deployment_name": "d", "level": "info", "system": "false"}),
        ("b", {"level": "error", "system": "true"}),
    ]


def test_the_newest_entries_are_kept(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0), maximum_entries=10, trim_after=5)
    for number in range(23):
        logs.write("p", str(number), process_id=number)
    assert stored(storage) == [str(number) for number in range(11, 23)]
    assert streams(storage) == 12
    logs.write("q", "other")
    assert len(stored(storage)) == 12


def test_old_entries_are_removed(storage: Storage) -> None:
    clock = Clock(1000.0 + 2 * MAXIMUM_AGE)
    logs = Logs(storage, clock, trim_after=1)
    logs.write("p", "old", process_id=1)
    clock.advance(MAXIMUM_AGE + 1)
    logs.write("p", "new", process_id=2)
    assert stored(storage) == ["new"]
    assert streams(storage) == 1


def test_entries_that_are_too_old_are_not_shown(logs: LogApi) -> None:
    logs.write("a")
    logs.api.emulator.clock.advance(MAXIMUM_AGE - 1)
    assert logs.find(start=0, end=logs.now) == ["a"]
    logs.api.emulator.clock.advance(2)
    assert logs.find(start=0, end=logs.now) == []


def test_entries_join_a_transaction_that_is_open(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    with storage.transaction():
        logs.write("p", "a")
    with contextlib.suppress(ZeroDivisionError), storage.transaction():
        logs.write("p", "b")
        raise ZeroDivisionError
    assert stored(storage) == ["a"]


def test_any_text_can_be_written(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    logs.write("p", "é😀", "\ud800", "a\0b", "x" * (MAXIMUM_LENGTH + 1), deployment_name="\udfff")
    accents, surrogate, zero, long = stored(storage)
    assert (accents, surrogate, zero) == ("é😀", "?", "a\0b")
    assert len(long) == MAXIMUM_LENGTH
    assert long.endswith("... (cut)")


@pytest.mark.parametrize("query", ["", "| deployment_name=`d`", "| deployment_name=~`d.*`", "|= `7`"])
@pytest.mark.parametrize("backward", [False, True])
def test_a_search_passes_over_many_chunks(storage: Storage, query: str, backward: bool) -> None:
    logs = Logs(storage, Clock(1000.0))
    lines = [str(number) for number in range(12_000)]
    logs.write_many("p", [LogEntry(line, {"deployment_name": "d", "process_id": int(line) % 150}) for line in lines])
    logs.write("p", "other")
    expected = [line for line in lines if "7" in line] if query == "|= `7`" else lines
    expected = expected if "deployment" in query or "7" in query else [*expected, "other"]
    found = search(storage, "p", logql.parse(query), EVER._replace(backward=backward), 100_000)
    assert [entry.log for entry in found] == (expected[::-1] if backward else expected)


def test_entries_of_few_streams_are_found_over_many_chunks(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    for process in range(4):
        logs.write("p", *map(str, range(process * 4000, process * 4000 + 4000)), process_id=process)
    found = search(storage, "p", logql.parse("| process_id=~`[123]`"), EVER, 100_000)
    assert [entry.log for entry in found] == list(map(str, range(4000, 16_000)))


def test_a_search_that_takes_too_long_is_given_up(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ubiops.emulator.core.log_search._MAXIMUM_SECONDS", 0)
    logs = Logs(storage, Clock(1000.0))
    logs.write("p", *map(str, range(12_000)))
    with pytest.raises(ApiError) as caught:
        search(storage, "p", logql.parse("|= `11999`"), EVER, 10)
    assert "choose a shorter time span" in caught.value.message


def test_a_search_in_a_large_log_takes_milliseconds(storage: Storage) -> None:
    logs = Logs(storage, Clock(1000.0))
    entries = [
        LogEntry("line", {"deployment_name": "d", "deployment_version": "v", "deployment_request_id": str(number)})
        for number in range(20_000)
    ]
    logs.write_many("p", entries)
    query = logql.parse(
        "| deployment_name=`d` and deployment_version=`v` and deployment_request_id!~`.+`"
        " or deployment_request_id=`777`"
    )
    started = time.perf_counter()
    assert len(search(storage, "p", query, EVER, 1000)) == 1
    # Reading 20,000 streams would take a hundred times as long as finding one.
    assert time.perf_counter() - started < 0.5

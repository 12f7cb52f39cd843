"""Schedules: their rules, their times, and the requests that they send."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pipes import Pipes, attach, fields, operator
from typing import Any
from urllib.parse import quote

import pytest
from thread_runner import ThreadRunner, installed

import ubiops.emulator
from ubiops.emulator.areas.request_schedules import service
from ubiops.emulator.areas.request_schedules.cron import CronError, parse

X = fields(x="int")
HOUR = 3600.0


@pytest.fixture
def path(api: Any, pipes: Pipes) -> Iterator[str]:
    """The path of the schedules, beside a deployment d and a plain pipeline p."""
    pipes.deployment("d", lambda data, context: data, X)
    pipes.deployment("plain")
    pipes.pipeline(
        [{"name": "a", "reference_name": "plain"}], [attach("a", ("pipeline_start",)), attach("pipeline_end", ("a",))]
    )
    path = f"{api.project}/schedules"
    yield path
    # The emulator's clock goes on in other tests.
    for one in api.ok("GET", path):
        api.ok("DELETE", f"{path}/{one['name']}")


def schedule(**settings: Any) -> dict[str, Any]:
    body = {"name": "s", "object_type": "deployment", "object_name": "d", "schedule": "0 * * * *"}
    return {**body, "request_data": {"x": 1}, **settings}


def test_a_schedule_is_created_listed_read_changed_and_deleted(api: Any, path: str) -> None:
    created = api.ok("POST", path, schedule(labels={"team": "a"}))
    assert {**created, "id": "", "creation_date": ""} == {
        **schedule(labels={"team": "a"}),
        "id": "",
        "creation_date": "",
        "version": None,
        "timeout": 14400,
        "enabled": True,
        "description": "",
    }
    assert api.ok("GET", path) == [created]
    assert api.ok("GET", f"{path}?labels=team:b") == []
    assert api.ok("GET", f"{path}/s") == created
    changed = api.ok("PATCH", f"{path}/s", {"name": "t", "schedule": "30 5 * * mon-fri", "timeout": 60})
    assert (changed["name"], changed["schedule"], changed["timeout"]) == ("t", "30 5 * * mon-fri", 60)
    assert changed["request_data"] == {"x": 1}
    api.ok("DELETE", f"{path}/t")
    assert api.fails(404, "GET", f"{path}/t") == "Schedule was not found"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"schedule": "0 6 * *"}, "Schedule is not valid: 0 6 * * (it has 4 fields, not five)"),
        ({"schedule": "61 * * * *"}, "Schedule is not valid"),
        ({"schedule": "0 0 31 2 *"}, "bad day-of-month"),
        ({"name": "Big"}, "name"),
        ({"object_name": "x"}, "Deployment was not found"),
        ({"object_type": "pipeline"}, "Pipeline was not found"),
        ({"version": "v9"}, "Deployment version was not found"),
        ({"request_data": {"y": 1}}, "Missing input field: x"),
        ({"request_data": "text"}, "request_data must be an object"),
        ({"object_type": "pipeline", "object_name": "p"}, "request_data must be a string"),
        ({"timeout": 5}, "10 or more"),
        ({"timeout": 400000}, "345600 or less"),
    ],
)
def test_a_schedule_that_breaks_a_rule_is_rejected(api: Any, path: str, settings: dict[str, Any], error: str) -> None:
    assert error in api.fails(400, "POST", path, schedule(**settings))
    assert api.ok("GET", path) == []


def test_a_name_is_unique_and_an_update_is_checked(api: Any, path: str) -> None:
    api.ok("POST", path, schedule())
    assert "already exists" in api.fails(409, "POST", path, schedule())
    assert "not valid" in api.fails(400, "PATCH", f"{path}/s", {"schedule": "x"})
    assert "Missing input field" in api.fails(400, "PATCH", f"{path}/s", {"request_data": {}})


def sent(api: Any, owner: str) -> int:
    """Returns how many requests have been sent to a deployment or pipeline."""
    # One that goes on meanwhile is in two of the lists.
    statuses = ("pending", "processing", "completed")
    lists = [api.ok("GET", f"{api.project}/{owner}/requests?status={status}") for status in statuses]
    return len({one["id"] for found in lists for one in found})


def test_requests_are_sent_when_they_are_due(api: Any, path: str) -> None:
    api.ok("POST", path, schedule())
    api.ok("POST", path, schedule(name="p", object_type="pipeline", object_name="p", request_data="text"))
    api.ok("POST", path, schedule(name="off", enabled=False))
    assert (sent(api, "deployments/d"), sent(api, "pipelines/p")) == (0, 0)
    api.emulator.clock.advance(HOUR)
    assert (sent(api, "deployments/d"), sent(api, "pipelines/p")) == (1, 1)
    # Each of the times that the clock passes counts.
    api.emulator.clock.advance(3 * HOUR)
    assert (sent(api, "deployments/d"), sent(api, "pipelines/p")) == (4, 4)
    api.ok("PATCH", f"{path}/s", {"enabled": False})
    api.ok("DELETE", f"{path}/p")
    api.emulator.clock.advance(3 * HOUR)
    assert (sent(api, "deployments/d"), sent(api, "pipelines/p")) == (4, 4)
    api.ok("PATCH", f"{path}/s", {"enabled": True})
    assert sent(api, "deployments/d") == 4
    api.emulator.clock.advance(HOUR)
    assert sent(api, "deployments/d") == 5


def test_a_request_of_a_schedule_is_a_batch_request_of_the_platform(api: Any, path: str, pipes: Pipes) -> None:
    api.ok("POST", path, schedule(version="v1", timeout=60))
    api.emulator.clock.advance(HOUR)
    (job,) = [job for job in pipes.runner.jobs if job.mode == "batch"]
    assert (job.user, job.timeout) == ("UbiOps", 60)
    found = api.ok("GET", f"{api.project}/deployments/d/requests/{job.request_id}")
    assert found["origin"] == {"created_by": "UbiOps"}
    assert found["request_data"] == {"x": 1}


def test_a_schedule_goes_with_what_it_is_about(api: Any, path: str) -> None:
    api.ok("POST", path, schedule())
    api.ok("PATCH", f"{api.project}/deployments/d", {"name": "e"})
    assert api.ok("GET", f"{path}/s")["object_name"] == "e"
    api.ok("DELETE", f"{api.project}/deployments/e")
    assert api.ok("GET", path) == []
    api.emulator.clock.advance(HOUR)


def test_a_request_that_cannot_be_sent_is_in_the_logs(api: Any, path: str) -> None:
    api.version(f"{api.project}/deployments/d", "new")
    api.ok("POST", path, schedule(version="new"))
    api.emulator.clock.advance(HOUR)
    query = quote("| deployment_name=`d` and level=`error`")
    assert [entry["log"] for entry in api.ok("GET", f"{api.project}/logs?query={query}")] == [
        "Schedule s could not send its request: "
        "Version is not available: The version is currently in the unavailable stage"
    ]


def test_a_schedule_survives_a_restart(tmp_path: Any) -> None:
    for _ in range(2):
        with ubiops.emulator.start(data_dir=tmp_path) as emulator:
            api = emulator.api()
            if not api.request_schedules_list("demo"):
                fields = {"name": "d", "input_type": "plain", "output_type": "plain"}
                api.deployments_create("demo", fields)
                api.request_schedules_create("demo", schedule(request_data="x"))
            assert [one.schedule for one in api.request_schedules_list("demo")] == ["0 * * * *"]


def test_a_running_clock_sends_requests_too(tmp_path: Any) -> None:
    with installed(ThreadRunner()):
        emulator = ubiops.emulator.start(data_dir=tmp_path)
    with emulator:
        api = emulator.api()
        plain = {"input_type": "plain", "output_type": "plain"}
        api.pipelines_create("demo", {"name": "p", **plain})
        version = {
            "version": "v1",
            "objects": [operator("pass", "if-condition", expression="True")],
            "attachments": [attach("pass", ("pipeline_start",)), attach("pipeline_end", ("pass",))],
        }
        api.pipeline_versions_create("demo", "p", version)
        every_minute = schedule(object_type="pipeline", object_name="p", schedule="* * * * *", request_data="x")
        api.request_schedules_create("demo", every_minute)
        # Shortly before the next minute.
        emulator.clock.advance((59.8 - emulator.clock.now()) % 60)
        while not api.pipeline_requests_list("demo", "p"):
            time.sleep(0.01)


def test_a_clock_that_is_moved_far_sends_a_limited_number(
    api: Any, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "MAXIMUM_AT_ONCE", 5)
    api.ok("POST", path, schedule(schedule="* * * * *"))
    api.emulator.clock.advance(HOUR)
    assert sent(api, "deployments/d") == 5
    assert "the others are skipped" in caplog.text
    api.emulator.clock.advance(60)
    assert sent(api, "deployments/d") == 6


# Times


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("* * * * *", "2024-03-05T10:00:00", "2024-03-05T10:01:00"),
        ("0 6 * * 1-5", "2024-03-08T06:00:00", "2024-03-11T06:00:00"),
        ("0 6 * * MON-fri", "2024-03-08T05:59:59", "2024-03-08T06:00:00"),
        ("*/15 * * * *", "2024-03-05T10:46:00", "2024-03-05T11:00:00"),
        ("5/20 * * * *", "2024-03-05T10:26:00", "2024-03-05T10:45:00"),
        ("0,30 9-17/4 * * *", "2024-03-05T09:30:00", "2024-03-05T13:00:00"),
        ("0 0 29 2 *", "2024-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 29 2 *", "2096-03-01T00:00:00", "2104-02-29T00:00:00"),
        ("0 0 1 jan *", "2024-03-05T00:00:00", "2025-01-01T00:00:00"),
        ("59 23 31 12 *", "2024-12-31T23:59:00", "2025-12-31T23:59:00"),
        # Sunday is 0 and 7.
        ("0 0 * * 7", "2024-03-05T00:00:00", "2024-03-10T00:00:00"),
        ("0 0 * * 0", "2024-03-05T00:00:00", "2024-03-10T00:00:00"),
        # One of two restricted fields for days is enough.
        ("0 0 7 * sun", "2024-03-05T00:00:00", "2024-03-07T00:00:00"),
        ("0 0 7 * sun", "2024-03-07T00:00:00", "2024-03-10T00:00:00"),
    ],
)
def test_the_next_time_of_a_schedule(text: str, after: str, due: str) -> None:
    assert parse(text).after(at(after)) == at(due)


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"),
        *("a * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "*-5 * * * *", "-1 * * * *", "@daily"),
        *("0 0 30 2 *", "* * * foo *", "* * * * mon-", "\u0661 * * * *"),
    ],
)
def test_a_schedule_that_is_not_valid(text: str) -> None:
    with pytest.raises(CronError):
        parse(text)

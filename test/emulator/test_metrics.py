"""Metrics of the user's own, and their values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest

START = datetime(2024, 3, 6, 14, 0, tzinfo=timezone.utc)


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


class MetricApi:
    """Writes and reads values of metrics of a project."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.metrics = f"{api.project}/metrics"
        self.series = f"{api.project}/time-series"

    def create(self, name: str = "custom.error", metric_type: str = "gauge", **settings: Any) -> Any:
        body = {"name": name, "metric_type": metric_type, "labels": ["station", "model"], **settings}
        return self.api.ok("POST", self.metrics, body)

    def set(self, values: dict[float, float], name: str = "custom.error", **labels: str) -> None:
        data = [{"date": at(minute), "value": value} for minute, value in values.items()]
        body = {"metric": name, "labels": labels, "data": data}
        assert self.api.ok("POST", f"{self.series}/data", body) == {}

    def get(self, start: float = 0, end: float = 10, name: str = "custom.error", **query: Any) -> Any:
        query = {"metric": name, "start_date": at(start), "end_date": at(end), **query}
        return self.api.ok("GET", f"{self.series}/data?{urlencode(query)}")

    def values(self, *args: Any, **query: Any) -> list[float]:
        return [point["value"] for point in self.get(*args, **query)["data_points"]]


@pytest.fixture
def metrics(api: Any) -> MetricApi:
    return MetricApi(api)


def test_a_metric_is_created_changed_and_deleted(metrics: MetricApi) -> None:
    api = metrics.api
    created = metrics.create(unit="millimetres", description="How wrong it was")
    assert created == {
        "id": created["id"],
        "name": "custom.error",
        "description": "How wrong it was",
        "creation_date": created["creation_date"],
        "last_updated": created["creation_date"],
        "custom": True,
        "metric_type": "gauge",
        "unit": "millimetres",
        "labels": ["station", "model"],
    }
    path = f"{metrics.metrics}/custom.error"
    assert api.ok("GET", path) == created
    assert api.ok("GET", f"{metrics.metrics}?custom=True") == [created]
    body = {"name": "custom.error", "metric_type": "gauge"}
    assert "already exists" in api.fails(409, "POST", metrics.metrics, body)
    assert api.ok("PATCH", path, {"name": "custom.b", "labels": []})["labels"] == []
    assert api.send("DELETE", f"{metrics.metrics}/custom.b").status == 204
    assert api.fails(404, "GET", f"{metrics.metrics}/custom.b") == "Metric was not found"


def test_the_metrics_of_the_platform_are_listed_and_fixed(metrics: MetricApi) -> None:
    api = metrics.api
    listed = {one["name"]: one for one in api.ok("GET", f"{metrics.metrics}?custom=False")}
    assert len(listed) == 19
    assert listed["deployments.requests"]["metric_type"] == "delta"
    path = f"{metrics.metrics}/deployments.requests"
    assert api.ok("GET", path) == listed["deployments.requests"]
    assert "metric of the platform" in api.fails(400, "PATCH", path, {"unit": "x"})
    assert "metric of the platform" in api.fails(400, "DELETE", path)
    query = urlencode({"metric": "deployments.requests", "start_date": at(0), "end_date": at(1)})
    error = api.fails(501, "GET", f"{metrics.series}/data?{query}")
    assert error.startswith("The emulator does not measure deployments.requests: ")
    values = {"metric": "deployments.requests", "data": []}
    assert "measured by the platform" in api.fails(400, "POST", f"{metrics.series}/data", values)


@pytest.mark.parametrize("name", ["error", "custom.", "Custom.error", "custom." + "x" * 58])
def test_an_invalid_name_is_rejected(metrics: MetricApi, name: str) -> None:
    body = {"name": name, "metric_type": "gauge"}
    assert "name must" in metrics.api.fails(400, "POST", metrics.metrics, body)


def test_a_gauge_is_averaged_over_a_step(metrics: MetricApi) -> None:
    metrics.create()
    metrics.set({0: 1.0, 1: 3.0, 5: 10.0})
    found = metrics.get(aggregation_period=300)
    assert found == {
        "metric": "custom.error",
        "metric_type": "gauge",
        "unit": None,
        "start_date": "2024-03-06T14:00:00.000000Z",
        "end_date": "2024-03-06T14:10:00.000000Z",
        "aggregation_period": 300,
        "labels": {},
        "data_points": [
            {"start_date": "2024-03-06T14:00:00.000000Z", "end_date": "2024-03-06T14:05:00.000000Z", "value": 2.0},
            {"start_date": "2024-03-06T14:05:00.000000Z", "end_date": "2024-03-06T14:10:00.000000Z", "value": 10.0},
        ],
    }
    # Steps without a value are left out.
    assert metrics.values() == [1.0, 3.0, 10.0]


def test_a_delta_is_a_rate(metrics: MetricApi) -> None:
    metrics.create("custom.calls", "delta")
    metrics.set({0: 60, 1: 120}, "custom.calls")
    assert metrics.values(0, 3, "custom.calls") == [1.0, 2.0, 0.0]
    assert metrics.values(0, 3, "custom.calls", unit_period=60) == [60.0, 120.0, 0.0]
    assert metrics.values(0, 5, "custom.calls", aggregation_period=300) == [0.6]


def test_dates_are_rounded_outward(metrics: MetricApi) -> None:
    metrics.create()
    found = metrics.get(0.5, 1.5)
    assert (found["start_date"], found["end_date"]) == ("2024-03-06T14:00:00.000000Z", "2024-03-06T14:02:00.000000Z")
    found = metrics.get(1, 61, aggregation_period=3600)
    assert (found["start_date"], found["end_date"]) == ("2024-03-06T14:00:00.000000Z", "2024-03-06T16:00:00.000000Z")


def test_the_default_step_grows_with_the_period(metrics: MetricApi) -> None:
    metrics.create()
    periods = [metrics.get(0, days * 1440)["aggregation_period"] for days in (1, 5, 10, 60, 100, 300, 3000)]
    assert periods == [60, 300, 900, 3600, 7200, 21600, 86400]
    query = urlencode({"metric": "custom.error", "start_date": at(0), "end_date": at(10**7), "aggregation_period": 60})
    assert "more than 100000 steps" in metrics.api.fails(400, "GET", f"{metrics.series}/data?{query}")


def test_a_value_replaces_that_of_the_same_minute(metrics: MetricApi) -> None:
    metrics.create()
    metrics.set({0: 1.0})
    metrics.set({0.9: 2.0})
    assert metrics.values() == [2.0]


@pytest.mark.parametrize(("metric_type", "expected"), [("gauge", 2.0), ("delta", 4.0 / 60)])
def test_fresh_values_are_combined(metrics: MetricApi, metric_type: str, expected: float) -> None:
    metrics.create(metric_type=metric_type)
    now = datetime.fromtimestamp(metrics.api.emulator.clock.now() // 60 * 60, timezone.utc)
    point = {"metric": "custom.error", "data": [{"date": now.isoformat(), "value": 1}]}
    more = {"metric": "custom.error", "data": [{"date": (now + timedelta(seconds=30)).isoformat(), "value": 3}]}
    assert metrics.api.ok("POST", f"{metrics.series}/aggregate", [point, more]) == {}
    query = {"start_date": now.isoformat(), "end_date": (now + timedelta(minutes=1)).isoformat()}
    assert metrics.values(**query) == [expected]
    late = {"metric": "custom.error", "data": [{"date": (now - timedelta(minutes=3)).isoformat(), "value": 1}]}
    error = metrics.api.fails(400, "POST", f"{metrics.series}/aggregate", [point, late])
    assert "more than 2 minutes ago" in error
    # None of the values of a rejected call is stored.
    assert metrics.values(**query) == [expected]


def test_series_are_told_apart_by_labels(metrics: MetricApi) -> None:
    metrics.create()
    metrics.create("custom.other")
    metrics.set({0: 1.0}, station="a", model="x")
    metrics.set({0: 3.0}, station="b", model="x")
    metrics.set({0: 9.0}, "custom.other")
    assert metrics.values() == [2.0]
    assert metrics.values(labels="station:a") == [1.0]
    assert metrics.get(labels="station:a")["labels"] == {"station": "a"}
    assert metrics.values(labels="station:a,model:y") == []
    api, search = metrics.api, f"{metrics.series}/search"
    everything = api.ok("GET", search)
    assert [one["metric"] for one in everything] == ["custom.error", "custom.error", "custom.other"]
    assert everything[0] == {
        "id": everything[0]["id"],
        "metric": "custom.error",
        "labels": {"station": "a", "model": "x"},
        "resolution": 60,
    }
    assert api.ok("GET", f"{search}?metric=custom.other") == everything[2:]
    assert api.ok("GET", f"{search}?labels=model:x") == everything[:2]
    assert api.ok("GET", f"{search}?labels=model:x&exact_match=True") == []
    assert api.ok("GET", f"{search}?labels=model:x,station:b&exact_match=True") == everything[1:2]
    assert api.ok("GET", f"{search}?custom=False") == []
    assert api.ok("GET", f"{search}?limit=1&offset=1") == everything[1:2]
    path = f"{metrics.series}/{everything[0]['id']}"
    assert api.send("DELETE", path).status == 204
    assert api.fails(404, "DELETE", path) == "Time series was not found"
    assert metrics.values() == [3.0]
    other = type(api)(api.emulator, "another-project-with-metrics")
    other.fails(404, "DELETE", f"{other.project}/time-series/{everything[1]['id']}")


def test_invalid_values_are_rejected(metrics: MetricApi) -> None:
    metrics.create()
    api, path = metrics.api, f"{metrics.series}/data"
    good = {"date": at(0), "value": 1}
    assert api.fails(404, "POST", path, {"metric": "custom.unknown", "data": [good]}) == "Metric was not found"
    wrong = {"metric": "custom.error", "labels": {"colour": "red"}, "data": [good]}
    assert "has no label 'colour'; it has station, model" in api.fails(400, "POST", path, wrong)
    for point in ({"date": "soon", "value": 1}, {"date": at(0), "value": 10**400}, {"date": at(0)}):
        api.fails(400, "POST", path, {"metric": "custom.error", "data": [good, point]})
    assert metrics.values() == []
    assert "metric is required; start_date is required" in api.fails(400, "GET", path)
    query = urlencode({"metric": "custom.error", "start_date": at(1), "end_date": at(0)})
    assert "must not be after" in api.fails(400, "GET", f"{path}?{query}")
    query = urlencode({"metric": "custom.error", "start_date": "1900-01-01", "end_date": at(0)})
    assert "1970" in api.fails(400, "GET", f"{path}?{query}")

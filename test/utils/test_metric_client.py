"""``MetricClient`` loses no values: on errors, at exit, in threads and after a fork."""

from __future__ import annotations

import gc
import inspect
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import ubiops
import ubiops.emulator
from ubiops._metrics import buffer, sender
from ubiops.emulator import Emulator
from ubiops.utils import MetricClient

NAME = "custom.warnings"


@pytest.fixture
def own_emulator() -> Iterator[Emulator]:
    with ubiops.emulator.start() as running:
        yield running


@pytest.fixture
def api(own_emulator: Emulator) -> ubiops.CoreApi:
    api = own_emulator.api()
    api.metrics_create("p", {"name": NAME, "metric_type": "delta", "unit": "warnings", "labels": ["station"]})
    return api


def total(api: ubiops.CoreApi, **labels: str) -> float:
    """Returns the sum of the values that arrived."""
    now = datetime.now(timezone.utc)
    found = api.time_series_data_list(
        "p",
        metric=NAME,
        start_date=(now - timedelta(minutes=10)).isoformat(),
        end_date=(now + timedelta(minutes=2)).isoformat(),
        aggregation_period=60,
        unit_period=60,
        **({"labels": ",".join(f"{name}:{value}" for name, value in labels.items())} if labels else {}),
    )
    return round(sum(point.value for point in found.data_points), 6)


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "ubiops-metrics"]


def test_it_has_the_signature_of_the_official_client() -> None:
    parameters = inspect.signature(MetricClient).parameters
    assert {name: one.default for name, one in parameters.items() if one.default is not one.empty} == {
        "api_client": None,
        "insert_frequency": 60,
        "debug": False,
    }
    assert next(iter(parameters)) == "project_name"
    assert list(inspect.signature(MetricClient.log_metric).parameters)[1:] == ["metric_name", "labels", "value"]
    assert inspect.signature(MetricClient.stop).parameters["timeout"].default is None


def test_values_are_sent_in_the_background(api: ubiops.CoreApi) -> None:
    with MetricClient("p", api.api_client, insert_frequency=0.05) as client:
        client.log_metric(NAME, {"station": "a"}, 2)
        client.log_metric(NAME, {"station": "b"}, 3.5)
        deadline = time.monotonic() + 60
        while client.pending or total(api) != 5.5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert total(api, station="a") == 2
        assert len(threads()) == 1
    assert threads() == []


def test_the_rest_is_sent_at_the_end(api: ubiops.CoreApi) -> None:
    client = MetricClient("p", api)
    client.log_metric(NAME, None, 1)
    client.stop()
    client.stop()
    assert (total(api), client.pending, threads()) == (1, 0, [])
    with pytest.raises(ubiops.ApiValueError, match="was stopped"):
        client.log_metric(NAME, None, 1)
    forgotten = MetricClient("p", api)
    forgotten.log_metric(NAME, None, 1)
    del forgotten
    gc.collect()
    assert (total(api), threads()) == (2, [])


def test_no_thread_starts_without_values(api: ubiops.CoreApi) -> None:
    with MetricClient("p", api):
        assert threads() == []


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "raise KeyError('a bug')"])
def test_the_rest_is_sent_when_the_program_ends(api: ubiops.CoreApi, own_emulator: Emulator, ending: str) -> None:
    program = (
        "from ubiops.utils import MetricClient\n"
        "client = MetricClient('p')\n"
        f"client.log_metric({NAME!r}, {{'station': 'a'}}, 4)\n{ending}\n"
    )
    environment = {**os.environ, "UBIOPS_API_HOST": own_emulator.host, "UBIOPS_API_TOKEN": own_emulator.token}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, timeout=60, check=False, capture_output=True
    )
    assert bool(done.returncode) == bool(ending)
    assert total(api) == 4


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"status": 429}, {"cut": "before"}])
def test_values_of_failed_calls_are_kept(
    api: ubiops.CoreApi, own_emulator: Emulator, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    api.api_client.configuration.auto_retry_rate_limiting = False
    client = MetricClient("p", api)
    client.log_metric(NAME, None, 1)
    own_emulator.faults.add(operation="time_series_data_aggregate", **fault)
    assert client.flush() is False
    assert client.pending == 1
    assert "1 values of metrics are sent again later" in caplog.text
    client.log_metric(NAME, None, 2)
    assert client.flush()
    assert total(api) == 3
    client.stop()


def test_a_failure_at_the_end_is_retried(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    own_emulator.faults.add(operation="time_series_data_aggregate", status=500)
    with MetricClient("p", api) as client:
        client.log_metric(NAME, None, 1)
    assert total(api) == 1


def test_the_end_does_not_wait_for_ever(
    api: ubiops.CoreApi, own_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.faults.add(operation="time_series_data_aggregate", delay=60, times=None)
    client = MetricClient("p", api)
    client.log_metric(NAME, None, 1)
    started = time.monotonic()
    client.stop(timeout=0.3)
    assert time.monotonic() - started < 30
    assert "1 values of metrics of project p could not be sent" in caplog.text


def test_a_metric_at_fault_costs_no_others(api: ubiops.CoreApi, caplog: pytest.LogCaptureFixture) -> None:
    with MetricClient("p", api) as client:
        client.log_metric("custom.missing", None, 1)
        client.log_metric(NAME, {"station": "a"}, 1)
        client.log_metric(NAME, {"other": "a"}, 1)
    assert total(api) == 1
    assert client.lost == 2
    assert "1 values of metric custom.missing were rejected" in caplog.text


def test_old_values_are_accepted(api: ubiops.CoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MetricClient("p", api)
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr("ubiops.utils.metrics.time.time", lambda: now - 300)
        client.log_metric(NAME, None, 7)
    client.stop()
    assert total(api) == 7


def test_memory_is_bounded(api: ubiops.CoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "MAXIMUM", 10)
    client = MetricClient("p", api)
    with pytest.warns(UserWarning, match="the oldest ones are dropped") as caught:
        for number in range(13):
            client.log_metric(NAME, None, number)
    assert len(caught) == 1
    client.stop()
    assert client.lost == 3
    assert total(api) == sum(range(3, 13))


def test_many_threads_may_log(api: ubiops.CoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "BATCH", 50)
    with MetricClient("p", api, insert_frequency=0.01) as client:

        def log() -> None:
            for _ in range(100):
                client.log_metric(NAME, {"station": "a"}, 1)

        workers = [threading.Thread(target=log) for _ in range(5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert total(api) == 500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_starts_without_values(api: ubiops.CoreApi, own_emulator: Emulator) -> None:
    program = (
        "import os\n"
        "from ubiops.utils import MetricClient\n"
        "client = MetricClient('p')\n"
        f"client.log_metric({NAME!r}, None, 1)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    assert client.pending == 0\n"
        f"    client.log_metric({NAME!r}, None, 10)\n"
        "    client.stop()\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    environment = {**os.environ, "UBIOPS_API_HOST": own_emulator.host, "UBIOPS_API_TOKEN": own_emulator.token}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=True)
    assert total(api) == 11


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((5, {}, 1), ubiops.ApiTypeError, "'metric_name' must be a string, got int"),
        ((NAME, ["a"], 1), ubiops.ApiTypeError, "'labels' must be a dict of strings, got list"),
        ((NAME, {"a": 1}, 1), ubiops.ApiTypeError, "'labels' must be a dict of strings"),
        ((NAME, {}, "1"), ubiops.ApiTypeError, "'value' must be a number, got str"),
        ((NAME, {}, True), ubiops.ApiTypeError, "'value' must be a number, got bool"),
        ((NAME, {}, float("nan")), ubiops.ApiValueError, "'value' must be finite"),
    ],
)
def test_arguments_are_checked(api: ubiops.CoreApi, arguments: Any, error: type[Exception], message: str) -> None:
    with MetricClient("p", api) as client, pytest.raises(error, match=message):
        client.log_metric(*arguments)
    with pytest.raises(ubiops.ApiValueError, match="must be above 0"):
        MetricClient("p", api, insert_frequency=0)
    with pytest.raises(ubiops.ApiTypeError, match="'client' must be an ApiClient"):
        MetricClient("p", "client")  # type: ignore[arg-type]

"""Services start and stop with the emulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import server
from ubiops.emulator.core.backend import Backend


class Recorder:
    """A service that records what happens to it, and may fail."""

    def __init__(self, name: str, events: list[Any], fails_on: str = "") -> None:
        self.name = name
        self.events = events
        self.fails_on = fails_on

    def start(self) -> None:
        self._record("start")

    def stop(self) -> None:
        self._record("stop")

    def _record(self, event: str) -> None:
        self.events.append((event, self.name))
        assert threading.current_thread().name != "ubiops-emulator", "a service blocks the event loop"
        if self.fails_on == event:
            raise RuntimeError(f"{self.name} can't {event}")


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The services of the emulators that the test starts."""
    services: list[Any] = []

    class WithServices(Backend):
        def __post_init__(self) -> None:
            super().__post_init__()
            self.services.extend(services)

    monkeypatch.setattr(server, "Backend", WithServices)
    return services


def test_services_start_in_order_and_stop_in_reverse(services: list[Any]) -> None:
    events: list[Any] = []
    services.extend([Recorder("one", events), Recorder("two", events)])
    with ubiops.emulator.start():
        assert events == [("start", "one"), ("start", "two")]
    assert events[2:] == [("stop", "two"), ("stop", "one")]


def test_services_stop_after_the_last_call_and_before_the_database_closes(services: list[Any], api: Any) -> None:
    found = []

    class Reader:
        def start(self) -> None:
            pass

        def stop(self) -> None:
            with emulator._storage.reading() as db:
                found.append(db.execute("SELECT count(*) FROM deployments").fetchone()[0])

    services.append(Reader())
    with ubiops.emulator.start() as emulator:
        type(api)(emulator).deployment()
    assert found == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_service_that_fails_to_start_stops_the_others_and_the_emulator(
    services: list[Any], data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Any] = []
    services.extend([Recorder("one", events), Recorder("two", events, "start"), Recorder("three", events)])
    with pytest.raises(RuntimeError, match="the emulator could not be started: RuntimeError.*two can't start"):
        ubiops.emulator.start(data_dir=data_dir)
    assert events == [("start", "one"), ("start", "two"), ("stop", "one")]
    assert "two can't start" in caplog.text
    services.clear()
    ubiops.emulator.start(data_dir=data_dir).stop()


def test_a_service_that_fails_to_stop_does_not_keep_the_others_running(
    services: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Any] = []
    services.extend([Recorder("one", events), Recorder("two", events, "stop")])
    ubiops.emulator.start().stop()
    assert events[2:] == [("stop", "two"), ("stop", "one")]
    assert "two can't stop" in caplog.text

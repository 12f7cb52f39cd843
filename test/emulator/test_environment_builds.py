"""Builds of environments that really install something, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from custom_environments import create, logs, upload

import ubiops.emulator
from ubiops.emulator.areas.environments.installation import Builds
from ubiops.emulator.core.interfaces import InstallationError, InstallationStopped


class Threads:
    """Does work in threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2)
        self._futures: list[Future[None]] = []

    def submit(self, work: Callable[[], None]) -> None:
        self._futures.append(self._pool.submit(work))

    def finish(self) -> None:
        """Waits for all work; raises what it raised."""
        while self._futures:
            self._futures.pop().result(30)


class Index:
    """Installs every package but those named missing, when it may go on."""

    def __init__(self) -> None:
        self.installed: list[tuple[str, tuple[int, int], dict[str, str]]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.stops = False

    def prepare(
        self, requirements: str, python: tuple[int, int], variables: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        assert self.may_go_on.wait(30)
        if self.stops:
            raise InstallationStopped
        log(f"Looking in https://user:{variables.get('PASSWORD', '')}@index.example.com")
        if "missing" in requirements:
            raise InstallationError(f"pip failed:\nno such package; {variables.get('PASSWORD')}")
        self.installed.append((requirements, python, dict(variables)))


@pytest.fixture
def installing(api: Any) -> Iterator[Any]:
    """A client of an emulator that installs packages."""
    with ubiops.emulator.start(build_seconds=(10, 10, 10)) as emulator:
        emulator.clock.freeze()
        client = type(api)(emulator)
        emulator._backend.background, emulator._backend.installer = Threads(), Index()
        yield client
        client.pool.clear()


def parts(api: Any) -> tuple[Threads, Index]:
    backend = api.emulator._backend
    return backend.background, backend.installer


def test_a_build_lasts_as_long_as_its_installation(installing: Any, zipped: Any) -> None:
    pytest.importorskip("yaml")
    threads, index = parts(installing)
    index.may_go_on.clear()
    path = create(installing)
    content = zipped({"requirements.txt": "pandas\n", "ubiops.yaml": "environment_variables:\n  - MODE=fast\n"})
    _, build = upload(installing, path, content)
    assert installing.ok("GET", build)["status"] == "queued"
    installing.emulator.clock.advance(3600)
    assert installing.ok("GET", build)["status"] == "processing"
    index.may_go_on.set()
    threads.finish()
    assert installing.ok("GET", build)["status"] == "success"
    assert installing.ok("GET", path)["status"] == "available"
    assert index.installed == [("pandas\n", (3, 11), {"MODE": "fast"})]
    lines = logs(installing, environment_build_id=build.rpartition("/")[2])
    assert "Looking in https://user:@index.example.com" in lines
    assert not any("does not install the requirements" in line for line in lines)


def test_a_failed_installation_is_a_failed_build_that_hides_secrets(installing: Any) -> None:
    threads, _ = parts(installing)
    path = create(installing, "own", "python3-9")
    installing.ok("POST", f"{path}/tags", {"name": "t"})
    body = {"name": "PASSWORD", "value": "sesame", "secret": True}
    installing.ok("POST", f"{path}/tags/t/secrets", body)
    installing.ok("POST", f"{path}/tags/t/build", fields={"file": ("requirements.txt", b"missing-package")})
    threads.finish()
    assert installing.ok("GET", f"{path}/tags/t")["status"] == "queued"
    installing.emulator.clock.advance(20)
    shown = installing.ok("GET", f"{path}/tags/t")
    assert (shown["status"], shown["error_message"]) == ("failed", "pip failed:\nno such package; ********")
    lines = logs(installing, environment_tag="t")
    assert lines[-3:] == [
        "Looking in https://user:********@index.example.com",
        "pip failed:",
        "no such package; ********",
    ]


def test_variables_of_a_tag_hold_during_its_build(installing: Any) -> None:
    threads, index = parts(installing)
    path = create(installing, "own", "python3-13")
    installing.ok("POST", f"{path}/tags", {"name": "t"})
    installing.ok("POST", f"{path}/tags/t/secrets", {"name": "PASSWORD", "value": "sesame", "secret": True})
    installing.ok("POST", f"{path}/tags/t/secrets", {"name": "URL", "value": "x", "secret": False})
    installing.ok("POST", f"{path}/tags/t/build", fields={"file": ("requirements.txt", b"a==1")})
    threads.finish()
    assert index.installed == [("a==1", (3, 13), {"PASSWORD": "sesame", "URL": "x"})]


def test_a_cancelled_build_stays_cancelled(installing: Any) -> None:
    threads, index = parts(installing)
    index.may_go_on.clear()
    path = create(installing)
    _, build = upload(installing, path, b"pandas")
    installing.ok("PATCH", build, {"status": "cancelled"})
    index.may_go_on.set()
    threads.finish()
    assert installing.ok("GET", build)["status"] == "cancelled"
    assert installing.ok("GET", path)["active_build"] is None


def test_a_build_without_requirements_follows_the_clock(installing: Any, zipped: Any) -> None:
    pytest.importorskip("yaml")
    threads, index = parts(installing)
    _, build = upload(installing, create(installing), zipped({"ubiops.yaml": "apt:\n  packages: [curl]\n"}))
    _, broken = upload(installing, create(installing, "broken"), b"==")
    threads.finish()
    assert installing.ok("GET", build)["status"] == "queued"
    installing.emulator.clock.advance(30)
    assert installing.ok("GET", build)["status"] == "success"
    assert installing.ok("GET", broken)["status"] == "failed"
    assert index.installed == []
    line = "The emulator does not install packages of the system: curl"
    assert line in logs(installing, environment_build_id=build.rpartition("/")[2])


@pytest.mark.parametrize("installs", [True, False])
def test_an_interrupted_build_goes_on_after_a_restart(installing: Any, installs: bool) -> None:
    threads, index = parts(installing)
    backend = installing.emulator._backend
    # The work is lost, as by a kill.
    backend.background = type("Lost", (), {"submit": lambda self, work: None})()
    _, build = upload(installing, create(installing), b"pandas")
    installing.emulator.clock.advance(3600)
    assert installing.ok("GET", build)["status"] == "processing"
    backend.background = threads
    backend.installer = index if installs else None
    Builds(backend).start()
    threads.finish()
    assert installing.ok("GET", build)["status"] == "success"
    assert [requirements for requirements, _, _ in index.installed] == (["pandas"] if installs else [])


def test_an_installation_that_is_stopped_starts_again(installing: Any) -> None:
    threads, index = parts(installing)
    index.stops = True
    _, build = upload(installing, create(installing), b"pandas")
    threads.finish()
    installing.emulator.clock.advance(3600)
    assert installing.ok("GET", build)["status"] == "processing"
    index.stops = False
    Builds(installing.emulator._backend).start()
    threads.finish()
    assert installing.ok("GET", build)["status"] == "success"


def test_versions_are_told_of_a_new_build(installing: Any) -> None:
    told = []

    class Runner:
        """Notes what changed; runs nothing."""

        def changed(self, version: int) -> None:
            told.append(version)

    path = create(installing)
    deployment = installing.deployment()
    version = installing.version(deployment, environment="own")
    installing.version(deployment, "other")
    with installing.emulator._backend.storage.reading() as db:
        key = db.execute("SELECT pk FROM versions WHERE name = 'v1'").fetchone()["pk"]
    installing.emulator._backend.runner = Runner()
    upload(installing, path, b"pandas")
    parts(installing)[0].finish()
    assert told == [key]
    installing.emulator._backend.runner = None
    assert installing.ok("GET", version)["environment_tag"] == "v1"

"""Packages are inspected by child processes with limits, which survive any package."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import ubiops.emulator
from ubiops._packages.inspector import Inspector
from ubiops.emulator.areas.deployments import environments, package

ENVIRONMENT = environments.DEFAULT_ENVIRONMENT
HUGE = "1;" * 2_000_000


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    made = Inspector(memory=512 * 1024**2)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path, good: bytes) -> Path:
    """A package that builds."""
    path = tmp_path / "good.zip"
    path.write_bytes(good)
    return path


@pytest.fixture
def huge(tmp_path: Path, zipped: Any) -> Path:
    """A small package whose code takes gigabytes of memory to parse."""
    path = tmp_path / "huge.zip"
    path.write_bytes(zipped({"deployment.py": HUGE}))
    return path


def children(inspector: Inspector) -> list[int]:
    return [child._process.pid for child in inspector._idle]


def test_one_child_inspects_one_package_after_the_other(inspector: Inspector, path: Path) -> None:
    assert children(inspector) == []
    assert inspector.inspect(path, ENVIRONMENT) == package.Inspection(True, False)
    (child,) = children(inspector)
    r = environments.find("r4-0")
    assert r
    assert "deployment.py does not run in the environment r4-0" in inspector.inspect(path, r).error
    assert children(inspector) == [child]


def test_several_children_work_at_the_same_time(inspector: Inspector, path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: inspector.inspect(path, ENVIRONMENT), range(64)))
    assert set(found) == {package.Inspection(True, False)}
    assert 1 <= len(children(inspector)) <= 4


def test_a_package_that_needs_too_much_memory_fails(inspector: Inspector, huge: Path, path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = inspector.inspect(huge, ENVIRONMENT)
    assert "memory" in found.error
    assert inspector.inspect(path, ENVIRONMENT).error == ""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_package_that_takes_too_long_fails(path: Path) -> None:
    # The child is ended before it has started.
    inspector = Inspector(seconds=0)
    found = inspector.inspect(path, ENVIRONMENT)
    assert "it takes more than 0 seconds" in found.error
    assert found.fails_in_building
    assert children(inspector) == []


def test_a_child_that_has_ended_is_replaced(inspector: Inspector, path: Path) -> None:
    inspector.inspect(path, ENVIRONMENT)
    (child,) = children(inspector)
    os.kill(child, signal.SIGKILL)
    assert inspector.inspect(path, ENVIRONMENT).error == ""
    assert children(inspector) != [child]


def test_a_child_that_has_used_much_memory_is_replaced(inspector: Inspector, huge: Path, path: Path) -> None:
    inspector.inspect(huge, ENVIRONMENT)
    before = children(inspector)
    assert inspector.inspect(path, ENVIRONMENT).error == ""
    assert children(inspector) != before


def test_ctrl_c_does_not_end_the_children(inspector: Inspector, path: Path) -> None:
    inspector.inspect(path, ENVIRONMENT)
    (child,) = children(inspector)
    os.kill(child, signal.SIGINT)
    assert inspector.inspect(path, ENVIRONMENT).error == ""
    assert children(inspector) == [child]


def test_a_missing_package_is_an_error_of_the_caller(inspector: Inspector, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspector.inspect(tmp_path / "missing.zip", ENVIRONMENT)


def test_a_child_that_can_not_be_started_fails_the_build(
    inspector: Inspector, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert "no process can be started for it" in inspector.inspect(path, ENVIRONMENT).error


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_a_forked_process_uses_children_of_its_own(path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from ubiops.emulator.areas.deployments import environments, package
def inspect():
    assert package.inspect(Path(sys.argv[1]), environments.DEFAULT_ENVIRONMENT).error == ""
    return [child._process.pid for child in package._INSPECTOR._idle]
first = inspect()
child = os.fork()
if not child:
    print(inspect() != first, flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1], inspect() == first)
"""
    root = str(Path(__file__).resolve().parent.parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n0 True\n", "")


def test_the_last_emulator_that_stops_ends_the_children(api: Any, good: bytes) -> None:
    running = package.Inspections._running
    with ubiops.emulator.start() as emulator:
        assert package.Inspections._running == running + 1
        client = type(api)(emulator)
        client.upload(client.version(client.deployment()), good)
        assert children(package._INSPECTOR)
    assert package.Inspections._running == running
    assert running or not children(package._INSPECTOR)


def test_others_are_served_while_a_hostile_package_is_inspected(api: Any, huge: Path) -> None:
    version = api.version(api.deployment())
    with ThreadPoolExecutor(2) as pool:
        uploads = [pool.submit(api.upload, version, huge.read_bytes()) for _ in range(2)]
        slowest = 0.0
        while not all(upload.done() for upload in uploads):
            started = time.monotonic()
            api.ok("GET", version)
            slowest = max(slowest, time.monotonic() - started)
    api.emulator.clock.advance(100)
    for revision in api.ok("GET", f"{version}/revisions"):
        # How it fails depends on the version of Python and the speed of the machine.
        assert "memory" in revision["error_message"]
    assert slowest < 1

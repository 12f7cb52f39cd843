"""A package in one process, without an emulator, on any Python."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ubiops.emulator.runtime.host import Host, Launch, Reply, StartError
from ubiops.emulator.runtime.interpreters import Interpreter
from ubiops.emulator.runtime.output import Output
from ubiops.emulator.runtime.process import Process, ProcessDied

CODE = """
import asyncio, logging, os, sys
class Deployment:
    def __init__(self, base_directory, context):
        logging.info("started")
    async def request(self, data, context):
        await asyncio.sleep(0)
        context["streaming_update"]("update")
        if data == "fail":
            raise ValueError("failed")
        return [data, list(sys.version_info[:2]), os.environ.get("A")]
"""


class Lines(Output):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        super().__init__(self.lines.extend)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "deployment.py").write_text(CODE)
    return tmp_path


def call(host: Host, data: Any, output: Output, seconds: float = 30, **more: Any) -> Reply:
    return host.call([data], False, {"id": "r"}, time.monotonic() + seconds, output, **more)


@pytest.mark.parametrize("version", [(3, minor) for minor in range(8, 15)], ids=lambda version: f"3.{version[1]}")
def test_a_package_runs_on_any_python(package: Path, version: tuple[int, int]) -> None:
    python = Interpreter(version).find().python
    if python == sys.executable and version != sys.version_info[:2]:
        pytest.skip("not installed")
    output, updates = Lines(), []
    host = Host(Launch(python, str(package), variables={"A": "1"}))
    try:
        host.start(30, output)
        assert output.lines == [("info", "started")]
        assert call(host, "a", output, on_update=updates.append) == Reply(result=["a", list(version), "1"])
        assert updates == ["update"]
        assert call(host, "fail", output).error == "An exception occurred in the request. See the logs for details."
        output.finish()
        assert output.lines[1:][0] == ("error", "Traceback (most recent call last):")
        assert output.lines[-1] == ("error", "ValueError: failed")
        assert any(str(package) in line for _, line in output.lines)
        assert not any("worker.py" in line for _, line in output.lines)
    finally:
        host.process.close()


def test_a_start_that_takes_too_long_is_an_error(package: Path) -> None:
    (package / "deployment.py").write_text("import time\ntime.sleep(60)")
    output = Lines()
    host = Host(Launch(sys.executable, str(package)))
    with pytest.raises(StartError, match="did not start within 0.2 seconds"):
        host.start(0.2, output)
    assert output.lines == [("error", "The deployment did not start within 0.2 seconds")]


def test_a_plain_process_can_be_used_for_a_package(package: Path) -> None:
    process = Process(sys.executable)
    host = Host(Launch(sys.executable, str(package)), process)
    host.start(30, Lines())
    assert host.process is process
    process.close()


def test_a_process_ends_by_itself_when_it_is_let_go() -> None:
    process = Process(sys.executable)
    process.stop()
    assert process._popen.returncode == 0


def test_a_process_that_does_not_end_is_killed(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ubiops.emulator.runtime.process._SECONDS_TO_STOP", 0.1)
    (package / "deployment.py").write_text(
        "import atexit, time\natexit.register(time.sleep, 60)\nclass Deployment:\n  def request(self, data): pass"
    )
    host = Host(Launch(sys.executable, str(package)))
    host.start(30, Lines())
    host.process.stop()
    assert host.process._popen.returncode < 0


def test_killing_ends_a_conversation_and_may_be_repeated(package: Path) -> None:
    (package / "deployment.py").write_text("class Deployment:\n  def request(self, data):\n    while True: pass")
    host, output = Host(Launch(sys.executable, str(package))), Lines()
    host.start(30, output)
    timer = threading.Timer(0.1, host.process.kill, ("enough",))
    timer.start()
    reply = call(host, "a", output)
    assert reply.died
    assert (reply.error or "").endswith("enough")
    host.process.kill()
    host.process.close()


def test_a_process_that_is_closed_can_not_be_used() -> None:
    process = Process(sys.executable)
    process.close()
    with pytest.raises(ProcessDied):
        process.exchange({}, time.monotonic() + 5, Lines())


def test_no_descriptors_are_left(package: Path) -> None:
    folder = f"/proc/{os.getpid()}/fd"
    if not os.path.isdir(folder):
        pytest.skip("this system has no /proc")
    before = len(os.listdir(folder))
    for _ in range(3):
        host = Host(Launch(sys.executable, str(package)))
        host.start(30, Lines())
        host.process.close()
    assert len(os.listdir(folder)) == before


def test_a_missing_interpreter_leaves_no_descriptors() -> None:
    folder = f"/proc/{os.getpid()}/fd"
    before = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    with pytest.raises(OSError, match="missing"):
        Process("/missing/python")
    assert not before or len(os.listdir(folder)) == before

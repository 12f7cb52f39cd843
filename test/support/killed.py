"""Processes that are killed: at every step of some calls, or while they process
requests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Callable

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, SUPPORT)))}

# An emulator that prints its address and the inputs that are being processed. Inputs
# that begin with "wait" never end.
EMULATOR = """
import sys, threading
import ubiops.emulator
from thread_runner import ThreadRunner, installed

def run(data, context):
    # One write, so that lines of different threads don't mix.
    sys.stdout.write(data[:20] + "\\n")
    sys.stdout.flush()
    if data.startswith("wait"):
        threading.Event().wait()
    return data

with installed(ThreadRunner(run, threads=int(sys.argv[2]))):
    emulator = ubiops.emulator.start(data_dir=sys.argv[1], build_seconds=(0, 0, 0))
print(emulator.host, flush=True)
sys.stdin.read()
"""


def start_python(*arguments: str) -> subprocess.Popen[str]:
    """Starts a Python that can import this package and the modules beside this one."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs such a Python to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@contextlib.contextmanager
def running_emulator(data_dir: Path, *, threads: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs an emulator in a process of its own, until it is killed.

    Yields the process and the address. Each line that it prints is an input.
    """
    with start_python("-c", EMULATOR, str(data_dir), str(threads)) as process:
        try:
            yield process, next_lines(process, 1)[0]
        finally:
            process.kill()


def next_lines(process: subprocess.Popen[str], count: int) -> list[str]:
    """Returns the next lines that a process prints."""
    assert process.stdout
    return [process.stdout.readline().strip() for _ in range(count)]


# For scripts in a process of their own


def count_steps(kill_at: int) -> Callable[..., None]:
    """Makes this process kill itself at a step, counted from now on.

    A step is a call that writes to the disk, in any thread. Returns a function that
    counts a step, to be used as the trace callback of a database.
    """
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(function: Callable[..., Any]) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            step()
            result = function(*arguments, **options)
            step()
            return result

        return call

    # A kill loses nothing that was given to the system, so no one waits for the disk.
    os.fsync, os.replace = counted(lambda *_: None), counted(os.replace)
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    return step


def kill_at_each_step(
    prepared: Path,
    run: Callable[[Path, int, Callable[[], object]], object],
    check: Callable[[Path, int], object],
    *,
    stride: int = 1,
) -> dict[str, int]:
    """Runs something again and again, each time killed some steps later.

    Args:
        prepared: The folder to begin with. It is copied for each run.
        run: Called in a child process with the folder, the step at which to die, and a
            function that acknowledges a change.
        check: Called after each kill with the folder and the number of changes that
            were acknowledged.
        stride: How many steps later each run is killed.

    Returns:
        The number of kills, and how many changes the last run acknowledged, which was
        not killed.
    """
    kills = acknowledged = 0
    ended = False
    while not ended:
        folder = prepared.parent / f"run {kills}"
        shutil.copytree(prepared, folder)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            # Whatever happens, the child must not go on as its parent does.
            try:
                run(folder, kills * stride + 1, partial(os.write, writing, b"."))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        os.close(writing)
        acknowledged = 0
        while os.read(reading, 1):
            acknowledged += 1
        os.close(reading)
        _, status = os.waitpid(child, 0)
        ended = not os.WIFSIGNALED(status)
        assert not (ended and status), f"{folder} failed"
        kills += not ended
        check(folder, acknowledged)
    return {"kills": kills, "acknowledged": acknowledged}

"""Inspects packages in a child process, which a hostile package may exhaust or crash.

Run as a module, this is the child: it reads paths from its standard input, one a line,
and writes what it finds in the packages.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess  # nosec B404
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ubiops._packages.build import Inspection, inspect

if TYPE_CHECKING:
    from ubiops._packages.build import Runtime

SECONDS = 10.0
"""How long an inspection may take."""
MEMORY = 1024**3
"""How much memory a child may use, in bytes, where the system can limit it."""
_MUCH = 200 * 1024**2
_CHILDREN = max(2, min(4, os.cpu_count() or 2))
_ROOT = str(Path(__file__).resolve().parent.parent.parent)
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from ubiops._packages.inspector import serve; serve()"


class Inspector:
    """Child processes that inspect packages. They start when needed and are reused.

    May be used from any thread. A process that is forked meanwhile uses children of its
    own.

    Args:
        seconds: How long an inspection may take.
        memory: How much memory a child may use, in bytes.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.close)

    def _reset(self) -> None:
        # A forked process must not end the children of its parent.
        self._inherited = getattr(self, "_idle", [])
        self._idle: list[_Child] = []
        self._free = threading.BoundedSemaphore(_CHILDREN)

    def inspect(self, path: Path, environment: Runtime, code_file: str | None = None) -> Inspection:
        """Inspects a package, for a version with this environment.

        The code may be in another file than the usual one.
        If the child crashes or takes too long, the result is an error that says so.

        Raises:
            FileNotFoundError: There is no such file.
        """
        os.stat(path)
        job = json.dumps([os.fspath(path), code_file, environment.name, environment.language, *environment.version])
        with self._free:
            try:
                return self._run(job)
            except OSError as error:
                return self._failed(f"no process can be started for it: {error}")

    def _run(self, job: str) -> Inspection:
        try:
            child, is_new = self._idle.pop(), False
        except IndexError:
            child, is_new = _Child(self._memory), True
        try:
            found = child.inspect(job, self._seconds)
        except BaseException:
            child.close()
            raise
        if found is not None:
            self._idle.append(child)
            return found
        child.close()
        # One that had been idle may have ended for reasons of its own.
        return self._run(job) if not (is_new or child.took_too_long) else self._failed(self._limits())

    def _failed(self, reason: str) -> Inspection:
        return Inspection(error=f"the package can't be inspected: {reason}", fails_in_building=True)

    def _limits(self) -> str:
        return f"it takes more than {self._seconds:g} seconds, or more than {self._memory // 1024**2} MB of memory"

    def close(self) -> None:
        """Ends the children that are idle. Others start when they are needed."""
        while self._idle:
            self._idle.pop().close()


class _Child:
    """One child process."""

    def __init__(self, memory: int) -> None:
        self.took_too_long = False
        # Isolated: neither the current folder nor variables of the environment decide
        # which code it imports. It needs no package but this one.
        command = [sys.executable, "-I", "-S", "-c", _CHILD, _ROOT, str(memory)]
        self._process = subprocess.Popen(  # noqa: S603  # nosec B603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="ascii"
        )

    def inspect(self, job: str, seconds: float) -> Inspection | None:
        """Returns what the child finds, or None if it has ended."""
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            line = self._ask(job)
        finally:
            timer.cancel()
        found = json.loads(line) if line.endswith("\n") else None
        return Inspection(*found) if found else None

    def _give_up(self) -> None:
        self.took_too_long = True
        self._process.kill()

    def _ask(self, job: str) -> str:
        requests, responses = self._process.stdin, self._process.stdout
        assert requests is not None and responses is not None  # noqa: S101, PT018  # nosec B101
        try:
            requests.write(f"{job}\n")
            requests.flush()
            return responses.readline()
        except OSError:
            return ""

    def close(self) -> None:
        """Ends the process. It has nothing to save."""
        self._process.kill()
        with contextlib.suppress(OSError):
            self._process.communicate()


class _Environment(NamedTuple):
    name: str
    language: str
    version: tuple[int, int]


def serve() -> None:
    """Inspects packages until the parent ends or closes the pipe.

    If an inspection needs too much memory, the response is null.
    """
    # Ctrl-C in a terminal is for the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(int(sys.argv[2]))
    for line in sys.stdin:
        path, code_file, name, language, *version = json.loads(line)
        environment = _Environment(name, language, (version[0], version[1]))
        try:
            found: Inspection | None = inspect(Path(path), environment, code_file)
        except MemoryError:
            found = None
        except OSError as error:
            found = Inspection(error=f"the package can't be read: {error.strerror}", fails_in_building=True)
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()
        if _memory_used() > _MUCH:
            # It would keep the memory. The parent starts another one when needed.
            return


def _memory_used() -> int:
    """Returns how much memory this process has used at most, in bytes."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/status", encoding="ascii") as status:
        # What the system says below counts the memory of the parent from before this
        # program was started, too.
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In kilobytes, but not on macOS.
    return used if sys.platform == "darwin" else used * 1024


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limits.
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

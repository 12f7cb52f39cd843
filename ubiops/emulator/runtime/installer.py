"""Installs the packages of a requirements.txt into environments of their own.

An environment is kept and used again for the same requirements, interpreter and
variables.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess  # nosec B404
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Log = Callable[[str], None]

MAXIMUM_SECONDS = 3600.0
"""How long one command may take."""
_QUOTED_LINES = 12
_LONGEST_LINE = 2000
_COMPLETE = "complete.json"
# Where pip and uv find packages, and the rest of what programs need. Names with these
# beginnings are passed on as well.
_PREFIXES = ("PIP_", "UV_", "LC_")


class InstallError(Exception):
    """The requirements could not be installed. The message quotes the installer."""


class InstallStopped(InstallError):
    """The emulator was stopped during the installation."""


class Installer:
    """Creates environments in a folder.

    Args:
        folder: The folder. Unfinished environments in it are removed.
        exclusive: Whether no other process uses the folder.
    """

    def __init__(self, folder: Path, exclusive: bool = True) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        folder.mkdir(parents=True, exist_ok=True)
        if exclusive:
            for path in folder.iterdir():
                if not (path / _COMPLETE).exists():
                    shutil.rmtree(path, ignore_errors=True)

    def find(self, requirements: str, python: str, environment: Mapping[str, str] | None = None) -> Path | None:
        """Returns the interpreter of an environment if it exists already."""
        return self._find(_key(requirements, python, environment))

    def install(
        self, requirements: str, python: str, *, log: Log, environment: Mapping[str, str] | None = None
    ) -> Path:
        """Returns the interpreter of an environment with these requirements.

        Args:
            requirements: The text of a requirements.txt.
            python: The interpreter to create the environment with.
            log: Called with each line that the installer prints.
            environment: Environment variables for the installer.

        Raises:
            InstallError: The installation failed. The message quotes the installer.
        """
        key = _key(requirements, python, environment)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            found = self._find(key)
            if found is not None:
                log("The same requirements were installed before: their environment is used again")
                return found
            # An environment can't be moved once it is complete, and its name is new: a
            # killed emulator may have left an installer at work.
            folder = self._folder / f"{key}-{uuid.uuid4().hex[:8]}"
            try:
                self._create(folder, requirements, python, log, environment or {})
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            return _interpreter(folder)

    def resume(self) -> None:
        """Lets installations run again."""
        with self._lock:
            self._stopped = False

    def _find(self, key: str) -> Path | None:
        for complete in self._folder.glob(f"{key}-*/{_COMPLETE}"):
            return _interpreter(complete.parent)
        return None

    def stop(self) -> None:
        """Kills the installations that run; they raise InstallError."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _kill(process)

    def _create(self, folder: Path, requirements: str, python: str, log: Log, environment: Mapping[str, str]) -> None:
        started = time.monotonic()
        variables = _variables(environment)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        # Files that the requirements name, such as constraints, are not in this folder:
        # the platform doesn't have them either when it builds an environment.
        if uv:
            self._run([uv, "venv", "--quiet", "--seed", "--python", python, str(folder)], variables, log)
        else:
            self._run([python, "-m", "venv", str(folder)], variables, log)
        text = folder / "requirements.txt"
        text.write_text(requirements, encoding="utf-8")
        executable = str(_interpreter(folder))
        if uv:
            command = [uv, "pip", "install", "--python", executable, "-r", str(text)]
        else:
            options = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
            command = [executable, "-m", "pip", "install", *options, "-r", str(text)]
        self._run(command, variables, log)
        facts = {"python": python, "seconds": round(time.monotonic() - started, 1)}
        unfinished = folder / f"{_COMPLETE}.part"
        unfinished.write_text(json.dumps(facts), encoding="utf-8")
        unfinished.rename(folder / _COMPLETE)
        log(f"Installed the requirements with {'uv' if uv else 'pip'} in {facts['seconds']} seconds")

    def _run(self, command: Sequence[str], variables: dict[str, str], log: Log) -> None:
        """Runs a command and logs what it prints.

        Raises:
            InstallError: It failed, took too long, or was stopped.
        """
        name = "uv" if os.path.basename(command[0]) == "uv" else "pip" if "pip" in command else "venv"
        latest: collections.deque[str] = collections.deque(maxlen=_QUOTED_LINES)
        with self._lock:
            if self._stopped:
                raise InstallStopped("the emulator was stopped")
            try:
                process = subprocess.Popen(  # noqa: S603  # nosec B603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=variables,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )
            except OSError as error:
                raise InstallError(f"{command[0]} could not be started: {error}") from error
            self._running.add(process)
        watch = threading.Timer(MAXIMUM_SECONDS, _kill, (process,))
        watch.daemon = True
        watch.start()
        try:
            with process, contextlib.suppress(ValueError):
                for line in process.stdout or ():
                    text = line.rstrip()[:_LONGEST_LINE]
                    if text:
                        latest.append(text)
                        log(text)
        finally:
            timed_out = not watch.is_alive()
            watch.cancel()
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise InstallStopped("the emulator was stopped")
        if timed_out:
            raise InstallError(f"{name} took longer than {MAXIMUM_SECONDS:g} seconds")
        if process.returncode:
            quoted = "\n".join(latest) or f"it exited with code {process.returncode}"
            raise InstallError(f"{name} could not install the requirements:\n{quoted}")


def install(
    requirements: str,
    python: str = sys.executable,
    *,
    log: Log,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Path:
    """Returns the interpreter of an environment with these requirements.

    Args:
        requirements: The text of a requirements.txt.
        python: The interpreter to create the environment with.
        log: Called with each line that the installer prints.
        environment: Environment variables for the installer.
        folder: Where environments are kept. Default: a cache folder of the user.

    Raises:
        InstallError: The installation failed. The message quotes the installer.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ubiops" / "environments"
    return Installer(folder or cache, exclusive=False).install(requirements, python, log=log, environment=environment)


def _key(requirements: str, python: str, environment: Mapping[str, str] | None) -> str:
    """Returns the name of the folder of an environment."""
    lines = [line.strip() for line in requirements.splitlines() if line.strip() and not line.strip().startswith("#")]
    facts = [lines, os.path.realpath(python), sys.prefix if python == sys.executable else "", environment or {}]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()[:32]


def _interpreter(folder: Path) -> Path:
    return folder / "bin" / "python"


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    from ubiops.emulator.runtime.process import base_environment

    passed = {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}
    # pip would buffer what it prints.
    return {**base_environment(), **passed, "PYTHONUNBUFFERED": "1", **environment}


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

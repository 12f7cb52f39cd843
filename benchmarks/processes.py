"""The processes of the server and of the contestants: start, ask, stop."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environments import ENVIRONMENTS, prepare, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
LONGEST = 600
"""Seconds that one command may take before its process is killed."""


class Process:
    """A process that reads commands and writes results as lines of JSON."""

    def __init__(self, environment: str, script: str, *arguments: str, folder: str | None = None) -> None:
        self._name = " ".join((script, *arguments))
        self._process = subprocess.Popen(
            [prepare(environment), str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=variables(arguments[0] if arguments else environment),
        )
        # Never None, because both are pipes.
        self._in: Any = self._process.stdin
        self._out: Any = self._process.stdout

    def read(self) -> Any:
        """Returns the next line that the process writes."""
        timer = threading.Timer(LONGEST, self._process.kill)
        timer.start()
        try:
            line = self._out.readline()
        finally:
            timer.cancel()
        if not line:
            raise RuntimeError(f"{self._name} ended without a result; its error is printed above")
        return json.loads(line)

    def ask(self, do: str, **arguments: Any) -> Any:
        """Sends a command and returns its result."""
        print(json.dumps({"do": do, **arguments}), file=self._in, flush=True)
        return self.read()

    def close(self) -> None:
        """Stops the process."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()


class Server:
    """The server of prepared responses."""

    def __init__(self) -> None:
        self._process = Process("server", "server.py")
        ready = self._process.read()
        self.http = f"http://127.0.0.1:{ready['http']}/v2.1"
        self.https = f"https://127.0.0.1:{ready['https']}/v2.1"
        self.ca: str = ready["ca"]

    def counts(self) -> dict[str, int]:
        """Returns the connections, requests and bytes of bodies since the last call."""
        taken: dict[str, int] = self._process.ask("counts")
        return taken

    def close(self) -> None:
        """Stops the server."""
        self._process.close()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Runs the server of prepared responses."""
    running = Server()
    try:
        yield running
    finally:
        running.close()


@contextlib.contextmanager
def worker(contestant: str, server: Server, folder: str) -> Iterator[Process]:
    """Runs a contestant with clients for both addresses of the server."""
    process = Process(ENVIRONMENTS[contestant], "worker.py", contestant, folder=folder)
    try:
        process.ask("connect", scheme="http", host=server.http, ca=server.ca)
        process.ask("connect", scheme="https", host=server.https, ca=server.ca)
        yield process
    finally:
        process.close()

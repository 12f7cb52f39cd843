"""The server and the workers as the runner sees them: started, asked, and ended for certain."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environments import prepare, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
LONGEST = 600
"""Seconds that one command may take before the process is ended."""


class Process:
    """A process that answers each JSON line with another one."""

    def __init__(self, environment: str, script: str, *arguments: str, folder: str | None = None) -> None:
        self._name = " ".join((script, *arguments))
        self._process = subprocess.Popen(
            [prepare(environment), str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=variables(environment if arguments != ("floor",) else "floor"),
        )
        # Both are there, since both were asked for; only the type does not say so.
        self._in: Any = self._process.stdin
        self._out: Any = self._process.stdout

    def read(self) -> Any:
        """The next line that the process prints."""
        timer = threading.Timer(LONGEST, self._process.kill)
        timer.start()
        try:
            line = self._out.readline()
        finally:
            timer.cancel()
        if not line:
            raise RuntimeError(f"{self._name} ended without an answer (its error is above)")
        return json.loads(line)

    def ask(self, do: str, **arguments: Any) -> Any:
        """The answer to a command."""
        print(json.dumps({"do": do, **arguments}), file=self._in, flush=True)
        return self.read()

    def close(self) -> None:
        """Ends the process."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()


class Server:
    """The server of canned answers."""

    def __init__(self) -> None:
        self._process = Process("server", "server.py")
        ready = self._process.read()
        self.http = f"http://127.0.0.1:{ready['http']}/v2.1"
        self.https = f"https://127.0.0.1:{ready['https']}/v2.1"
        self.ca: str = ready["ca"]

    def counts(self) -> dict[str, int]:
        """Connections, requests and bytes of bodies since this was last asked."""
        taken: dict[str, int] = self._process.ask("counts")
        return taken

    def close(self) -> None:
        """Ends the server."""
        self._process.close()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """The server of canned answers, as long as it is needed."""
    running = Server()
    try:
        yield running
    finally:
        running.close()


@contextlib.contextmanager
def worker(contestant: str, server: Server, folder: str) -> Iterator[Process]:
    """A contestant with clients for both of the server's addresses, as long as it is needed."""
    environment = "official" if contestant == "official" else "this"
    process = Process(environment, "worker.py", contestant, folder=folder)
    try:
        process.ask("connect", scheme="http", host=server.http, ca=server.ca)
        process.ask("connect", scheme="https", host=server.https, ca=server.ca)
        yield process
    finally:
        process.close()

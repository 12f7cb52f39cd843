"""A worker process, and the conversation with it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import struct
import subprocess  # nosec B404
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.runtime.worker import MARK, kill_marked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.emulator.runtime.output import Output

WORKER = Path(__file__).with_name("worker.py")
MAXIMUM_RESULT = 64 * 1024**2
"""The largest result of a request, in bytes of JSON."""
_MAXIMUM_MESSAGE = MAXIMUM_RESULT + 1024**2
_HEADER = struct.Struct(">Q")
_BLOCK = 1 << 16
_MOST_BLOCKS = 64
# How long a sign of life is waited for before the state of the process is checked.
_TICK = 0.1
_SECONDS_TO_STOP = 2.0
_LEVELS = ("info", "error")
# What a worker gets of the emulator's own environment: where programs and certificates
# are, and how to show text and time; no tokens.
_INHERITED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES"),
        *("XDG_CACHE_HOME", "HF_HOME"),
    )
)


class ProcessError(Exception):
    """The process can't go on. The message is meant for the caller of the request."""


class ProcessDied(ProcessError):
    """The process has ended, or was ended because it broke the rules."""


class ProcessTimeout(ProcessError):
    """The time has run out."""


def base_environment() -> dict[str, str]:
    """Returns the environment variables that a worker has in any case."""
    return {name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith("LC_")}


class Process:
    """A worker process: a plain interpreter until it gets its first message.

    One thread at a time talks to it. `kill` may be called from any.

    Args:
        python: The interpreter.
        environment: Its environment variables. Default: those that any worker has.
    """

    def __init__(self, python: str, environment: Mapping[str, str] | None = None) -> None:
        self.python = python
        self._lock = threading.Lock()
        self._killed: str | None = None
        self._reaped = False
        self._mark = secrets.token_hex(8)
        self._received = bytearray()
        self.healthy = True
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as on_failure:
            on_failure.callback(ours.close)
            watched, self._alive = os.pipe()
            on_failure.callback(os.close, self._alive)
            try:
                self._popen = subprocess.Popen(  # noqa: S603  # nosec B603
                    [python, str(WORKER), str(theirs.fileno()), str(watched)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(theirs.fileno(), watched),
                    env={**(base_environment() if environment is None else environment), MARK: self._mark},
                    # A session of its own: Ctrl-C doesn't reach it, and everything that
                    # it forks can be killed with it.
                    start_new_session=True,
                )
            finally:
                os.close(watched)
            on_failure.pop_all()
        self._socket = ours
        self.pid = self._popen.pid
        self._outputs: dict[int, str] = {}
        self._poll = select.poll()
        self._poll.register(ours, select.POLLIN)
        for pipe, level in zip((self._popen.stdout, self._popen.stderr), _LEVELS):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._outputs[pipe.fileno()] = level
                self._poll.register(pipe, select.POLLIN)

    def exchange(
        self,
        message: Mapping[str, Any],
        deadline: float,
        output: Output,
        on_update: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Sends a message and returns the response to it.

        Args:
            message: The message, an object.
            deadline: When the time runs out, by `time.monotonic`.
            output: Collects what is printed meanwhile.
            on_update: Called with each text that the code streams.

        Raises:
            ProcessTimeout: The time ran out. The process should be killed.
            ProcessDied: The process has ended.
        """
        try:
            key = secrets.token_hex(8)
            self._send(json.dumps({**message, "key": key}).encode("utf-8"), deadline)
            while True:
                response = self._next_message()
                if response is None:
                    self._wait(deadline, output)
                elif response.get("key") != key:
                    # It belongs to an earlier request, whose code has left a thread.
                    continue
                elif response.get("type") == "update":
                    if on_update is not None:
                        on_update(str(response.get("text", "")))
                elif response.get("type") == "unhealthy":
                    self.healthy = False
                else:
                    # Whatever it printed is in the pipes by now.
                    self.drain(output)
                    return response
        except (OSError, EOFError) as error:
            self.drain(output)
            raise ProcessDied(self._how_it_ended()) from error

    def drain(self, output: Output) -> None:
        """Reads what has been printed, without waiting for more."""
        for descriptor in list(self._outputs):
            self._read_output(descriptor, output)
        output.flush()

    def _send(self, content: bytes, deadline: float) -> None:
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            self._socket.sendall(_HEADER.pack(len(content)))
            self._socket.sendall(content)
        except socket.timeout as error:
            raise ProcessTimeout from error

    def _wait(self, deadline: float, output: Output) -> None:
        """Reads what comes next; returns after a moment if nothing comes."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise ProcessTimeout
        events = self._poll.poll(min(left, _TICK) * 1000)
        for descriptor, _ in events:
            if descriptor in self._outputs:
                self._read_output(descriptor, output)
            else:
                block = self._socket.recv(_BLOCK * 16)
                if not block:
                    raise EOFError
                self._received += block
        output.flush()
        if not events and self._has_exited():
            # A process that it forked may still hold the other end of the socket.
            raise EOFError

    def _next_message(self) -> dict[str, Any] | None:
        received = self._received
        if len(received) < _HEADER.size:
            return None
        size: int = _HEADER.unpack_from(received)[0]
        if size > _MAXIMUM_MESSAGE:
            self.kill("it sent a message that is too large")
            raise EOFError
        if len(received) < _HEADER.size + size:
            return None
        content = bytes(received[_HEADER.size : _HEADER.size + size])
        del received[: _HEADER.size + size]
        try:
            message = json.loads(content)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self.kill("it sent a message that can't be read")
            raise EOFError
        return message

    def _read_output(self, descriptor: int, output: Output) -> None:
        for _ in range(_MOST_BLOCKS):
            try:
                content = os.read(descriptor, _BLOCK)
            except BlockingIOError:
                return
            if not content:
                # The code has closed it.
                self._poll.unregister(descriptor)
                del self._outputs[descriptor]
                return
            output.feed(self._outputs[descriptor], content)

    def _has_exited(self) -> bool:
        with self._lock:
            if self._reaped:
                return True
            if not hasattr(os, "waitid"):
                return self._popen.poll() is not None
            try:
                # It stays a zombie, which keeps its id until its group is killed.
                return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            except ChildProcessError:
                return True

    def _how_it_ended(self) -> str:
        """Waits for the end of the process and returns a text about it."""
        limit = time.monotonic() + 1
        while not self._has_exited() and time.monotonic() < limit:
            time.sleep(0.005)
        if self._killed is None and not self._has_exited():
            self.kill("it closed its connection to the emulator")
        killed = self._killed
        self.close()
        if killed is not None:
            return killed
        code = self._popen.returncode
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"it was killed by the signal {signal.Signals(-code).name}"
            return f"it was killed by the signal {-code}"
        return f"it exited with code {code}"

    def kill(self, why: str = "it was stopped") -> None:
        """Kills the process and everything that it has forked, for a reason."""
        with self._lock:
            if self._reaped:
                return
            if self._killed is None:
                self._killed = why
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Lets the process end by itself, or kills it if it doesn't within a moment."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        limit = time.monotonic() + _SECONDS_TO_STOP
        while not self._has_exited() and time.monotonic() < limit:
            time.sleep(0.01)
        self.close()

    def close(self) -> None:
        """Kills the process and releases what belongs to it."""
        self.kill()
        with self._lock:
            if self._reaped:
                return
            kill_marked(self._mark)
            self._popen.wait()
            self._reaped = True
            # What it forked may have outlived it until now.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._socket.close()
        with contextlib.suppress(OSError):
            os.close(self._alive)
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()
        self._outputs = {}

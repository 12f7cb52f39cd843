"""Runs one deployment package: the script of a worker process.

It stands alone: any Python from 3.8 on runs it, with nothing but the standard library.
Messages are JSON, each after its length, over a socket whose descriptor is the first
argument. The second one is a pipe that never carries anything: its end tells that the
emulator is gone.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

HEADER = struct.Struct(">Q")
LONGEST_TRACEBACK = 64 * 1024
# Of this user on the whole machine, threads included.
MOST_TASKS = 10_000
# An environment variable that tells which process has started another one.
MARK = "UBIOPS_EMULATOR_PROCESS"
# Where the package is, once that is known.
PACKAGE = {"folder": ""}


class Channel:
    """The connection to the emulator."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._lock = threading.Lock()
        self._owner = os.getpid()
        # Each message from the emulator has a key, and so does what responds to it.
        self.key = ""

    def receive(self) -> Any:
        """Returns the next message, or None at the end."""
        self._check_owner()
        header = self._read(HEADER.size)
        if header is None:
            return None
        content = self._read(HEADER.unpack(header)[0])
        if content is None:
            return None
        message = json.loads(content)
        self.key = message["key"]
        return message

    def send(self, message: Any) -> None:
        """Sends a message: an object, or its JSON as bytes."""
        self._check_owner()
        content = message if isinstance(message, bytes) else json.dumps({"key": self.key, **message}).encode("ascii")
        with self._lock:
            self._socket.sendall(HEADER.pack(len(content)))
            self._socket.sendall(content)

    def _check_owner(self) -> None:
        # A process that the code forked must not take part in the conversation.
        if os.getpid() != self._owner:
            os._exit(1)

    def _read(self, size: int) -> bytes | None:
        content = bytearray()
        while len(content) < size:
            block = self._socket.recv(min(size - len(content), 1 << 20))
            if not block:
                return None
            content += block
        return bytes(content)


class PlainHandler(logging.Handler):
    """Shows the records of loggers that the code has not configured."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes errors to stderr and everything else to stdout."""
        try:
            stream = sys.stderr if record.levelno >= logging.ERROR else sys.stdout
            stream.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def show_logging() -> None:
    """Shows what the code logs, until it configures logging itself."""
    handler, configure, root = PlainHandler(), logging.basicConfig, logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)

    def basic_config(**settings: Any) -> None:
        """Does what it always does: it would do nothing beside another handler."""
        root.removeHandler(handler)
        configure(**settings)

    logging.basicConfig = basic_config


class Failure(Exception):
    """A package that can't be used. The message says why."""


def kill_marked(mark: str) -> None:
    """Kills what a worker process has started and what then left its session.

    Only Linux tells the environment of processes.
    """
    wanted = f"{MARK}={mark}".encode("ascii")
    try:
        found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for pid in found:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as file:
                is_marked = pid != os.getpid() and wanted in file.read().split(b"\0")
            if is_marked:
                os.kill(pid, signal.SIGKILL)


def watch(descriptor: int) -> None:
    """Ends this process and those that it started when the emulator is gone."""
    mark = os.environ.get(MARK, "")

    def wait() -> None:
        try:
            os.read(descriptor, 1)
            kill_marked(mark)
        finally:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, name="emulator-watch", daemon=True).start()


def limit() -> None:
    """Limits what the code can do to the machine by accident."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getuid() != 0:
        soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        if soft == resource.RLIM_INFINITY or soft > MOST_TASKS:
            resource.setrlimit(resource.RLIMIT_NPROC, (MOST_TASKS, hard))


def prepare(message: dict[str, Any]) -> None:
    """Makes the process what the package expects: folder, variables, module path."""
    mark = os.environ.get(MARK, "")
    os.environ.clear()
    os.environ.update(message["environment"])
    os.environ[MARK] = mark
    time.tzset()
    streams: list[Any] = [sys.stdout, sys.stderr]
    for stream in streams:
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    show_logging()
    folder = PACKAGE["folder"] = message["folder"]
    os.chdir(folder)
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != own]
    sys.path[:0] = [folder, os.path.join(folder, "libraries")]
    sys.argv[:] = [os.path.join(folder, message["file"])]
    # The system may not have these limits, or have lower ones.
    with contextlib.suppress(ImportError, OSError, ValueError):
        limit()


def load(folder: str, file: str) -> Any:
    """Returns the class Deployment of a package."""
    name = os.path.splitext(os.path.basename(file))[0]
    path = os.path.join(folder, file)
    loader = SourceFileLoader(name, path)
    spec = spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise Failure(f"{file} can't be loaded as a Python module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    if not hasattr(module, "Deployment"):
        raise Failure(f"{file} has no class Deployment")
    return module.Deployment


def construct(kind: Any, folder: str, context: dict[str, Any]) -> Any:
    """Constructs the deployment with those arguments that it names."""
    given = {"base_directory": folder, "context": context}
    parameters = inspect.signature(kind).parameters.values()
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        named = {parameter.name for parameter in parameters if parameter.kind is not parameter.POSITIONAL_ONLY}
        given = {name: value for name, value in given.items() if name in named}
    return kind(**given)


class Functions:
    """The functions request and requests of a deployment."""

    def __init__(self, deployment: Any) -> None:
        self.request = self._find(deployment, "request")
        self.requests = self._find(deployment, "requests")
        self._loop: Any = None
        if self.request is None and self.requests is None:
            raise Failure("the class Deployment has neither a function request nor a function requests")

    def call(self, inputs: list[Any], many: bool, context: dict[str, Any]) -> Any:
        """Calls the one that suits a single input or a list of them."""
        if many:
            if self.requests is not None:
                return self._run(self.requests, inputs, context)
            return [self._run(self.request, item, context) for item in inputs]
        if self.request is not None:
            return self._run(self.request, inputs[0], context)
        results = self._run(self.requests, inputs, context)
        return results[0] if isinstance(results, (list, tuple)) and len(results) == 1 else results

    def _find(self, deployment: Any, name: str) -> Any:
        function = getattr(deployment, name, None)
        return (function, _way_of_context(function)) if callable(function) else None

    def _run(self, found: Any, data: Any, context: dict[str, Any]) -> Any:
        function, way = found
        if way == "position":
            result = function(data, context)
        elif way == "name":
            result = function(data, context=context)
        else:
            result = function(data)
        return self._await(result) if inspect.isawaitable(result) else result

    def _await(self, awaitable: Any) -> Any:
        import asyncio

        async def wait() -> Any:
            return await awaitable

        # One loop for all requests, so that what the code keeps in it still works.
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(wait())


def _way_of_context(function: Callable[..., Any]) -> str | None:
    """Returns how a function takes the context: by position, by name, or not at all."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if len(positional) >= 2 or any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return "position"
    keywords = [one for one in parameters if one.kind is one.KEYWORD_ONLY and one.name == "context"]
    return "name" if keywords or any(one.kind is one.VAR_KEYWORD for one in parameters) else None


def describe(error: BaseException) -> dict[str, Any]:
    """Returns the message about an exception."""
    public = None
    try:
        found = getattr(error, "public_error_message", None)
        public = None if found is None or found == "" else str(found)[:LONGEST_TRACEBACK]
    except Exception as failure:
        public = f"The error has no message that can be shown: {type(failure).__name__}"
    return {"type": "failed", "public": public, "traceback": show(error)}


def show(error: BaseException) -> str:
    """Returns the traceback of an exception, from the first frame of the package on."""
    if isinstance(error, Failure):
        return str(error)
    folder = os.path.join(PACKAGE["folder"], "")
    at = error.__traceback__
    while at is not None and not at.tb_frame.f_code.co_filename.startswith(folder):
        at = at.tb_next
    try:
        text = "".join(traceback.format_exception(type(error), error, at))
    except Exception:
        text = f"{type(error).__name__}: its text can't be shown"
    return text[-LONGEST_TRACEBACK:]


def encode(result: Any, largest: int, key: str) -> Any:
    """Returns the message with a result as bytes."""
    try:
        content = json.dumps(result, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return {"type": "unusable", "why": "the result contains text that can't be encoded in UTF-8"}
    except Exception as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:1000]
        return {"type": "unusable", "why": "the result can't be written as JSON: " + why}
    if len(content) > largest:
        why = f"the result is too large: {len(content):,} bytes of JSON; at most {largest:,} are allowed"
        return {"type": "unusable", "why": why}
    return b'{"type": "done", "key": "' + key.encode("ascii") + b'", "result": ' + content + b"}"


def handle(message: dict[str, Any], functions: Functions, channel: Channel) -> Any:
    """Runs one request and returns the message about its end."""
    ended, key = threading.Event(), message["key"]

    def streaming_update(text: str) -> None:
        """Sends a part of the result to a caller who streams."""
        if not ended.is_set():
            # A thread may come too late: the key tells that to the emulator.
            channel.send({"type": "update", "key": key, "text": text if isinstance(text, str) else str(text)})

    context = dict(message["context"], streaming_update=streaming_update)
    try:
        result = functions.call(message["inputs"], message["many"], context)
        answer = encode(result, message["largest"], key)
    except BaseException as error:
        answer = describe(error)
    ended.set()
    return answer


def flush() -> bool:
    """Makes all that was printed visible; returns whether the streams still work."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.fstat(stream.fileno())
        os.fstat(1)
        os.fstat(2)
    except Exception:
        return False
    return True


def main() -> None:
    """Loads the package that the first message names, and serves requests."""
    channel, watched = Channel(int(sys.argv[1])), int(sys.argv[2])
    os.set_inheritable(int(sys.argv[1]), False)
    os.set_inheritable(watched, False)
    watch(watched)
    message = channel.receive()
    if message is None:
        return
    try:
        prepare(message)
        kind = load(message["folder"], message["file"])
        functions = Functions(construct(kind, message["folder"], message["context"]))
    except BaseException as error:
        flush()
        channel.send(describe(error))
        return
    flush()
    channel.send({"type": "ready"})
    while True:
        message = channel.receive()
        if message is None:
            return
        answer = handle(message, functions, channel)
        if not flush():
            # Nothing that is printed from now on would be seen: it starts anew.
            channel.send({"type": "unhealthy"})
        channel.send(answer)


if __name__ == "__main__":
    main()

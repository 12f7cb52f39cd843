"""Runs one package in one process. It needs no emulator."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.runtime.process import MAXIMUM_RESULT, Process, ProcessDied, ProcessTimeout, base_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ubiops.emulator.runtime.output import Output

# Texts that the platform's documentation doesn't give are guesses.
GENERAL_ERROR = "An exception occurred in the request. See the logs for details."
START_ERROR = "An exception occurred when the deployment was started. See the logs for details."
# Variables that an interpreter or the system reads when a process starts.
_EARLY = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_")


@dataclass(frozen=True)
class Launch:
    """What a process needs to run a package.

    Attributes:
        python: The interpreter.
        folder: The folder of the package's code. It becomes the working folder.
        file: The name of the file with the code.
        variables: The environment variables, in addition to those of any process.
        context: What ``Deployment`` gets as its context.
    """

    python: str
    folder: str
    file: str = "deployment.py"
    variables: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether an interpreter that is already running will do."""
        return not any(name.startswith(_EARLY) for name in self.variables)

    def environment(self) -> dict[str, str]:
        """Returns all environment variables of the process."""
        return {**base_environment(), **self.variables}


class StartError(Exception):
    """The package could not be started. The message is meant for callers."""


@dataclass(frozen=True)
class Reply:
    """How a call ended.

    Attributes:
        error: What the caller may know if it failed; None if it succeeded.
        result: What the code returned.
        died: Whether the process has ended.
        timed_out: Whether the time ran out.
    """

    error: str | None = None
    result: Any = None
    died: bool = False
    timed_out: bool = False


class Host:
    """One process that runs a package.

    Args:
        launch: The package.
        process: A process that runs the same interpreter and has not been used yet.
            Default: a new one.
    """

    def __init__(self, launch: Launch, process: Process | None = None) -> None:
        self._launch = launch
        if process is None:
            process = Process(launch.python, None if launch.is_plain else launch.environment())
        self.process = process

    def start(self, timeout: float, output: Output) -> None:
        """Loads the package and constructs its deployment.

        Raises:
            StartError: That failed. The logs say why.
        """
        launch = self._launch
        message = {
            "environment": launch.environment(),
            "folder": launch.folder,
            "file": launch.file,
            "context": dict(launch.context),
        }
        try:
            response = self.process.exchange(message, time.monotonic() + timeout, output)
        except ProcessTimeout as error:
            text = f"The deployment did not start within {timeout:g} seconds"
            self._close(output, text)
            raise StartError(text) from error
        except ProcessDied as error:
            text = f"The deployment's process ended while it started: {error}"
            self._close(output, text)
            raise StartError(text) from error
        if response.get("type") != "ready":
            self._close(output, str(response.get("traceback", "")))
            raise StartError(str(response.get("public") or START_ERROR))
        output.finish()

    def call(
        self,
        inputs: Sequence[Any],
        many: bool,
        context: Mapping[str, Any],
        deadline: float,
        output: Output,
        on_update: Callable[[str], None] | None = None,
    ) -> Reply:
        """Runs one request. After a reply that says so, the process is gone.

        Args:
            inputs: The inputs.
            many: Whether the caller sent a list of them.
            context: The context of the request.
            deadline: When the time runs out, by `time.monotonic`.
            output: Collects what is printed; a traceback is added to it.
            on_update: Called with each text that the code streams.
        """
        message = {"inputs": list(inputs), "many": many, "context": dict(context), "largest": MAXIMUM_RESULT}
        try:
            response = self.process.exchange(message, deadline, output, on_update)
        except ProcessTimeout:
            text = "The time for the request has run out"
            self._close(output, text)
            return Reply(text, died=True, timed_out=True)
        except ProcessDied as error:
            text = f"The deployment's process ended while it handled the request: {error}"
            self._close(output, text)
            return Reply(text, died=True)
        kind = response.get("type")
        if kind == "done":
            return Reply(result=response.get("result"))
        if kind == "unusable":
            text = str(response.get("why"))
            output.add_lines("error", text)
            return Reply(text[:1].upper() + text[1:])
        output.add_lines("error", str(response.get("traceback", "")))
        return Reply(str(response.get("public") or GENERAL_ERROR))

    def _close(self, output: Output, text: str) -> None:
        self.process.kill(text)
        self.process.drain(output)
        self.process.close()
        output.add_lines("error", text)
        output.finish()


def absolute(folder: str | os.PathLike[str]) -> str:
    """Returns a folder as a package sees it."""
    return os.path.realpath(folder)

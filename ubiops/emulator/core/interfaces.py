"""What areas expect of the parts that run code, keep files and do long work.

The parts themselves are made in `server`: areas know only these interfaces.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    Log = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One request, to be run by the code of a version.

    Attributes:
        version: The key of the version.
        request_id: The id of the request.
        load: Returns the inputs: a list of dicts or strings. Called in a worker thread
            when the job's turn has come, so that a queue holds no data.
        many: Whether the caller sent a list. The inputs of a caller who didn't are a
            list of one, and the outcome has a single result.
        mode: express (direct and streaming requests) or batch.
        timeout: Seconds until the request fails. For an express request they start now
            and include a cold start; for a batch request when it is processed.
        user: Who sent the request.
        priority: 0 goes before 1. Jobs of one priority run in the order of submission.
        context: Further keys of the context that the code gets, such as pipeline_id.
        on_start: Called when an instance takes the job. Returns False if it must not
            run any more.
        on_update: Called with each text that the code streams.
    """

    version: int
    request_id: str
    load: Callable[[], Sequence[Any]]
    many: bool
    mode: str
    timeout: float
    user: str
    priority: int = 1
    context: Mapping[str, Any] | None = None
    on_start: Callable[[], bool] | None = None
    on_update: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        status: completed, failed or cancelled.
        result: What the code returned, if completed. File outputs are URIs.
        error_message: What the caller may know, if it failed.
        interrupted: Whether the instance died or was stopped while it ran, so that the
            request could be run again.
    """

    status: str
    result: Any = None
    error_message: str | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class InstanceEvent:
    """Something that happened to an instance.

    Attributes:
        id: A UUID.
        created: When it happened, in seconds since 1970 by the emulator's clock.
        text: What happened, as a sentence.
    """

    id: str
    created: float
    text: str


@dataclass(frozen=True)
class InstanceView:
    """An instance as it was at one moment.

    Attributes:
        id: A UUID, as in the labels of log entries.
        version: The key of the version.
        status: pending, initialising, running or stopping.
        instance_type: The name of its instance type; None while it is pending.
        created: When it was created, in seconds since 1970 by the emulator's clock.
        updated: When its status changed.
        events: What happened to it, oldest first.
    """

    id: str
    version: int
    status: str
    instance_type: str | None
    created: float
    updated: float
    events: tuple[InstanceEvent, ...]


class Runner(Protocol):
    """Runs the code of versions in worker processes."""

    @abstractmethod
    def submit(self, job: Job) -> Future[Outcome]:
        """Queues a job. The future never has an exception, and callbacks of the job run
        in worker threads."""

    @abstractmethod
    def cancel(self, request_id: str) -> bool:
        """Cancels a job that is queued or runs. Returns False if there is none."""

    @abstractmethod
    def changed(self, version: int) -> None:
        """Makes new jobs of a version run with its present code, settings and
        variables. Instances finish what they run and stop. Also called when the version
        is deleted."""

    @abstractmethod
    def instances(self) -> Sequence[InstanceView]:
        """Returns the instances of all versions that have not ended."""

    @abstractmethod
    def stop_instance(self, instance_id: str) -> bool:
        """Stops an instance at once. What it runs is interrupted, and queued jobs wait
        for another instance. Returns False if there is none of this id."""


class BucketFiles(Protocol):
    """The files in the buckets of projects, as the runner needs them."""

    @abstractmethod
    def open(self, project: str, uri: str) -> Path:
        """Returns where the file of a ``ubiops-file://`` URI is stored, to be copied.

        Raises:
            ApiError: There is no such bucket or file, or the URI is invalid.
        """

    @abstractmethod
    def put(self, project: str, bucket: str, name: str, source: Path) -> str:
        """Copies a file into a bucket and returns its URI.

        Raises:
            ApiError: There is no such bucket, or the name is invalid.
        """


class Builder(Protocol):
    """Makes revisions ready to run."""

    @abstractmethod
    def takes_long(self, archive: Path, variables: Mapping[str, str]) -> bool:
        """Returns whether the build of a package has to install something.

        Args:
            archive: The zip archive.
            variables: The environment variables of its version.
        """

    @abstractmethod
    def build(self, build: int) -> str | None:
        """Does the work of a build and logs it.

        Args:
            build: The key of the build.

        Returns:
            Why the build fails, or an empty text. None if the emulator stops before it
            is done: it is taken up when the emulator starts again.
        """

    @abstractmethod
    def install(
        self, requirements: str, python: str, *, log: Log, environment: Mapping[str, str] | None = None
    ) -> Path:
        """Returns the interpreter of an environment with these requirements.

        It takes long, so call it in background work.

        Args:
            requirements: The text of a requirements.txt.
            python: The interpreter to create the environment with.
            log: Called with each line that the installer prints.
            environment: Environment variables for the installer.

        Raises:
            ubiops.emulator.runtime.installer.InstallError: The installation failed. The
                message quotes the installer.
        """


class Background(Protocol):
    """Does long work, such as builds, outside of the requests that ask for it."""

    @abstractmethod
    def submit(self, work: Callable[[], None]) -> None:
        """Does this work soon, in a worker thread. An exception is logged."""


class InstallationError(Exception):
    """Packages could not be installed. The message quotes the installer."""


class InstallationStopped(Exception):
    """The installation was stopped together with the emulator."""


class Installer(Protocol):
    """Installs packages, so that code can run with them later."""

    def prepare(
        self, requirements: str, python: tuple[int, int], variables: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        """Installs the packages of a requirements.txt.

        Args:
            requirements: The text of the file.
            python: The version of Python, such as (3, 11).
            variables: Environment variables for the installation.
            log: Called with each line that the installation prints.

        Raises:
            InstallationError: They can't be installed.
            InstallationStopped: It was stopped, and is to be done again at the next
                start.
        """

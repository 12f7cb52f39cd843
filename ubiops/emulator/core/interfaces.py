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


class Background(Protocol):
    """Does long work, such as builds, outside of the requests that ask for it."""

    @abstractmethod
    def submit(self, work: Callable[[], None]) -> None:
        """Does this work soon, in a worker thread. An exception is logged."""

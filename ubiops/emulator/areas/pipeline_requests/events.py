"""Tells other areas when a request to a pipeline starts and ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from ubiops.emulator.areas.pipeline_requests.active import Active
    from ubiops.emulator.core.backend import Backend

_log = logging.getLogger("ubiops.emulator")


@dataclass(frozen=True)
class PipelineEvent:
    """Something that happened to a request to a pipeline.

    Attributes:
        kind: started (it is being processed), completed, failed or cancelled.
        project: The project.
        pipeline: The name of the pipeline.
        pipeline_id: The id of the pipeline.
        version: The name of the version.
        version_id: The id of the version.
        request_id: The id of the request.
        status: The status of the request.
        time: When it happened, by the emulator's clock.
        result: What reached the end of the pipeline, if it completed.
        error_message: Why it failed, if it did.
    """

    kind: str
    project: str
    pipeline: str
    pipeline_id: str
    version: str
    version_id: str
    request_id: str
    status: str
    time: float
    result: Any = None
    error_message: str | None = None

    @classmethod
    def of(cls, request: Active, kind: str, status: str, time: float) -> PipelineEvent:
        """Returns an event of a request."""
        where = request.destination
        return cls(
            kind,
            where.project,
            where.pipeline,
            where.pipeline_id,
            where.version,
            where.version_id,
            request.id,
            status,
            time,
        )

    def ended(self, result: Any, error_message: str | None) -> PipelineEvent:
        """Returns the event with how the request ended."""
        return replace(self, result=result, error_message=error_message)


observers: list[Callable[[Backend, PipelineEvent], None]] = []
"""Called with every event, after the change was stored and in the thread that stores.
They must be quick. An exception is logged."""


def notify(backend: Backend, event: PipelineEvent) -> None:
    """Calls all observers with an event."""
    for observer in observers:
        try:
            observer(backend, event)
        except Exception:  # noqa: PERF203 - each on its own
            _log.exception("%r failed for the request %s", observer, event.request_id)

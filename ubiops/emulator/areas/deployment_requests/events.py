"""Tells other areas when a request starts and ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.emulator.core.backend import Backend

_log = logging.getLogger("ubiops.emulator")


@dataclass(frozen=True)
class RequestEvent:
    """Something that happened to a request to a deployment.

    Attributes:
        kind: started (it is being processed), completed, failed or cancelled.
        project: The project.
        deployment: The name of the deployment.
        deployment_id: The id of the deployment.
        version: The name of the version.
        version_id: The id of the version.
        request_id: The id of the request.
        status: The status of the request: processing, completed, failed or cancelled.
        time: When it happened, by the emulator's clock.
        result: What the code returned, if it completed.
        error_message: Why it failed, if it did.
        context: The further keys of the request's context, such as pipeline_request_id.
    """

    kind: str
    project: str
    deployment: str
    deployment_id: str
    version: str
    version_id: str
    request_id: str
    status: str
    time: float
    result: Any = None
    error_message: str | None = None
    context: Mapping[str, Any] | None = None


Observer = Callable[["Backend", RequestEvent], None]

observers: list[Observer] = []
"""Called with every event of a request, one after the other.

They are called in a thread that stores requests, after the change was stored, so they
must be quick. Each request's events come in order. An exception is logged."""


def notify(backend: Backend, event: RequestEvent) -> None:
    """Calls all observers with an event."""
    for observer in observers:
        _call(observer, backend, event)


def _call(observer: Observer, backend: Backend, event: RequestEvent) -> None:
    try:
        observer(backend, event)
    except Exception:
        _log.exception("%r failed for the request %s", observer, event.request_id)

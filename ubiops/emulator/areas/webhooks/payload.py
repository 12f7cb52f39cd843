"""What the calls of webhooks say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubiops.emulator.areas.deployment_requests.events import RequestEvent
    from ubiops.emulator.areas.pipeline_requests.events import PipelineEvent

# A larger result is left out.
MAXIMUM_RESULT = 16 * 1024


@dataclass(frozen=True)
class Happening:
    """Something that happened to a request, whatever it was sent to.

    Attributes:
        type: deployment or pipeline.
        kind: started, completed, failed or cancelled.
        project: The project.
        name: The name of the deployment or pipeline.
        id: Its id.
        version: The name of the version.
        version_id: The id of the version.
        request_id: The id of the request.
        status: The status of the request.
        result: The result, if it completed.
    """

    type: str
    kind: str
    project: str
    name: str
    id: str
    version: str
    version_id: str
    request_id: str
    status: str
    result: Any = None

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events that webhooks wait for."""
        kinds = (self.kind,) if self.kind == "started" else (self.kind, "finished")
        return tuple(f"{self.type}_request_{kind}" for kind in kinds)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of log entries about the request."""
        return {
            f"{self.type}_name": self.name,
            f"{self.type}_id": self.id,
            f"{self.type}_version": self.version,
            f"{self.type}_version_id": self.version_id,
            f"{self.type}_request_id": self.request_id,
        }


def of_deployment(event: RequestEvent) -> Happening:
    """Returns what happened to a request to a deployment."""
    return Happening(
        "deployment",
        event.kind,
        event.project,
        event.deployment,
        event.deployment_id,
        event.version,
        event.version_id,
        event.request_id,
        event.status,
        event.result,
    )


def of_pipeline(event: PipelineEvent) -> Happening:
    """Returns what happened to a request to a pipeline."""
    return Happening(
        "pipeline",
        event.kind,
        event.project,
        event.pipeline,
        event.pipeline_id,
        event.version,
        event.version_id,
        event.request_id,
        event.status,
        event.result,
    )


def make_payload(happening: Happening, event: str, include_result: bool) -> bytes:
    """Returns the body of a call.

    The names of the keys for pipelines and versions, and the text, are guesses.

    Args:
        happening: What happened.
        event: The event that the webhook waits for.
        include_result: Whether it asks for the result.
    """
    kind = happening.type
    payload: dict[str, Any] = {
        "event": event,
        f"{kind}_id": happening.id,
        f"{kind}_name": happening.name,
        f"{kind}_version_id": happening.version_id,
        f"{kind}_version_name": happening.version,
        "request_id": happening.request_id,
        "status": happening.status,
        "text": (
            f"Request {happening.request_id} to version {happening.version} of {kind} {happening.name} "
            f"in project {happening.project}: {happening.status}"
        ),
    }
    if include_result and len(json.dumps(happening.result, ensure_ascii=False).encode("utf-8")) <= MAXIMUM_RESULT:
        payload["result"] = happening.result
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")

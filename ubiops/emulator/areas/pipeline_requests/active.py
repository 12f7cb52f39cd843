"""Requests to pipelines that wait or run, and the requests that they consist of."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests.kinds import PENDING

if TYPE_CHECKING:
    from ubiops.emulator.areas.pipeline_requests.destination import Destination
    from ubiops.emulator.core.interfaces import Outcome

NOT_LOADED = object()


@dataclass(eq=False)
class Part:
    """A request to a deployment, operator or other pipeline.

    Attributes:
        id: The id of the request.
        kind: deployment, operator or pipeline.
        object_id: The id of the object of the pipeline.
        object_name: The name of the object.
        reference: The name of the deployment, operator or pipeline.
        version: The name of its version.
        sequence: A number that sorts parts by their creation.
        created: When it was created.
        input_size: The size of its input.
        status: Its status.
        started: When processing started.
        completed: When it ended.
        error_message: Why it failed.
        output_size: The size of its output.
    """

    id: str
    kind: str
    object_id: str
    object_name: str
    reference: str
    version: str | None
    sequence: str
    created: float
    input_size: int
    status: str
    started: float | None = None
    completed: float | None = None
    error_message: str | None = None
    output_size: int | None = None


@dataclass(frozen=True)
class Ended:
    """A request that has ended: how, and what it consisted of."""

    request: Active
    outcome: Outcome
    completed: float


@dataclass(eq=False)
class Active:
    """A request from its creation to its end.

    Attributes:
        id: The id of the request.
        destination: Where it goes to.
        mode: express or batch.
        durable: Whether it is run again after a kill of the emulator.
        user: Who sent it.
        timeout: Seconds that it may take.
        priority: 0 or 1.
        created: When it was created.
        data: Its input: one or a list. Not loaded until its turn comes, if it is
            durable.
        parent: The id of the request that it is a part of.
        depth: How many requests it is a part of, directly or not.
        on_update: Called with each text that its deployments stream.
        status: Its status.
        started: When processing started.
        parts: What it consists of so far.
        ended: How it ends. Never has an exception.
    """

    id: str
    destination: Destination
    mode: str
    durable: bool
    user: str
    timeout: int
    priority: int
    created: float
    data: Any = NOT_LOADED
    parent: str | None = None
    depth: int = 0
    on_update: Callable[[str], None] | None = None
    status: str = PENDING
    started: float | None = None
    parts: list[Part] = field(default_factory=list)
    ended: Future[Ended] = field(default_factory=Future)

    @property
    def is_stored(self) -> bool:
        """Whether there is anything of it in the database."""
        return self.durable or self.destination.retention != "none"

    @property
    def keeps_data(self) -> bool:
        """Whether its input and output are kept."""
        return self.destination.retention == "full"

"""Requests that wait or are being processed."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.areas.deployment_requests.kinds import PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.emulator.areas.deployment_requests.data import Data
    from ubiops.emulator.areas.deployment_requests.destination import Destination
    from ubiops.emulator.areas.deployment_requests.inputs import Inputs
    from ubiops.emulator.core.interfaces import Outcome


@dataclass(frozen=True)
class Ended:
    """A request that has ended.

    Attributes:
        id: The id of the request.
        deployment: The name of the deployment.
        version: The name of the version.
        timeout: Seconds that it was allowed to take.
        created: When it was created, by the emulator's clock.
        started: When processing started. None if it ended before that.
        completed: When it ended.
        outcome: How it ended.
    """

    id: str
    deployment: str
    version: str
    timeout: int
    created: float
    started: float | None
    completed: float
    outcome: Outcome


@dataclass(frozen=True)
class Created:
    """A batch request that was stored.

    Attributes:
        id: The id of the request.
        created: When it was created, by the emulator's clock.
        active: The request, for the runner.
        size: The size of its input in bytes.
        stored: Its input.
    """

    id: str
    created: float
    active: Active
    size: int
    stored: Data


@dataclass(eq=False)
class Active:
    """A request from its creation to its end.

    Attributes:
        id: The id of the request.
        destination: Where it goes to.
        many: Whether its input is a list.
        mode: express or batch.
        durable: Whether it is run again after a kill of the emulator.
        user: Who sent it.
        timeout: Seconds that it may take.
        priority: Its priority.
        context: Further keys of the context that the code gets.
        created: When it was created.
        inputs: Its input. None if that is read from the database when its turn comes.
        on_update: Called with each text that the code streams.
        status: pending, processing, cancelled_pending, or a final one.
        started: When processing started.
        restarts: How often it was put back into the queue.
        ended: How it ends. Never has an exception.
    """

    id: str
    destination: Destination
    many: bool
    mode: str
    durable: bool
    user: str
    timeout: int
    priority: int
    context: Mapping[str, Any] | None
    created: float
    inputs: Inputs | None = None
    on_update: Callable[[str], None] | None = None
    status: str = PENDING
    started: float | None = None
    restarts: int = 0
    ended: Future[Ended] = field(default_factory=Future)

    @property
    def queue(self) -> tuple[int, str]:
        """The queue that it waits in: key of the version, and kind."""
        return self.destination.version_pk, "batch" if self.durable else "express"

    def end(self, outcome: Outcome, now: float) -> Ended:
        """Returns how it ended."""
        destination = self.destination
        return Ended(
            self.id,
            destination.deployment,
            destination.version,
            self.timeout,
            self.created,
            self.started,
            now,
            outcome,
        )

"""What ``map_requests`` returns for each input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubiops.exceptions import UbiOpsException
    from ubiops.models import DeploymentRequestDetail, PipelineRequestDetail

COMPLETED = "completed"
REJECTED = "rejected"
MISSING = "missing"


@dataclass(frozen=True)
class MapResult:
    """The result for one input of ``map_requests``.

    Attributes:
        index: The position of the input, from 0.
        input: The input.
        request_id: The id of its request; None if the API rejected the input.
        status: ``completed``, ``failed`` or ``cancelled`` as the API returned it;
            ``rejected`` if the API did not accept the input, so that no request was
            created; ``missing`` if the request does not exist any more.
        result: What the code returned; None if it failed.
        error: Why there is no result; None for a request that completed.
        request: The request as the API returned it, if there is one.
        exception: The error of the call that rejected the input.
    """

    index: int
    input: Any = field(repr=False)
    request_id: str | None
    status: str
    result: Any = None
    error: str | None = None
    request: DeploymentRequestDetail | PipelineRequestDetail | None = field(default=None, repr=False)
    exception: UbiOpsException | None = field(default=None, repr=False, compare=False)

    @property
    def succeeded(self) -> bool:
        """Whether the request completed."""
        return self.status == COMPLETED

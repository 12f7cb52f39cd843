"""Batch requests: stored first, processed when their turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import api
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.inputs import read_inputs
from ubiops.emulator.areas.deployment_requests.kinds import PENDING
from ubiops.emulator.areas.deployment_requests.limits import BATCH_TIMEOUT
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("batch_deployment_requests_create", "batch_deployment_version_requests_create", slow=True)
def create(context: RequestContext) -> list[dict[str, Any]]:
    """Creates a request for each input, in the order given, or none of them."""
    timeout = BATCH_TIMEOUT.check(context.query.get("timeout"))
    with context.reading() as db:
        destination = find_destination(
            db, context.now, context.project, context.path["deployment_name"], context.path.get("version")
        )
    batch = api.send_inputs(
        context.backend,
        destination,
        read_inputs(destination, context.body, None if context.text else context.content),
        user=context.user,
        timeout=timeout,
        priority=context.query.get("priority"),
    )
    return [
        {
            "id": one.id,
            "deployment": batch.deployment,
            "version": batch.version,
            "status": PENDING,
            "time_created": in_microseconds(one.created),
        }
        for one in batch.created
    ]

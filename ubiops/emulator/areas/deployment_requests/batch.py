"""Batch requests: stored first, processed when their turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import api
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.inputs import read_inputs
from ubiops.emulator.areas.deployment_requests.kinds import PENDING
from ubiops.emulator.areas.deployment_requests.limits import BATCH_TIMEOUT
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("batch_deployment_requests_create", "batch_deployment_version_requests_create", slow=True)
def create(context: RequestContext) -> list[dict[str, Any]]:
    """Creates a request for each input, in the order given, or none of them."""
    timeout = BATCH_TIMEOUT.check(context.query.get("timeout"))
    with context.backend.service(RequestService).in_order:
        with context.transaction() as db:
            destination = find_destination(
                db, context.now, context.project, context.path["deployment_name"], context.path.get("version")
            )
            inputs = read_inputs(destination, context.body, None if context.text else context.content)
            batch = api.store_batch(
                db,
                context.backend,
                destination,
                inputs.split(),
                user=context.user,
                timeout=timeout,
                priority=context.query.get("priority"),
            )
        api.submit_batch(context.backend, batch)
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

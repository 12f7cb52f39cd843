"""Direct requests: the client waits for the result.

A client that disconnects doesn't cancel its request: the platform is not known to do
that. The request goes on, and is stored like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import api
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.inputs import read_inputs
from ubiops.emulator.areas.deployment_requests.limits import EXPRESS_TIMEOUT
from ubiops.emulator.areas.deployment_requests.serialization import serialize_ended
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from typing import Callable

    from ubiops.emulator.core.context import RequestContext


def start(context: RequestContext, on_update: Callable[[str], None] | None = None) -> api.Express:
    """Sends the request of a client, once everything about it is valid."""
    with context.reading() as db:
        destination = find_destination(
            db, context.now, context.project, context.path["deployment_name"], context.path.get("version")
        )
    return api.start_inputs(
        context.backend,
        destination,
        read_inputs(destination, context.body, None if context.text else context.content),
        user=context.user,
        timeout=EXPRESS_TIMEOUT.check(context.query.get("timeout")),
        priority=context.query.get("priority"),
        on_update=on_update,
    )


@handler("deployment_requests_create", "deployment_version_requests_create")
async def create(context: RequestContext) -> dict[str, Any]:
    """Sends a request and waits for its end. A failed request is no error."""
    return serialize_ended(await api.wait(start(context)))

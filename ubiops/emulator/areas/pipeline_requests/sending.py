"""Direct, streaming and batch requests of clients."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.limits import BATCH_TIMEOUT
from ubiops.emulator.areas.deployment_requests.stream import Updates, frame
from ubiops.emulator.areas.pipeline_requests import api
from ubiops.emulator.areas.pipeline_requests.serialization import serialize_ended
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.context import StreamResponse
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Callable

    from ubiops.emulator.areas.pipeline_requests.active import Active, Ended
    from ubiops.emulator.core.context import RequestContext


def start(context: RequestContext, on_update: Callable[[str], None] | None = None) -> Active:
    """Sends the request of a client, once everything about it is valid."""
    timeout = context.query.get("timeout")
    if timeout in (None, api.EXPRESS_TIMEOUT.default):
        timeout = context.query.get("pipeline_timeout", timeout)
    return api.start_express(
        context.backend,
        context.project,
        context.path["pipeline_name"],
        context.path.get("version"),
        context.body,
        user=context.user,
        timeout=api.EXPRESS_TIMEOUT.check(timeout),
        priority=context.query.get("priority"),
        content=None if context.text else context.content,
        on_update=on_update,
    )


async def wait(request: Active) -> Ended:
    """Waits for the end of a request, which goes on if the waiting is cancelled."""
    return await asyncio.shield(asyncio.wrap_future(request.ended))


@handler("pipeline_requests_create", "pipeline_version_requests_create")
async def create(context: RequestContext) -> dict[str, Any]:
    """Sends a request and waits for its end. A failed request is no error."""
    return serialize_ended(await wait(start(context)))


@handler("pipeline_requests_stream", "pipeline_version_requests_stream")
async def stream(context: RequestContext) -> StreamResponse:
    """Sends a request and the updates of its deployments."""
    updates = Updates()
    request = start(context, updates.add)
    request.ended.add_done_callback(lambda _: updates.close())
    return StreamResponse(follow(request, updates))


async def follow(request: Active, updates: Updates) -> AsyncIterator[bytes]:
    """Yields what is sent of a request: its updates, and the whole of it in the end."""
    async for update in updates.all():
        yield frame(update)
    response = serialize_ended(await wait(request))
    yield json.dumps(response, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


@handler("batch_pipeline_requests_create", "batch_pipeline_version_requests_create", slow=True)
def create_batch(context: RequestContext) -> list[dict[str, Any]]:
    """Creates a request for each input, in the order given, or none of them."""
    created = api.send_batch(
        context.backend,
        context.project,
        context.path["pipeline_name"],
        context.path.get("version"),
        context.body,
        user=context.user,
        timeout=BATCH_TIMEOUT.check(context.query.get("timeout")),
        priority=context.query.get("priority"),
        content=None if context.text else context.content,
    )
    return [
        {
            "id": request.id,
            "pipeline": request.destination.pipeline,
            "version": request.destination.version,
            # It may run by now.
            "status": "pending",
            "time_created": in_microseconds(request.created),
        }
        for request in created
    ]

"""Chat completions and embeddings: direct requests whose body is handed on as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import api
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.inputs import read_inputs
from ubiops.emulator.areas.deployment_requests.kinds import COMPLETED
from ubiops.emulator.areas.deployment_requests.limits import EXPRESS_TIMEOUT
from ubiops.emulator.areas.deployment_requests.serialization import serialize_ended
from ubiops.emulator.areas.deployment_requests.stream import Updates
from ubiops.emulator.areas.openai.models import PATH, target_of
from ubiops.emulator.core.context import ContentResponse, StreamResponse
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import extra_route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Callable

    from ubiops.emulator.core.context import RequestContext

# A guess: the status for a request that failed. The header keeps OpenAI's client from
# running code again that has failed.
_FAILED_STATUS = 500
_NO_RETRY = {"x-should-retry": "false"}
# A guess: what OpenAI's own API ends a stream with.
_DONE = b"data: [DONE]\n\n"


@extra_route("POST", path=f"{PATH}/chat/completions", prefixed=True, body="json")
async def complete(context: RequestContext) -> StreamResponse | ContentResponse:
    """Completes a chat, at once or in chunks."""
    if isinstance(context.body, dict) and context.body.get("stream"):
        updates = Updates()
        started = _start(context, updates.add)
        started.ended.add_done_callback(lambda _: updates.close())
        return StreamResponse(_events(started, updates))
    return await _respond(context)


@extra_route("POST", path=f"{PATH}/embeddings", prefixed=True, body="json")
async def embed(context: RequestContext) -> ContentResponse:
    """Embeds texts."""
    return await _respond(context)


def _start(context: RequestContext, on_update: Callable[[str], None] | None = None) -> api.Express:
    if not isinstance(context.body, dict):
        raise bad_request("the body must be an object")
    target = target_of(context.project, context.body.get("model"))
    with context.reading() as db:
        destination = find_destination(db, context.now, target.project, target.deployment, target.version)
    if destination.input_type != "plain":
        raise bad_request(f"The input and output type of deployment {target.deployment} must be plain")
    return api.start_inputs(
        context.backend,
        destination,
        read_inputs(destination, context.body, context.content),
        user=context.user,
        timeout=EXPRESS_TIMEOUT.default,
        on_update=on_update,
    )


async def _respond(context: RequestContext) -> ContentResponse:
    ended = await api.wait(_start(context))
    if ended.outcome.status != COMPLETED:
        return ContentResponse(_failure(ended), status=_FAILED_STATUS, headers=_NO_RETRY)
    result = ended.outcome.result
    # The code returns the object, or its JSON text.
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return ContentResponse(text.encode("utf-8", "replace"))


async def _events(started: api.Express, updates: Updates) -> AsyncIterator[bytes]:
    async for update in updates.all():
        yield b"data: " + _one_line(update).encode("utf-8", "replace") + b"\n\n"
    ended = await api.wait(started)
    if ended.outcome.status == COMPLETED:
        yield _DONE
    else:
        yield b"data: " + _failure(ended) + b"\n\n"


def _one_line(update: str) -> str:
    """Returns a chunk, which is JSON, without line breaks: they would end the event."""
    if "\n" not in update and "\r" not in update:
        return update
    try:
        return json.dumps(json.loads(update), ensure_ascii=False)
    except ValueError:
        return " ".join(update.split())


def _failure(ended: api.Ended) -> bytes:
    """Returns an error in the form of OpenAI's API."""
    error: dict[str, Any] = {
        "message": serialize_ended(ended)["error_message"],
        "type": "deployment_request_failed",
        "param": None,
        "code": None,
    }
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")

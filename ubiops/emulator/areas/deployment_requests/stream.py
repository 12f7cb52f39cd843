"""Streaming requests: direct requests whose updates are sent as they come."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployment_requests import api, direct
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_WAITING_UPDATES
from ubiops.emulator.areas.deployment_requests.serialization import serialize_ended
from ubiops.emulator.core.context import StreamResponse
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Callable

    from ubiops.emulator.areas.deployment_requests.active import Ended
    from ubiops.emulator.core.context import RequestContext

_LINE_BREAK = re.compile("\r\n|\r|\n")

_log = logging.getLogger("ubiops.emulator")


def frame(update: str) -> bytes:
    """Returns an update as a server-sent event.

    Two guesses. There is no blank after the colon, because the official client yields
    everything behind it and programs join the parts. An update of several lines is one
    event with several lines of data, as the standard says.
    """
    lines = "".join(f"data:{line}\n" for line in _LINE_BREAK.split(update))
    return f"event: update\n{lines}\n".encode("utf-8", "replace")


def last_line(ended: Ended) -> bytes:
    """Returns the end of a stream: the whole request as JSON, which is not an event."""
    return json.dumps(serialize_ended(ended), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


class Updates:
    """The updates of a request on their way from a worker thread to a client."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting = 0
        self._dropped = False

    def add(self, update: str) -> None:
        """Adds an update. May be called in any thread."""
        self._call(lambda: self._put(update))

    def close(self) -> None:
        """Ends the updates. May be called in any thread."""
        self._call(lambda: self._queue.put_nowait(None))

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            # The emulator has been stopped, and with it the loop.
            _log.debug("an update came after the end")

    def _put(self, update: str) -> None:
        if self._waiting + len(update) <= MAXIMUM_WAITING_UPDATES:
            self._waiting += len(update)
            self._queue.put_nowait(update)
        elif not self._dropped:
            self._dropped = True
            _log.error("a client reads a stream too slowly: further updates are dropped")

    async def all(self) -> AsyncIterator[str]:
        """Yields the updates until they end."""
        while (update := await self._queue.get()) is not None:
            self._waiting -= len(update)
            yield update


async def follow(started: api.Express, updates: Updates) -> AsyncIterator[bytes]:
    """Yields what is sent of a request: its updates, and the whole of it in the end."""
    async for update in updates.all():
        yield frame(update)
    yield last_line(await api.wait(started))


@handler("deployment_requests_stream", "deployment_version_requests_stream")
async def stream(context: RequestContext) -> StreamResponse:
    """Sends a request and its updates. What is refused gets a response of its own."""
    updates = Updates()
    started = direct.start(context, updates.add)
    started.ended.add_done_callback(lambda _: updates.close())
    return StreamResponse(follow(started, updates))

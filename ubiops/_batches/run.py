"""The run of ``map_requests``: what to send, what to ask for, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ubiops._batches.results import COMPLETED, MISSING, REJECTED, MapResult
from ubiops._waiting.polling import FAILED, SUCCEEDED
from ubiops._waiting.steps import step
from ubiops.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    BadRequestError,
    InvalidResponseError,
    NotFoundError,
    PayloadTooLargeError,
    ServerError,
    TooManyRequestsError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._batches.journal import Journal
    from ubiops._batches.target import Target
    from ubiops._waiting.steps import Steps
    from ubiops.exceptions import ApiException, UbiOpsException

MAXIMUM_BATCH = 250
"""Requests in one call: created, or collected."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_BACKOFF = 1.5
_PATIENCE = 300.0
"""Seconds for which calls that fail for a while are repeated, if nothing else ends."""
_GRACE = 30.0
"""Seconds in which a new request need not be found yet."""
_TRANSIENT = (ApiConnectionError, ApiTimeoutError, InvalidResponseError, ServerError, TooManyRequestsError)
_REJECTING = (ApiTypeError, ApiValueError, BadRequestError, PayloadTooLargeError)


class End:
    """The type of ``END``."""


END = End()
"""Stands for the end of the inputs."""


@dataclass
class _Item:
    """An input, and what is known about its request."""

    index: int
    input: Any
    id: str | None = None
    sent: float = float("-inf")
    result: MapResult | None = None


class Run:
    """One run. It may go on after an error: each call takes up where the last ended.

    Args:
        api: The client.
        target: Where the requests go.
        read: Returns the next input, or ``END``; awaited in the async client.
        options: Options of the calls that create requests.
        window: The most inputs that are read and whose results are not returned yet.
        batch_size: The most requests that are created by one call.
        start: How many inputs to skip.
        request_ids: Requests that exist already, by the index of their input.
        journal: Where to keep the ids.
    """

    def __init__(
        self,
        api: Any,
        target: Target,
        read: Callable[[], Any],
        *,
        options: dict[str, Any],
        window: int,
        batch_size: int,
        start: int,
        request_ids: dict[int, str],
        journal: Journal | None,
    ) -> None:
        self._api = api
        self._target = target
        self._read = read
        self._options = options
        self._window = window
        self._batch_size = batch_size
        self._request_ids = request_ids
        self._journal = journal
        self._clock = api.api_client._clock
        self._start = start
        self._next_index = 0
        self._is_exhausted = False
        # In the order of the inputs: those that are not returned yet.
        self._items: dict[int, _Item] = {}
        # Those of them whose requests are still to be created.
        self._unsent: list[_Item] = []
        self._pause = _FIRST_PAUSE
        self._failing_since: float | None = None
        # No more is sent before, because the queue is full.
        self._blocked_until = float("-inf")
        self.position = start

    @property
    def pending(self) -> dict[int, str]:
        """The ids of requests whose results are not returned yet, by index."""
        return {item.index: item.id for item in self._items.values() if item.id is not None}

    def advance(self) -> Steps[MapResult | None]:
        """Returns the next result; None at the end."""
        while True:
            head = self._items.get(self.position)
            if head is None or head.result is None:
                yield from self._send()
                head = self._items.get(self.position)
                if head is None:
                    return None
            if head.result is not None:
                del self._items[self.position]
                self.position += 1
                return head.result
            yield from self._collect()

    def _send(self) -> Steps[None]:
        """Reads inputs and creates their requests, as many as are allowed."""
        while self._clock.monotonic() >= self._blocked_until:
            self._unsent = [item for item in self._unsent if item.id is None and item.result is None]
            yield from self._fill()
            batch = self._unsent
            # A small batch is worth a call only if nothing can be waited for.
            is_due = self._is_exhausted or (bool(batch) and batch[0].index == self.position)
            if not batch or (len(batch) < self._batch_size and not is_due):
                return
            if not (yield from self._create(batch)):
                return

    def _fill(self) -> Steps[None]:
        """Reads inputs for a batch, if there is room for them."""
        while not self._is_exhausted and len(self._unsent) < self._batch_size and len(self._items) < self._window:
            value = yield from step(self._read)
            if value is END:
                self._is_exhausted = True
                return
            index = self._next_index
            self._next_index += 1
            if index < self._start:
                continue
            known = self._request_ids.pop(index, None)
            if known is None and self._journal is not None:
                known = self._journal.known(index, value)
            item = self._items[index] = _Item(index, value, known)
            if known is None:
                self._unsent.append(item)

    def _create(self, batch: list[_Item]) -> Steps[bool]:
        """Creates the requests of a batch. Returns whether more may be sent now.

        If the API rejects the batch, its halves are sent, so that only the inputs that
        are at fault are left out.
        """
        inputs = [item.input for item in batch]
        sent = self._clock.monotonic()
        try:
            created = yield from step(partial(self._target.create, self._api, inputs, self._options))
        except TooManyRequestsError as error:
            # The queue is full, or the rate limit is exceeded. Nothing was created.
            self._check_patience(error)
            self._blocked_until = self._clock.monotonic() + self._next_pause()
            return False
        except _REJECTING as error:
            if len(batch) == 1:
                (item,) = batch
                item.result = MapResult(item.index, item.input, None, REJECTED, error=_message(error), exception=error)
                return True
            half = len(batch) // 2
            return (yield from self._create(batch[:half])) and (yield from self._create(batch[half:]))
        if len(created) != len(batch):
            raise InvalidResponseError(
                200, f"there are {len(created)} requests in the response for a batch of {len(batch)} inputs"
            )
        for item, one in zip(batch, created):
            item.id, item.sent = one.id, sent
        self._succeeded()
        if self._journal is not None:
            self._journal.add((item.index, item.input, one.id) for item, one in zip(batch, created))
        return True

    def _collect(self) -> Steps[None]:
        """Gets the requests whose results are due next; pauses if none has ended."""
        waiting = [item for item in self._items.values() if item.id is not None and item.result is None]
        ended = False
        try:
            if waiting:
                ended = yield from self._get(waiting[:MAXIMUM_BATCH])
                self._failing_since = None
        except _TRANSIENT as error:
            self._check_patience(error)
        if ended:
            self._pause = _FIRST_PAUSE
        else:
            pause = self._next_pause()
            yield from step(lambda: self._clock.sleep(pause))

    def _get(self, items: list[_Item]) -> Steps[bool]:
        """Gets requests; returns whether one of them has ended."""
        by_id = {item.id: item for item in items if item.id is not None}
        try:
            found = yield from step(partial(self._target.collect, self._api, list(by_id)))
        except NotFoundError as error:
            # It doesn't tell which ones are missing.
            if len(items) > 1:
                half = len(items) // 2
                first = yield from self._get(items[:half])
                second = yield from self._get(items[half:])
                return first or second
            (item,) = items
            if self._clock.monotonic() - item.sent < _GRACE:
                return False
            item.result = MapResult(item.index, item.input, item.id, MISSING, error=_message(error), exception=error)
            return True
        ended = False
        for one in found:
            ended_item = by_id.get(one.id)
            if ended_item is not None and one.status in SUCCEEDED + FAILED:
                ended_item.result = _result(ended_item, one)
                ended = True
        return ended

    def _next_pause(self) -> float:
        pause = self._pause
        self._pause = min(_LONGEST_PAUSE, pause * _BACKOFF)
        return pause

    def _succeeded(self) -> None:
        self._failing_since, self._pause = None, _FIRST_PAUSE

    def _check_patience(self, error: ApiException) -> None:
        """Raises an error again that has not gone away for a while."""
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > _PATIENCE:
            # A caller that goes on gets as much time again.
            self._failing_since = None
            raise error


def _result(item: _Item, request: Any) -> MapResult:
    error = request.error_message or None
    if request.status != COMPLETED and error is None:
        error = f"the request was {request.status}" if request.status == "cancelled" else "the request failed"
    return MapResult(item.index, item.input, request.id, request.status, request.result, error, request)


def _message(error: UbiOpsException) -> str:
    return getattr(error, "message", None) or str(error)

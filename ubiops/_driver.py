"""Performs the steps of a call by blocking; the async client does so in worker threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ubiops._core.exchange import exchange
from ubiops._core.steps import Close, Read, Save, Send
from ubiops.exceptions import ApiException

if TYPE_CHECKING:
    from ubiops._core.clock import Clock
    from ubiops._core.request import PreparedRequest
    from ubiops._transport.pool import RawResponse, RESTClient
    from ubiops.configuration import Configuration
    from ubiops.events import EventStream
    from ubiops.response import Response


class Driver:
    """Runs one call from wait to wait.

    Args:
        request: The request.
        settings: The limits for retries, and the folder for downloads.
        rest: The connections.
        clock: The clock.
        started: The clock's monotonic time when the call started.

    Attributes:
        response: The last response; None before there is one.
    """

    __slots__ = ("_data", "_request", "_rest", "_settings", "_steps", "_url", "response")

    def __init__(
        self, request: PreparedRequest, settings: Configuration, rest: RESTClient, clock: Clock, started: float
    ) -> None:
        self._request = request
        self._settings = settings
        self._rest = rest
        self._steps = exchange(request, settings, clock, started)
        self._url = request.origin + request.target
        self._data: Any = None
        self.response: RawResponse | None = None

    def advance(self) -> float | None:
        """Performs steps until the call has to wait, or is over.

        Returns:
            The seconds to wait before the next call of this method; None when the call is
            over.

        Raises:
            ubiops.ApiException: The call did not succeed.
        """
        steps = self._steps
        value: Any = None
        try:
            step: Any = steps.send(None)
            while True:
                kind = step.__class__
                failed = None
                try:
                    if kind is Send:
                        value = self._send(step)
                    elif kind is Read:
                        value = step.response.read(step.amount)
                    elif kind is Close:
                        step.response.close()
                    elif kind is Save:
                        value = self._save(step.response)
                    else:
                        seconds: float = step.seconds
                        return seconds
                except ApiException as error:
                    failed = error
                # Outside of the handler, so that the error is not chained to itself.
                step = steps.send(value) if failed is None else steps.throw(failed)
        except StopIteration as end:
            self._data = end.value
            return None
        except BaseException:
            self.close()
            raise

    def _send(self, step: Send) -> RawResponse:
        request = self._request
        self._url = request.origin + step.target
        self.response = response = self._rest.send(
            request.method, request.origin, step.target, request.headers, request.body, request.timeouts, step.deadline
        )
        return response

    def _save(self, response: RawResponse) -> str:
        # A path that ends with a separator can only be a folder's.
        folder = os.path.join(self._settings.temp_folder_path or os.curdir, "")
        return os.path.abspath(self._open(response, repeatable=True).save(folder))

    def _open(self, response: RawResponse, *, repeatable: bool = False) -> Response:
        # Imported here because most programs never read a body themselves.
        from ubiops.response import Response

        request = self._request
        return Response(
            response,
            method=request.method,
            url=self._url,
            progress_wanted=request.progress,
            repeatable=repeatable,
        )

    def result(self) -> tuple[Any, int, Any]:
        """Returns the data of a call that is over, its status and its headers."""
        request, response = self._request, self.response
        assert response is not None  # noqa: S101 - a call is over when it has a response
        data = self._data
        if not request.preload or request.returns == "events":
            try:
                data = self._open(response) if not request.preload else self._open_events(response)
            except BaseException:
                response.close()
                raise
        return data, response.status, response.headers

    def _open_events(self, response: RawResponse) -> EventStream:
        from ubiops.events import EventStream

        return EventStream(response, method=self._request.method, url=self._url)

    def close(self) -> None:
        """Discards what is left of the last response."""
        if self.response is not None:
            self.response.close()

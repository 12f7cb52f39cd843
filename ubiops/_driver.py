"""Performs the steps of a call. The async client runs this in worker threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ubiops._core.exchange import exchange
from ubiops._core.messages import shown_url
from ubiops._core.steps import Close, Read, Save, Send
from ubiops.exceptions import ApiException

if TYPE_CHECKING:
    from ubiops._core.clock import Clock
    from ubiops._core.request import PreparedRequest
    from ubiops._core.steps import Pause
    from ubiops._transport.attempt import Attempt
    from ubiops._transport.pool import RESTClient
    from ubiops._transport.response import RawResponse
    from ubiops.configuration import Configuration
    from ubiops.events import EventStream
    from ubiops.response import Response


class Driver:
    """Runs one call from pause to pause.

    Args:
        request: The request.
        settings: The limits for retries, and the folder for downloads.
        clock: The clock.
        started: The clock's monotonic time when the call started.
        abortable: Whether ``abort`` may be called.

    Attributes:
        response: The last response; None before there is one.
    """

    __slots__ = (
        "_abortable",
        "_aborted",
        "_attempt",
        "_data",
        "_request",
        "_running",
        "_settings",
        "_steps",
        "_url",
        "response",
    )

    def __init__(
        self,
        request: PreparedRequest,
        settings: Configuration,
        clock: Clock,
        started: float,
        *,
        abortable: bool = False,
    ) -> None:
        self._request = request
        self._settings = settings
        self._abortable = abortable
        self._aborted = False
        self._running = False
        self._attempt: Attempt | None = None
        self._steps = exchange(request, settings, clock, started)
        self._url = request.origin + request.target
        self._data: Any = None
        self.response: RawResponse | None = None

    def advance(self, rest: RESTClient) -> Pause | None:
        """Performs steps until the call pauses, or is over.

        Args:
            rest: The connections.

        Returns:
            What to do before the next call of this method: to wait, or to call hooks;
            None when the call is over.

        Raises:
            ubiops.ApiException: The call did not succeed.
        """
        __tracebackhide__ = True
        steps = self._steps
        value: Any = None
        self._running = True
        try:
            step: Any = steps.send(None)
            while True:
                kind = step.__class__
                failed = None
                try:
                    if kind is Send:
                        value = self._send(rest, step)
                    elif kind is Read:
                        value = step.response.read(step.amount)
                    elif kind is Close:
                        step.response.close()
                    elif kind is Save:
                        value = self._save(step.response)
                    else:
                        pause: Pause = step
                        return pause
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
        finally:
            self._running = False
            if self._aborted:
                self.close()

    def _send(self, rest: RESTClient, step: Send) -> RawResponse:
        request = self._request
        self._url = request.origin + step.target
        if self._abortable:
            from ubiops._transport.attempt import Attempt

            self._attempt = Attempt()
            if self._aborted:
                # Checked after the attempt is in place, so that no abort is missed.
                self._attempt.abort()
        self.response = response = rest.send(
            request.method,
            request.origin,
            step.target,
            request.headers,
            request.body,
            request.timeouts,
            step.deadline,
            self._attempt,
        )
        return response

    def abort(self) -> None:
        """Makes the step that another thread performs fail, and all later steps."""
        self._aborted = True
        if self._attempt is not None:
            self._attempt.abort()
        if not self._running:
            self.close()

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
            url=shown_url(self._url),
            progress_wanted=request.progress,
            repeatable=repeatable,
        )

    def result(self) -> tuple[Any, int, Any]:
        """Returns the data of a complete call, its status and its headers."""
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

        return EventStream(response, method=self._request.method, url=shown_url(self._url))

    def close(self) -> None:
        """Discards what is left of the last response."""
        if self.response is not None:
            self.response.close()

"""Polling: asking for a status until it is final or the timeout expires.

A task that waits creates a ``Wait`` and polls with it::

    names = {"project_name": project_name, "export_id": export_id}
    wait = Wait("wait_for_export", api, options, **names)
    exports_get = api.exports_get
    export = yield from wait.poll(
        lambda limit: exports_get(project_name, export_id, _request_timeout=limit),
        label=f"export {export_id}",
    )

Calls and pauses are steps, see ``ubiops._waiting.steps``, so that the same wait serves
the blocking and the async client.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._core.text import truncated_repr
from ubiops._waiting.display import open_display
from ubiops._waiting.logs import LogReader
from ubiops._waiting.steps import step
from ubiops._waiting.updates import StatusUpdate
from ubiops.api._base import Api
from ubiops.api.core_api import CoreApi
from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiTimeoutError, ApiTypeError, ApiValueError, StatusError, WaitTimeoutError
from ubiops.models._base import Model

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar

    from ubiops._waiting.display import Display
    from ubiops._waiting.logs import LogSearch
    from ubiops._waiting.steps import Steps
    from ubiops.configuration import Configuration

    class HasStatus(Protocol):
        """An object of the API that has a status."""

        @property
        def status(self) -> str: ...

    T = TypeVar("T", bound=HasStatus)
    R = TypeVar("R")


# The final statuses of everything that can be waited for. All others are temporary.
SUCCEEDED = ("available", "completed", "confirmation", "success")
FAILED = ("cancelled", "failed")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_BACKOFF = 1.5
# The last poll is made so many seconds before the end, or earlier if responses are
# slow, so that its response arrives in time.
_LAST_POLL = 0.1
# A call that times out so many seconds before the end was limited by the wait.
_TOLERANCE = 0.05
# Seconds between readings of the logs after the end.
_LOG_PAUSE = 1.0
# A slow search of the logs must not hold up the next poll of the status.
_LONGEST_SEARCH = 10.0
_LONGEST_TIMEOUT = 1_000_000_000


class WaitOptions(NamedTuple):
    """The arguments that all functions that wait have in common.

    Attributes:
        timeout: Maximum time for the whole wait, in seconds.
        quiet: Whether to show nothing.
        on_status: Called with a ``StatusUpdate`` at each change of status.
        stream_logs: Whether to show the log lines of a ``poll`` that has a search for
            them, unless ``quiet``.
    """

    timeout: float
    quiet: bool
    on_status: Callable[[StatusUpdate[Any]], object] | None
    stream_logs: bool = False


class Wait:
    """One wait: its client, its timeout and what is shown. May poll more than once.

    Args:
        caller: The name of the function that waits.
        api: The API, which makes the calls; see ``core_api_of``. That of the async
            client has the same methods.
        options: How long to wait, and what to show.
        names: What identifies the thing waited for, such as ``project_name``. They are
            the attributes of a ``StatusError``.

    Attributes:
        api: The API.
        names: As above; may be added to.
        shows_logs: Whether log lines are shown.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: A name is missing, or the timeout is not positive.
    """

    def __init__(
        self,
        caller: str,
        api: CoreApi,
        options: WaitOptions,
        **names: str,
    ) -> None:
        timeout, quiet, on_status, stream_logs = options
        self.api = api
        for name, value in names.items():
            _check_name(value, name, caller)
        self._timeout = _check_timeout(timeout, caller)
        if on_status is not None and not callable(on_status):
            raise ApiTypeError(f"{caller}(): 'on_status' must be callable, got {type(on_status).__name__}")
        self._caller = caller
        self.names = names
        self._quiet = quiet
        self.shows_logs = stream_logs and not quiet
        self._on_status = on_status
        self._clock = self.api.api_client._clock
        self._started = self._clock.monotonic()

    def poll(
        self,
        ask: Callable[[float | None], T],
        *,
        label: str,
        subject: str | None = None,
        hint: str | None = None,
        logs: LogSearch | None = None,
    ) -> Steps[T]:
        """Polls until the status is final.

        Args:
            ask: Gets the object from the API. Its argument is the timeout of the call;
                None for the configuration's timeouts.
            label: What is waited for, for the display.
            subject: What is waited for, for errors. Default: the label.
            hint: What to do if it fails.
            logs: Which log lines to show, if logs are to be shown.

        Returns:
            The object after it succeeded.

        Raises:
            ubiops.StatusError: It failed.
            ubiops.WaitTimeoutError: The timeout expired.
            ubiops.ApiException: A call failed.
        """
        __tracebackhide__ = True
        display = open_display(self._quiet)
        try:
            return (
                yield from self._poll(ask, label, subject or label, hint, display, logs if self.shows_logs else None)
            )
        finally:
            # Also after Ctrl-C, so that the traceback starts on a new line.
            display.end_line()

    def _poll(
        self,
        ask: Callable[[float | None], T],
        label: str,
        subject: str,
        hint: str | None,
        display: Display,
        search: LogSearch | None,
    ) -> Steps[T]:
        __tracebackhide__ = True
        reader: LogReader | None = None
        pause = _FIRST_PAUSE
        status: str | None = None
        found: T | None = None
        error: ApiTimeoutError | None = None
        last = _LAST_POLL
        while self._left() > 0:
            asked = self._clock.monotonic()
            limit = self._call_timeout()
            try:
                current = yield from step(partial(ask, limit))
            except ApiTimeoutError as caught:
                # The wait goes on only if it limited the call itself, and if the
                # server has responded before.
                if self._left() > _TOLERANCE and (limit is None or found is None):
                    raise
                error = caught
            else:
                last = min(max(_LAST_POLL, 2 * (self._clock.monotonic() - asked)), _LONGEST_PAUSE)
                if found is None or current.status != status:
                    yield from self._report(display, label, current, status)
                found, status, error = current, current.status, None
                if search is not None and reader is None:
                    reader = LogReader(self.api, self.names["project_name"], search, found, self._clock.time())
                if reader is not None:
                    yield from self._show_logs(reader, display, to_the_end=status in SUCCEEDED + FAILED)
                if status in SUCCEEDED:
                    return found
                if status in FAILED:
                    raise self._failure(subject, found, hint)
            left = self._left()
            # A pause of less than 10 ms would not be worth another poll.
            is_last = left - last < 0.01
            yield from self._sleep(left if is_last else min(pause, left - last), display)
            if is_last:
                break
            pause = min(_LONGEST_PAUSE, pause * _BACKOFF)
        raise self._timed_out(subject, found is not None, status) from error

    def call(self, ask: Callable[[float | None], R], subject: str) -> Steps[R]:
        """Makes a single call within the timeout.

        Args:
            ask: Gets the object from the API. Its argument is the timeout of the call;
                None for the configuration's timeouts.
            subject: What it gets, for errors.

        Raises:
            ubiops.WaitTimeoutError: The timeout expired.
            ubiops.ApiException: The call failed.
        """
        try:
            return (yield from step(partial(ask, self._call_timeout())))
        except ApiTimeoutError as error:
            if self._left() > _TOLERANCE:
                raise
            raise self._timed_out(subject, False, None) from error

    def _show_logs(self, reader: LogReader, display: Display, *, to_the_end: bool) -> Steps[None]:
        """Shows the new log lines.

        Args:
            reader: Reads them.
            display: Where to show them.
            to_the_end: Whether to go on for as long as lines still arrive. The platform
                stores them with a delay.
        """
        while self._left() > _LOG_PAUSE:
            found = yield from reader.read(min(self._left(), _LONGEST_SEARCH), display.log)
            if not to_the_end or not found:
                return
            yield from self._sleep(_LOG_PAUSE, display)

    def _timed_out(self, subject: str, responded: bool, status: str | None) -> WaitTimeoutError:
        seen = f"{subject} is still {status!r} after" if responded else f"there was no response for {subject} within"
        limit = f"{self._timeout:.10g}"
        return WaitTimeoutError(
            504,
            f"{seen} {limit} s (timeout={limit})",
            hint=f"raise timeout, or call {self._caller}() again later",
            timeout=self._timeout,
            last_status=status,
        )

    def _report(self, display: Display, label: str, found: HasStatus, previous: str | None) -> Steps[None]:
        status, elapsed = found.status, self._elapsed()
        display.show(label, status, elapsed)
        if self._on_status is not None:
            # The callback may print.
            display.end_line()
            update = StatusUpdate(status, previous, elapsed, status in SUCCEEDED + FAILED, found)
            yield from step(partial(self._on_status, update))

    def _failure(self, subject: str, found: HasStatus, hint: str | None) -> StatusError:
        message = getattr(found, "error_message", None) or None
        return StatusError(
            f"{subject} {'was cancelled' if found.status == 'cancelled' else 'failed'}",
            status=found.status,
            message=message,
            hint=hint,
            resource=found,
            **self.names,
        )

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._started

    def _left(self) -> float:
        return self._timeout - self._elapsed()

    def _call_timeout(self) -> float | None:
        """Returns the timeout of the next call; None if the configuration's timeouts
        end it before the wait is over.
        """
        left, settings = self._left(), self.api.api_client.configuration
        read = math.inf if settings.read_timeout is None else settings.read_timeout
        return None if left > _longest_call(settings) else min(left, read)

    def _sleep(self, seconds: float, display: Display) -> Steps[None]:
        while seconds > 0:
            pause = min(seconds, display.interval)
            yield from step(partial(self._clock.sleep, pause))
            seconds -= pause
            display.refresh(self._elapsed())


def _longest_call(settings: Configuration) -> float:
    """Returns how many seconds a call may take, with its retries."""
    if settings.connect_timeout is None or settings.read_timeout is None:
        return math.inf
    return settings.connect_timeout + settings.read_timeout + settings.retry_deadline


def core_api_of(client: ApiClient | CoreApi, caller: str) -> CoreApi:
    """Returns the methods of a client that a helper was given.

    Raises:
        ubiops.ApiTypeError: It is something else, such as an async client.
    """
    if isinstance(client, CoreApi):
        return client
    # Any area of the API will do as well.
    found = client.api_client if isinstance(client, Api) else client
    if isinstance(found, ApiClient):
        return CoreApi(found)
    what = f"{type(client).__module__}.{type(client).__name__}"
    hint = "; an async client can't be used here" if what.startswith("ubiops.aio.") else ""
    raise ApiTypeError(f"{caller}(): 'client' must be an ApiClient or a CoreApi, got {what}{hint}")


def _check_name(value: object, name: str, caller: str) -> None:
    if value is None:
        raise ApiValueError(f"{caller}() needs a value for {name!r}: it is missing or None")
    if isinstance(value, Model):
        what = "id" if name.endswith("_id") else "name"
        raise ApiTypeError(
            f"{caller}(): {name!r} must be a string, got the object {type(value).__name__}; pass only its {what}"
        )


def _check_timeout(value: object, caller: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiTypeError(
            f"{caller}(): 'timeout' must be a number of seconds, got {type(value).__name__}: {truncated_repr(value)}"
        )
    if not 0 < value <= _LONGEST_TIMEOUT:
        raise ApiValueError(
            f"{caller}(): 'timeout' must be above 0 and at most {_LONGEST_TIMEOUT} seconds, got {truncated_repr(value)}"
        )
    return float(value)

"""A session: the calls of one transfer, which other threads can abort."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from ubiops._core.steps import Sleep
from ubiops._core.timeouts import Timeouts, check_seconds
from ubiops._driver import Driver
from ubiops.api.core_api import CoreApi
from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiConnectionError, ApiTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._client import BaseClient
    from ubiops._core.request import PreparedRequest
    from ubiops._core.steps import Notify
    from ubiops.configuration import Configuration

_LONG = 24 * 60 * 60.0
"""Seconds for the retries of a transfer, which may take long before it fails."""


class Session:
    """The clients of one transfer, its deadline, and whether it was aborted.

    Args:
        client: The client whose settings, headers, hooks and connections are used.
        project: The name of the project; None for the client's default.
        timeout: Seconds for the whole transfer; None for no limit.
        sleep: Waits before a retry, in this thread. By default, ``abort`` ends a wait.
        notify: Calls the hooks of an event, in this thread.

    Attributes:
        api: The API, whose calls end when the session is aborted.
        project: As above.
        reason: The first error that made the session end; None without one.

    Raises:
        ubiops.ApiTypeError: The timeout is not a number.
        ubiops.ApiValueError: The timeout is not positive.
    """

    def __init__(
        self,
        client: BaseClient,
        project: Any,
        timeout: float | None = None,
        *,
        sleep: Callable[[float], object] | None = None,
        notify: Callable[[Notify], object] | None = None,
    ) -> None:
        timeout = check_seconds(timeout, "timeout")
        self._lock = threading.Lock()
        self._aborted = threading.Event()
        self._drivers: set[Driver] = set()
        self._storages: dict[str, _Client] = {}
        self._client = client
        self._sleep = sleep
        self._notify = notify
        self._deadline = None if timeout is None else client._clock.monotonic() + timeout
        self.project = project
        self.reason: BaseException | None = None
        self.api = CoreApi(_Client(self, client.configuration, client))

    # --- limits -----------------------------------------------------------------------

    def left(self) -> float | None:
        """Returns the remaining seconds; None without a deadline.

        Raises:
            ubiops.ApiTimeoutError: There are none left.
            ubiops.ApiConnectionError: The session was aborted.
        """
        if self._aborted.is_set():
            raise ApiConnectionError(0, "the transfer was aborted")
        if self._deadline is None:
            return None
        left = self._deadline - self._client._clock.monotonic()
        if left <= 0:
            raise ApiTimeoutError(0, "the timeout of the transfer expired")
        return left

    def options(self) -> dict[str, Any]:
        """Returns the options of the next call of the API."""
        left = self.left()
        return {} if left is None else {"_request_timeout": left}

    def timeouts(self) -> Timeouts:
        """Returns the timeouts of the next request to a storage."""
        settings = self._client.configuration
        return Timeouts(settings.connect_timeout, settings.read_timeout, self.left())

    def now(self) -> float:
        """Returns the seconds since the epoch."""
        return self._client._clock.time()

    def sleep(self, seconds: float) -> None:
        """Waits, at most until the session is aborted or its deadline.

        Raises:
            ubiops.ApiTimeoutError: The deadline comes first.
            ubiops.ApiConnectionError: The session was aborted.
        """
        left = self.left()
        short = seconds if left is None else min(seconds, left)
        if self._sleep is not None:
            self._sleep(short)
        else:
            self._aborted.wait(short)
        self.left()

    # --- the end ----------------------------------------------------------------------

    def abort(self, reason: BaseException | None = None) -> None:
        """Makes all calls fail, in other threads too. The first reason is kept."""
        with self._lock:
            if self.reason is None:
                self.reason = reason
            self._aborted.set()
            drivers = list(self._drivers)
        for driver in drivers:
            driver.abort()

    @property
    def aborted(self) -> bool:
        """Whether it was aborted."""
        return self._aborted.is_set()

    def close(self) -> None:
        """Closes the connections to storages."""
        for storage in self._storages.values():
            storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- calls ------------------------------------------------------------------------

    def storage(self, origin: str) -> _Client:
        """Returns the client of a storage, without what is meant for the API."""
        with self._lock:
            if origin not in self._storages:
                settings = self._client.configuration.copy()
                settings.host = origin
                settings.api_key = {}
                settings.refresh_api_key_hook = None
                settings.retry_deadline = max(settings.retry_deadline, _LONG)
                self._storages[origin] = _Client(self, settings)
            return self._storages[origin]

    def run(self, client: _Client, request: PreparedRequest) -> Any:
        """Makes a call that ``abort`` can end."""
        __tracebackhide__ = True
        clock = self._client._clock
        driver = Driver(request, client.configuration, clock, clock.monotonic(), abortable=True)
        with contextlib.ExitStack() as stack:
            with self._lock:
                self._drivers.add(driver)
            stack.callback(self._forget, driver)
            self.left()
            while (pause := driver.advance(client.rest_client)) is not None:
                if isinstance(pause, Sleep):
                    self.sleep(pause.seconds)
                else:
                    self._call_hooks(pause, driver)
            data, status, headers = driver.result()
            if not request.preload:
                # The body is read later.
                data._closing.enter_context(stack.pop_all())
                data._repeatable = data._reuse = True
        return data if request.data_only else (data, status, headers)

    def _forget(self, driver: Driver) -> None:
        with self._lock:
            self._drivers.discard(driver)

    def _call_hooks(self, pause: Notify, driver: Driver) -> None:
        from ubiops.hooks import call_hooks

        try:
            (self._notify or call_hooks)(pause)
        except BaseException:
            driver.close()
            raise


class _Client(ApiClient):
    """A client whose calls belong to a session."""

    def __init__(self, session: Session, configuration: Configuration, like: Any = None) -> None:
        super().__init__(configuration)
        self._session = session
        if like is not None:
            self._default_headers, self._cookie = like._default_headers, like._cookie
            self._event_hooks = like._event_hooks
            self._rest = like.rest_client

    def _drive(self, request: PreparedRequest) -> Any:
        return self._session.run(self, request)

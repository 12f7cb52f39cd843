"""Sends values of metrics once in a while, in a thread that holds up nothing."""

from __future__ import annotations

import logging
import random
import threading
import time
import warnings
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ubiops._metrics.buffer import MAXIMUM, Buffer, Point
from ubiops.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiValueError,
    BadRequestError,
    NotFoundError,
    PayloadTooLargeError,
    UbiOpsException,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.api.core_api import CoreApi

BATCH = 1000
"""Values in one call."""
_REJECTED = (ApiValueError, BadRequestError, NotFoundError, PayloadTooLargeError)
# The API refuses values that are more than two minutes old. Some time is left for the
# call and for a clock that differs.
_MAXIMUM_AGE = 100.0
# Retries must not delay the end of the program for long.
_LAST_ATTEMPTS = 3
_LAST_TIMEOUT = 10.0
_LAST_PAUSE = 0.5

logger = logging.getLogger("ubiops.metrics")


class Sender:
    """Collects values and sends them. The thread starts with the first value.

    Args:
        project: The name of the project.
        api: The client.
        owns_api: Whether to close the client at the end.
        period: Seconds between two calls.
        debug: Whether to log each call.
    """

    def __init__(self, project: str, api: CoreApi, owns_api: bool, period: float, debug: bool) -> None:
        self._project = project
        self._api = api
        self._owns_api = owns_api
        self._period = period
        self._level = logging.INFO if debug else logging.DEBUG
        self.rejected = 0
        self._reset()

    def _reset(self) -> None:
        self.buffer = Buffer()
        self._sending = threading.Lock()
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """Starts anew in a child process: the parent sends what it has collected."""
        self._reset()

    def log(self, point: Point) -> None:
        """Adds a value."""
        if self.buffer.add(point):
            self._warn_dropped()
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopping.is_set():
                    thread = threading.Thread(target=self._work, name="ubiops-metrics", daemon=True)
                    thread.start()
                    self._thread = thread

    def flush(self, timeout: float | None = None) -> bool:
        """Sends everything that was logged so far.

        Args:
            timeout: Maximum time for each call, in seconds.

        Returns:
            Whether nothing is left. What could not be sent is kept.
        """
        if not self._sending.acquire(timeout=-1 if timeout is None else timeout):
            return False
        try:
            return self._flush(timeout)
        finally:
            self._sending.release()

    def _flush(self, timeout: float | None) -> bool:
        left = len(self.buffer)
        while left > 0:
            points = self.buffer.take(min(left, BATCH))
            if not points:
                break
            left -= len(points)
            try:
                kept = self._send(points, timeout)
            except BaseException:
                # Also after Ctrl-C.
                self._put_back(points)
                raise
            if kept:
                self._put_back(kept)
                return False
        return True

    def stop(self, timeout: float | None = None) -> None:
        """Ends the thread and sends the rest.

        Args:
            timeout: Maximum time to wait, in seconds. Default: a few attempts.
        """
        self._stopping.set()
        deadline = None if timeout is None else time.monotonic() + timeout
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout if timeout is not None else _LAST_TIMEOUT)
        for attempt in range(_LAST_ATTEMPTS):
            left = _LAST_TIMEOUT if deadline is None else min(deadline - time.monotonic(), _LAST_TIMEOUT)
            if left <= 0 or self.flush(left):
                break
            if attempt < _LAST_ATTEMPTS - 1:
                time.sleep(max(0.0, min(_LAST_PAUSE, left)))
        if len(self.buffer):
            logger.error("%d values of metrics of project %s could not be sent", len(self.buffer), self._project)
        if self._owns_api:
            self._api.api_client.close()

    def _work(self) -> None:
        stopping, buffer = self._stopping, self.buffer
        # Many instances that start together don't send together.
        pause = random.uniform(0, self._period)  # noqa: S311  # nosec B311 - not a secret
        while not stopping.wait(pause):
            pause = self._period
            try:
                if len(buffer):
                    self.flush()
            except Exception:
                # The values are kept, and the next attempt may succeed.
                logger.exception("Values of metrics could not be sent yet")

    def _send(self, points: Sequence[Point], timeout: float | None) -> list[Point]:
        """Sends values. Returns those that are to be sent again later."""
        options: dict[str, Any] = {} if timeout is None else {"_request_timeout": timeout}
        try:
            self._api.time_series_data_aggregate(self._project, _body(points), **options)
        except _REJECTED as error:
            return self._isolate(points, error, timeout)
        except UbiOpsException as error:
            again = "; it is not known whether they arrived" if _is_unsure(error) else ""
            logger.warning("%d values of metrics are sent again later%s: %s", len(points), again, error)
            return list(points)
        logger.log(self._level, "Sent %d values of metrics to project %s", len(points), self._project)
        return []

    def _isolate(self, points: Sequence[Point], error: UbiOpsException, timeout: float | None) -> list[Point]:
        """Sends each metric alone, so that one at fault costs no others."""
        groups: dict[Any, list[Point]] = {}
        for point in points:
            groups.setdefault((point.metric, point.labels), []).append(point)
        if len(groups) > 1:
            kept: list[Point] = []
            for group in groups.values():
                kept += self._send(group, timeout)
            return kept
        self.rejected += len(points)
        logger.error("%d values of metric %s were rejected: %s", len(points), points[0].metric, error)
        return []

    def _put_back(self, points: Sequence[Point]) -> None:
        if self.buffer.put_back(points):
            self._warn_dropped()

    def _warn_dropped(self) -> None:
        warnings.warn(
            f"more than {MAXIMUM} values of metrics could not be sent yet: the oldest ones are dropped",
            UserWarning,
            stacklevel=4,
        )


def _is_unsure(error: UbiOpsException) -> bool:
    return isinstance(error, (ApiConnectionError, ApiTimeoutError))


def _body(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Returns the body of a call. Old values get the oldest time that is accepted."""
    oldest = time.time() - _MAXIMUM_AGE
    series: dict[Any, list[dict[str, Any]]] = {}
    for point in points:
        date = datetime.fromtimestamp(max(point.time, oldest), timezone.utc).isoformat()
        series.setdefault((point.metric, point.labels), []).append({"date": date, "value": point.value})
    return [{"metric": metric, "labels": dict(labels), "data": data} for (metric, labels), data in series.items()]

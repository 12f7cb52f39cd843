"""Logging the values of your own metrics."""

from __future__ import annotations

import math
import os
import time
import weakref
from typing import TYPE_CHECKING, Any

from ubiops._metrics.buffer import Point
from ubiops._metrics.sender import Sender
from ubiops._waiting.polling import core_api_of
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient

__all__ = ["MetricClient"]

_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


def _after_fork() -> None:
    for sender in list(_senders):
        sender.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class MetricClient:
    """Collects values of metrics, and sends them once in a while.

    Values are sent in the background, by a thread that starts with the first one. If a
    call fails, its values are kept and sent again later. If the connection breaks
    during a call, they may arrive twice. The remaining values are sent by
    ``stop``, at the end of a ``with`` block, when the client is deleted, and when the
    program ends. A process that ends without Python's usual cleanup, such as a worker
    of ``multiprocessing``, must call ``stop`` itself.

    The API accepts values that are at most two minutes old. Those that had to wait
    longer get the oldest time that it accepts. Values that the API rejects, such as
    those of a metric that doesn't exist, are logged as errors and dropped; other
    metrics are not affected. At most 100,000 values are kept; beyond that, the oldest
    ones are dropped with a warning.

    It can be used from many threads, and after a fork: the child starts without values.

    Args:
        project_name: The name of the project.
        api_client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
            Default: a new one, which reads the address and the token from
            ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        insert_frequency: Seconds between two calls. Default: 60.
        debug: Whether to log each call as information, to the logger
            ``ubiops.metrics``.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: ``insert_frequency`` is not positive.

    Operation: ``time_series_data_aggregate``.
    """

    def __init__(
        self,
        project_name: str,
        api_client: ApiClient | CoreApi | None = None,
        insert_frequency: float = 60,
        debug: bool = False,
    ) -> None:
        if not isinstance(project_name, str):
            raise ApiTypeError(f"MetricClient(): 'project_name' must be a string, got {type(project_name).__name__}")
        if isinstance(insert_frequency, bool) or not isinstance(insert_frequency, (int, float)):
            raise ApiTypeError(
                f"MetricClient(): 'insert_frequency' must be a number, got {type(insert_frequency).__name__}"
            )
        if not 0 < insert_frequency <= 86400:
            raise ApiValueError(
                f"MetricClient(): 'insert_frequency' must be above 0 and at most 86400, got {insert_frequency}"
            )
        owns_api = api_client is None
        if api_client is None:
            from ubiops.api_client import ApiClient

            api_client = ApiClient()
        api = core_api_of(api_client, "MetricClient")
        self._sender = Sender(project_name, api, owns_api, float(insert_frequency), bool(debug))
        _senders.add(self._sender)
        # Called at the end of the program too.
        self._finalizer = weakref.finalize(self, _finish, self._sender, os.getpid())

    def log_metric(self, metric_name: str, labels: Mapping[str, str] | None, value: float) -> None:
        """Logs a value with the present time. It is sent later.

        Args:
            metric_name: The name of the metric, such as ``custom.forecast_error``.
            labels: The labels of the metric and their values. None for no labels.
            value: The value.

        Raises:
            ubiops.ApiTypeError: An argument has the wrong type.
            ubiops.ApiValueError: The value is not finite, or the client was stopped.
        """
        if not self._finalizer.alive:
            raise ApiValueError("this MetricClient was stopped: create another one")
        if not isinstance(metric_name, str):
            raise ApiTypeError(f"log_metric(): 'metric_name' must be a string, got {type(metric_name).__name__}")
        self._sender.log(Point(metric_name, _checked(labels), time.time(), _number(value)))

    def flush(self, timeout: float | None = None) -> bool:
        """Sends everything that was logged so far, at once.

        Args:
            timeout: Maximum time for each call, in seconds.

        Returns:
            Whether nothing is left. What could not be sent is kept.
        """
        return self._sender.flush(timeout)

    def stop(self, timeout: float | None = None) -> None:
        """Sends the rest, and ends the thread.

        Args:
            timeout: Maximum time to wait, in seconds. Default: a few attempts.
        """
        if self._finalizer.detach():
            self._sender.stop(timeout)

    @property
    def pending(self) -> int:
        """How many values are still to be sent."""
        return len(self._sender.buffer)

    @property
    def lost(self) -> int:
        """How many values were rejected by the API, or dropped as too many."""
        return self._sender.rejected + self._sender.buffer.dropped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def _finish(sender: Sender, process: int) -> None:
    if len(sender.buffer) or process == os.getpid():
        sender.stop()


def _checked(labels: Any) -> tuple[tuple[str, str], ...]:
    if labels is None:
        return ()
    try:
        pairs = sorted(labels.items())
    except (AttributeError, TypeError):
        raise ApiTypeError(f"log_metric(): 'labels' must be a dict of strings, got {type(labels).__name__}") from None
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise ApiTypeError(f"log_metric(): 'labels' must be a dict of strings, got {name!r:.40}: {value!r:.40}")
    return tuple(pairs)


def _number(value: Any) -> float:
    # Numbers of numpy and the like are accepted.
    if isinstance(value, (str, bytes, bool)) or not hasattr(value, "__float__"):
        raise ApiTypeError(f"log_metric(): 'value' must be a number, got {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ApiValueError(f"log_metric(): 'value' must be finite, got {number}")
    return number

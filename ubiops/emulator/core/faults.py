"""Failures on demand: errors, delays and broken connections for chosen calls."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ubiops.emulator.core.description import is_operation
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.validation import JSON, RequestValidator, Schema
from ubiops.exceptions import ApiValueError

_MAXIMUM_FAULTS = 1000
# How long a delay goes on when the emulator is stopped.
_STEP = 0.02
_COUNT = {"type": "integer", "minimum": 0}
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "operation": {"type": ["string", "null"]},
        "method": {"type": ["string", "null"]},
        "path": {"type": ["string", "null"]},
        "status": {"type": ["integer", "null"], "minimum": 400, "maximum": 599},
        "message": {"type": "string", "maxLength": 1000},
        "headers": {"type": "object", "additionalProperties": {"type": "string", "pattern": "^[ -~]*$"}},
        "delay": {"type": "number", "minimum": 0, "maximum": 3600},
        "cut": {"type": ["string", "null"], "enum": ["before", "after", None]},
        "skip": _COUNT,
        "times": {"type": ["integer", "null"], "minimum": 1},
    },
}


@dataclass(frozen=True)
class Fault:
    """A failure, and the calls that it concerns.

    Attributes:
        operation: The id of an operation, such as ``deployments_get``. Default: any.
        method: An HTTP method. Default: any.
        path: A path below the prefix of the API, such as ``/projects/*/deployments``,
            where ``*`` stands for any text. Default: any.
        status: The status to respond with, from 400 to 599. The call changes nothing.
        message: The error message of that response.
        headers: Headers of that response, such as ``Retry-After``.
        delay: How long to wait first, in seconds. Not by the emulator's clock.
        cut: Closes the connection without a response: ``before`` the call is served, or
            ``after`` it, when its changes are made.
        skip: How many calls succeed first.
        times: How many calls fail then; None means all.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    message: str = "This failure was asked for"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: str | None = None
    skip: int = 0
    times: int | None = 1

    def concerns(self, operation: str, method: str, path: str) -> bool:
        """Returns whether it concerns a call."""
        return (
            self.operation in (None, operation)
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or fnmatchcase(path, self.path))
        )


class Faults:
    """The failures of one emulator, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Each with the number of calls that it concerned so far.
        self._faults: dict[int, tuple[Fault, int]] = {}
        self._next = 0
        self._is_closed = False

    def add(self, **settings: Any) -> Fault:
        """Adds a failure.

        If several concern the same call, the first of them happens.

        Args:
            settings: The attributes of the `Fault`: what happens (``status``, ``delay``
                or ``cut``) and to which calls.

        Raises:
            ApiValueError: A setting is invalid.
        """
        try:
            return self.add_from(settings)
        except ApiError as error:
            raise ApiValueError(error.message) from None

    def add_from(self, body: Any) -> Fault:
        """Adds a failure that a request describes.

        Raises:
            ApiError: The description is invalid.
        """
        _validator().read_body(body)
        fault = Fault(**body)
        if fault.operation is not None and not is_operation(fault.operation):
            raise bad_request(f"there is no operation {fault.operation!r:.100}")
        if fault.status is None and fault.cut is None and not fault.delay:
            raise bad_request("a fault needs a status, a delay or cut")
        if fault.status is not None and fault.cut is not None:
            raise bad_request("a fault has either a status or cut, because a broken connection has no status")
        with self._lock:
            if len(self._faults) >= _MAXIMUM_FAULTS:
                raise bad_request(f"there are {_MAXIMUM_FAULTS} faults already; delete them first")
            self._faults[self._next] = (fault, 0)
            self._next += 1
        return fault

    def list(self) -> list[dict[str, Any]]:
        """Returns the failures that may still happen."""
        with self._lock:
            return [{**asdict(fault), "calls": calls} for fault, calls in self._faults.values()]

    def clear(self) -> None:
        """Removes all failures."""
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        """Ends all delays, because the emulator stops."""
        self._is_closed = True

    async def wait(self, seconds: float) -> None:
        """Waits so many seconds.

        Raises:
            ApiError: The emulator stops meanwhile.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._is_closed:
                raise ApiError(503, "The emulator has been stopped")
            await asyncio.sleep(min(left, _STEP))

    def take(self, operation: str, method: str, path: str) -> Fault | None:
        """Counts a call and returns the failure that happens to it, if any."""
        if not self._faults:
            return None
        with self._lock:
            for key, (fault, calls) in list(self._faults.items()):
                if not fault.concerns(operation, method, path):
                    continue
                self._faults[key] = (fault, calls + 1)
                if calls < fault.skip:
                    continue
                if fault.times is not None and calls + 1 >= fault.skip + fault.times:
                    del self._faults[key]
                return fault
        return None


@functools.cache
def _validator() -> RequestValidator:
    return RequestValidator(JSON, Schema(_SCHEMA), None, ())

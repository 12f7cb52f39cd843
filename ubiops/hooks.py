"""Event hooks: functions of the program that are called as a client makes its calls.

::

    def log_retry(event: ubiops.hooks.RetryEvent) -> None:
        print(f"{event.operation}: {event.reason}; retrying in {event.delay:.1f} s")

    client = ubiops.ApiClient(event_hooks={"retry": [log_retry]})

Events are read-only and contain no token. The async client also accepts coroutine
functions, which it awaits. An exception that a hook raises ends the call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from ubiops._core.steps import Notify

__all__ = ["EventHooks", "RequestEvent", "ResponseEvent", "RetryEvent"]


class RequestEvent(NamedTuple):
    """A request is about to be sent."""

    operation: str
    """The name of the method, such as ``deployments_list``, or ``call_api``."""
    method: str
    """The HTTP method."""
    url: str
    """The URL. Values of the query that look like secrets are masked."""
    attempt: int
    """The number of the attempt, from 1; it counts retries and followed redirects."""


class ResponseEvent(NamedTuple):
    """The status and the headers of a response have arrived, whatever the status is."""

    operation: str
    """The name of the method, such as ``deployments_list``, or ``call_api``."""
    method: str
    """The HTTP method."""
    url: str
    """The URL. Values of the query that look like secrets are masked."""
    attempt: int
    """The number of the attempt, from 1."""
    status: int
    """The HTTP status."""
    reason: str
    """The status line's text."""
    request_id: str | None
    """The id that the server gave the request; None if it sent none."""
    seconds: float
    """Seconds since the call started, waits before retries included."""


class RetryEvent(NamedTuple):
    """An attempt failed, and the call is retried after a delay."""

    operation: str
    """The name of the method, such as ``deployments_list``, or ``call_api``."""
    method: str
    """The HTTP method."""
    url: str
    """The URL. Values of the query that look like secrets are masked."""
    attempt: int
    """The number of the attempt that failed, from 1."""
    reason: str
    """How it failed, such as ``503 Service Unavailable``."""
    status: int
    """The HTTP status; 0 if there was no response."""
    delay: float
    """Seconds until the next attempt."""


class EventHooks(TypedDict, total=False):
    """The hooks of a client: for each kind of event a function, or a list of functions.

    - ``request``: called before each attempt, with a ``RequestEvent``.
    - ``response``: called after the head of each response, with a ``ResponseEvent``.
    - ``retry``: called before the delay of each retry, with a ``RetryEvent``.
    """

    request: Callable[[RequestEvent], object] | Sequence[Callable[[RequestEvent], object]]
    response: Callable[[ResponseEvent], object] | Sequence[Callable[[ResponseEvent], object]]
    retry: Callable[[RetryEvent], object] | Sequence[Callable[[RetryEvent], object]]


_KINDS = ("request", "response", "retry")


def read_hooks(value: Any) -> dict[str, list[Callable[[Any], object]]]:
    """Returns hooks as a dict of lists that has every kind of event.

    Raises:
        ubiops.ApiTypeError: The value is not a dict of functions.
        ubiops.ApiValueError: There is no such kind of event.
    """
    if not isinstance(value, Mapping):
        raise ApiTypeError(f"event_hooks must be a dict, got {type(value).__name__}")
    hooks: dict[str, list[Callable[[Any], object]]] = {kind: [] for kind in _KINDS}
    for kind, functions in value.items():
        if kind not in hooks:
            raise ApiValueError(f"event_hooks has {kind!r:.80}: the events are {', '.join(_KINDS)}")
        functions = [functions] if callable(functions) else functions
        if not isinstance(functions, (list, tuple)) or not all(map(callable, functions)):
            raise ApiTypeError(f"event_hooks[{kind!r}] must be a function or a list of functions")
        hooks[kind] = list(functions)
    return hooks


def call_hooks(step: Notify) -> None:
    """Calls the hooks of an event, for the blocking client.

    Raises:
        ubiops.ApiTypeError: A hook is a coroutine function.
    """
    for hook in list(step.hooks):
        result = hook(step.event)
        if isinstance(result, Awaitable):
            close = getattr(result, "close", None)
            if close is not None:
                close()
            raise ApiTypeError(
                f"the hook {getattr(hook, '__name__', hook)!r} has to be awaited, which the blocking client "
                "can't do: use a plain function, or ubiops.aio.ApiClient"
            )


async def await_hooks(step: Notify) -> None:
    """Calls the hooks of an event, and awaits those that are coroutine functions."""
    for hook in list(step.hooks):
        result = hook(step.event)
        if isinstance(result, Awaitable):
            await result

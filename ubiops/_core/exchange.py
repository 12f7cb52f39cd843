"""One call as a generator of steps.

``exchange`` makes every decision of a call: redirects, retries, limits, errors and
decoding. It has no socket and no sleep: it yields steps, and a driver performs them.
The blocking and the async client drive the same generator.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ubiops._core.codec import parse_json
from ubiops._core.hosts import default_port
from ubiops._core.messages import printable, shown_url
from ubiops._core.results import check_event_stream, read_body, read_error
from ubiops._core.steps import Close, Notify, Save, Send, Sleep
from ubiops.exceptions import ApiException, InvalidResponseError, request_id_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from ubiops._core.clock import Clock
    from ubiops._core.request import PreparedRequest
    from ubiops._core.steps import RawResponse, Step
    from ubiops.configuration import Configuration
    from ubiops.hooks import RequestEvent, ResponseEvent, RetryEvent

_log = logging.getLogger("ubiops")

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
# Allowlist of headers that are safe to log.
_LOGGED_HEADERS = (
    "Content-Type",
    "Content-Length",
    "Retry-After",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)


def exchange(
    request: PreparedRequest, settings: Configuration, clock: Clock, started: float
) -> Generator[Step, Any, Any]:
    """Makes one call, from the first attempt to the result.

    The driver performs each step and sends its result in, or throws in the
    ``ApiException`` that the step raised.

    Args:
        request: The request.
        settings: The limits for retries.
        clock: The clock, of which ``sleep`` is not used.
        started: The clock's monotonic time when the call started.

    Returns:
        The data that the call returns; None if the caller reads the body of the last
        response, which is still open then.

    Raises:
        ubiops.ApiException: The call did not succeed.

    Hooks are called between the steps; the driver closes an open response if one
    raises.
    """
    __tracebackhide__ = True
    total = request.timeouts.total
    deadline = None if total is None else started + total
    target = request.target
    attempts: list[str] = []
    redirects = 0
    hooks = request.hooks
    while True:
        if hooks is not None and hooks["request"]:
            yield Notify(hooks["request"], _request_event(request, target, len(attempts) + redirects + 1))
        try:
            response = yield Send(target, deadline)
            if hooks is not None and hooks["response"]:
                seconds = clock.monotonic() - started
                number = len(attempts) + redirects + 1
                yield Notify(hooks["response"], _response_event(request, target, number, response, seconds))
            if _log.isEnabledFor(logging.DEBUG):
                _log_response(request, shown_url(request.origin + target), response, clock.monotonic() - started)
            if 200 <= response.status < 300:
                return (yield from _result(request, response))
            location = _same_origin(request.origin, target, response) if request.method in ("GET", "HEAD") else None
            if location is not None and redirects < _MAX_REDIRECTS:
                redirects += 1
                yield Close(response)
                target = location
                continue
            error = yield from read_error(response, authorized=request.authorized)
            if location is not None:
                error.hint = f"there are too many redirects: {_MAX_REDIRECTS} were followed"
            elif error.status in (401, 404):
                # Not imported before a call fails.
                from ubiops._core.hints import hint_for

                error.hint = hint_for(error, request, settings) or error.hint
        except ApiException as caught:
            error = caught
        # Outside of the handler, so that one attempt's error is not chained to the next
        # one's.
        error.url = shown_url(request.origin + target)
        delay = _retry_or_raise(request, error, attempts, settings, clock, started, deadline)
        if hooks is not None and hooks["retry"]:
            number = len(attempts) + redirects
            yield Notify(hooks["retry"], _retry_event(request, error, number, attempts[-1], delay))
        yield Sleep(delay)


def _result(request: PreparedRequest, response: RawResponse) -> Generator[Step, Any, Any]:
    status = response.status
    if status == 206 and not request.ranged:
        # Saved or parsed, it would look like the whole.
        raise InvalidResponseError(
            status,
            "the response is only a part (206 Partial Content), which was not requested",
            headers=response.headers,
            hint="a proxy or cache between this machine and the API may have stored an incomplete response",
        )
    if not request.preload:
        return None
    if request.returns == "events":
        check_event_stream(response)
        return None
    if request.returns == "file":
        return (yield Save(response))
    body = yield from read_body(response)
    yield Close(response)
    read = request.read
    return None if read is None or status == 204 else read(parse_json(body, status), status)


def _retry_or_raise(
    request: PreparedRequest,
    error: ApiException,
    attempts: list[str],
    settings: Configuration,
    clock: Clock,
    started: float,
    deadline: float | None,
) -> float:
    """Returns the seconds to wait before a retry, or raises a final error."""
    __tracebackhide__ = True
    error.method = request.method
    failure = error._take_failure()
    attempts.append(failure.summary if failure is not None else str(error.reason))
    error.attempts = tuple(attempts)
    # The frames in which the attempt failed would be shown behind those of the call,
    # and say nothing more than the message.
    error.__traceback__ = None
    if failure is None:
        raise error
    # Not imported before a call fails.
    from ubiops._core.retry import Policy, decide

    elapsed = clock.monotonic() - started
    limit = settings.retry_deadline if deadline is None else min(settings.retry_deadline, deadline - started)
    most = settings.max_retries if request.max_retries is None else request.max_retries
    policy = Policy(most, limit, settings.auto_retry_rate_limiting)
    wait, why = decide(policy, request.method, failure, attempt=len(attempts), elapsed=elapsed, now=clock.time())
    body = request.body
    if wait is not None and body is not None and not isinstance(body, bytes) and not body.rewindable:
        wait, why = None, "the file can be read only once, so that it can't be sent again"
    if wait is None:
        if len(attempts) > 1:
            error.attempts = (*attempts[:-1], f"{attempts[-1]}; not retried: {why}")
        raise error
    _log.info("%s %s: %s; retrying in %.2f s (%s)", request.method, error.url, failure.summary, wait, why)
    return wait


def _same_origin(origin: str, target: str, response: RawResponse) -> str | None:
    """Returns the target of a redirect to the same origin; None for any other."""
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or not location or not location.isascii() or not location.isprintable():
        return None
    try:
        parts = urlsplit(urljoin(origin + target, location))
        here = urlsplit(origin)
        ports = [one.port or default_port(one.scheme) for one in (parts, here)]
    except ValueError:
        return None
    if (parts.scheme, parts.hostname) != (here.scheme, here.hostname) or ports[0] != ports[1] or parts.username:
        return None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _log_response(request: PreparedRequest, url: str, response: RawResponse, seconds: float) -> None:
    headers = {name: response.headers[name] for name in _LOGGED_HEADERS if name in response.headers}
    reason = printable(response.reason)
    _log.debug("%s %s: %d %s after %.3f s %s", request.method, url, response.status, reason, seconds, headers)


def _request_event(request: PreparedRequest, target: str, number: int) -> RequestEvent:
    from ubiops.hooks import RequestEvent

    return RequestEvent(request.operation.name, request.method, shown_url(request.origin + target), number)


def _response_event(
    request: PreparedRequest, target: str, number: int, response: RawResponse, seconds: float
) -> ResponseEvent:
    from ubiops.hooks import ResponseEvent

    return ResponseEvent(
        request.operation.name,
        request.method,
        shown_url(request.origin + target),
        number,
        response.status,
        printable(response.reason),
        request_id_of(response.headers),
        seconds,
    )


def _retry_event(request: PreparedRequest, error: ApiException, number: int, reason: str, delay: float) -> RetryEvent:
    from ubiops.hooks import RetryEvent

    return RetryEvent(request.operation.name, request.method, error.url or "", number, reason, error.status or 0, delay)

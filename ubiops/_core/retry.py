"""Decides on retries: whether, when, and for how long. Pure functions.

A request that never reached the server is always retried. One that may have been
processed is retried only if its method is idempotent. A 429 says that it was not
processed.
"""

from __future__ import annotations

import math
import random
import re
from datetime import timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

IDEMPOTENT = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))
"""Methods that may be repeated even if the first request was processed."""

TRANSIENT = frozenset((502, 503, 504))
"""Statuses of a temporarily unavailable API. The request may have been processed."""

RATE_LIMITED = 429


class Policy(NamedTuple):
    """The limits for retries."""

    max_retries: int = 3
    """The most retries; 0 turns them off."""
    deadline: float = 300.0
    """Seconds after the start of the call after which no attempt starts."""
    rate_limiting: bool = True
    """Whether to wait and retry after a 429."""
    backoff_base: float = 0.5
    """Upper bound of the first backoff in seconds; doubled with each attempt."""
    backoff_cap: float = 20.0
    """Upper bound of any backoff in seconds."""
    wait_cap: float = 120.0
    """Longest server-requested delay that is honored; a longer one ends the call."""


class Failure(NamedTuple):
    """How an attempt failed."""

    summary: str
    """Description for the log and the error."""
    sent: bool = True
    """Whether the request may have reached the server."""
    status: int = 0
    """The HTTP status; 0 if there was no response."""
    headers: Mapping[str, str] = {}
    """The headers of the response."""
    transient: bool = True
    """Whether a retry could succeed. For an untrusted certificate it could not."""


class Decision(NamedTuple):
    """Whether to retry."""

    wait: float | None
    """Seconds to wait before the retry; None for no retry."""
    reason: str
    """The reason, for the log or the error."""


def decide(
    policy: Policy,
    method: str,
    failure: Failure,
    *,
    attempt: int,
    elapsed: float,
    now: float,
    rng: random.Random | None = None,
) -> Decision:
    """Decides whether to retry a request, and after which delay.

    Args:
        policy: The limits.
        method: The request's HTTP method.
        failure: How the last attempt failed.
        attempt: The number of attempts so far.
        elapsed: Seconds since the start of the call.
        now: Seconds since the epoch, to which a date in ``Retry-After`` is compared.
        rng: The source of the jitter.
    """
    if not failure.transient:
        return Decision(None, "it would fail in the same way again")
    if failure.status == RATE_LIMITED:
        if not policy.rate_limiting:
            return Decision(None, "retries after 429 are disabled (auto_retry_rate_limiting)")
    elif failure.sent:
        if failure.status and failure.status not in TRANSIENT:
            return Decision(None, f"a status {failure.status} is final")
        if method not in IDEMPOTENT:
            return Decision(None, f"the request may have been processed, and a {method} is not safe to repeat")
    if attempt > policy.max_retries:
        return Decision(
            None, f"max_retries ({policy.max_retries}) is used up" if policy.max_retries else "retries are disabled"
        )
    asked, jitter, reason = _wait(policy, failure, attempt, now)
    if asked > policy.wait_cap:
        return Decision(
            None,
            f"the server requests a delay of {asked:.0f} s, and at most {policy.wait_cap:.0f} s are honored",
        )
    wait = asked + (rng or random).uniform(0, jitter)
    if elapsed + wait >= policy.deadline:
        return Decision(None, f"a delay of {wait:.1f} s would exceed the deadline of {policy.deadline:g} s")
    return Decision(wait, reason)


def _wait(policy: Policy, failure: Failure, attempt: int, now: float) -> tuple[float, float, str]:
    """Returns the minimum delay, the maximum jitter to add, and the reason."""
    requested = requested_delay(failure.headers, now)
    if requested is not None:
        seconds, header = requested
        # Jitter only upwards: clients that got the same Retry-After must return neither
        # early nor all at once.
        return seconds, min(1.0, 0.1 * seconds), f"{header} requests {seconds:g} s"
    # Full jitter, between zero and the backoff, spreads the load of many clients best.
    ceiling = min(policy.backoff_cap, policy.backoff_base * 2 ** min(attempt - 1, 30))
    return 0.0, ceiling, f"backoff of up to {ceiling:g} s"


def requested_delay(headers: Mapping[str, str], now: float) -> tuple[float, str] | None:
    """Returns the delay that a server requests and its header, or None.

    Args:
        headers: The response's headers. ``Retry-After`` (seconds or a date) takes
            precedence over ``x-ratelimit-reset`` (seconds).
        now: Seconds since the epoch.
    """
    seconds = _retry_after(headers.get("Retry-After"), now)
    if seconds is not None:
        return seconds, "Retry-After"
    seconds = _number(headers.get("x-ratelimit-reset"))
    return None if seconds is None else (seconds, "x-ratelimit-reset")


def _number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\s*[0-9]{1,20}(?:\.[0-9]{1,20})?\s*", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _retry_after(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    # Imported here because it brings the module socket.
    import email.utils

    try:
        when = email.utils.parsedate_to_datetime(text)
        # Old forms of dates have no zone and mean UTC.
        return max(0.0, (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp() - now)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None

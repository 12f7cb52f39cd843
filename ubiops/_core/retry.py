"""What may be sent again, when, and for how long: pure decisions, without clock, network or sleep.

The rule: a request that never reached the server may be repeated whatever it is; one that may have been processed is
repeated only if doing it twice is the same as doing it once; a 429 says that it was not processed.
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
"""The methods that may be repeated even if the first request was processed."""

TRANSIENT = frozenset((502, 503, 504))
"""The statuses of an API that is not there for the moment; the request may or may not have been processed."""

RATE_LIMITED = 429


class Policy(NamedTuple):
    """The limits within which a call may be sent again."""

    max_retries: int = 3
    """How often at most; 0 turns retries off."""
    deadline: float = 300.0
    """Seconds after the call's start when no attempt is begun any more."""
    rate_limiting: bool = True
    """Whether a 429 is waited out."""
    backoff_base: float = 0.5
    """Seconds of the first backoff at most; doubled with each attempt."""
    backoff_cap: float = 20.0
    """Seconds of any backoff at most."""
    wait_cap: float = 120.0
    """The longest wait that a server's word is followed; longer ones end the call with the error."""


class Failure(NamedTuple):
    """What went wrong with an attempt."""

    summary: str
    """In words, for the log and the error."""
    sent: bool = True
    """Whether the request may have reached the server."""
    status: int = 0
    """The HTTP status of the answer, 0 when there was none."""
    headers: Mapping[str, str] = {}
    """The headers of the answer."""
    transient: bool = True
    """Whether it might go better the next time: not so for a certificate that is not trusted."""


class Decision(NamedTuple):
    """Whether to send again."""

    wait: float | None
    """Seconds to wait before; None: don't."""
    reason: str
    """Why, for the log or the error."""


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
    """Whether to send a request again, and after which wait.

    Args:
        policy: The limits.
        method: The request's HTTP method.
        failure: What came of the last attempt.
        attempt: How many attempts were made.
        elapsed: Seconds since the call began.
        now: The time of day, in seconds since the epoch, to which a date in ``Retry-After`` is compared.
        rng: Where the jitter comes from.
    """
    if not failure.transient:
        return Decision(None, "it would fail in the same way again")
    if failure.status == RATE_LIMITED:
        if not policy.rate_limiting:
            return Decision(None, "waiting for the rate limit is switched off (auto_retry_rate_limiting)")
    elif failure.sent:
        if failure.status and failure.status not in TRANSIENT:
            return Decision(None, f"a status {failure.status} is final")
        if method not in IDEMPOTENT:
            return Decision(None, f"the request may have been processed, and a {method} is not safe to repeat")
    if attempt > policy.max_retries:
        return Decision(
            None, f"max_retries ({policy.max_retries}) is used up" if policy.max_retries else "retries are off"
        )
    asked, jitter, reason = _wait(policy, failure, attempt, now)
    if asked > policy.wait_cap:
        return Decision(
            None,
            f"the server asks for a wait of {asked:.0f} s, and {policy.wait_cap:.0f} s is the most that is waited",
        )
    wait = asked + (rng or random).uniform(0, jitter)
    if elapsed + wait >= policy.deadline:
        return Decision(None, f"a wait of {wait:.1f} s would pass the call's time limit of {policy.deadline:g} s")
    return Decision(wait, reason)


def _wait(policy: Policy, failure: Failure, attempt: int, now: float) -> tuple[float, float, str]:
    """Seconds to wait at least, seconds of jitter at most that come on top, and why."""
    told = requested_delay(failure.headers, now)
    if told is not None:
        seconds, header = told
        # Not all clients that were told the same second shall come back in the same instant, and none before it.
        return seconds, min(1.0, 0.1 * seconds), f"{header} asks for {seconds:g} s"
    # Full jitter: evenly between nothing and the backoff, which spreads the load of many clients best.
    ceiling = min(policy.backoff_cap, policy.backoff_base * 2 ** min(attempt - 1, 30))
    return 0.0, ceiling, f"backoff of up to {ceiling:g} s"


def requested_delay(headers: Mapping[str, str], now: float) -> tuple[float, str] | None:
    """The wait that a server asks for, with the header that says so; None when none says anything sensible.

    Args:
        headers: The answer's headers; ``Retry-After`` (seconds or a date) goes before ``x-ratelimit-reset`` (seconds).
        now: The time of day, in seconds since the epoch.
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
        # A date without a zone is one of the old forms that mean UTC.
        return max(0.0, (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp() - now)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None

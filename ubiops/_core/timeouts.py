"""Limits of a call: timeouts in seconds, and the number of retries."""

from __future__ import annotations

from typing import Any, NamedTuple

from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError, ApiValueError


class Timeouts(NamedTuple):
    """The timeouts of a call in seconds; None means no limit."""

    connect: float | None
    read: float | None
    total: float | None


def read_timeout_option(value: Any, default: Timeouts, name: str = "_request_timeout") -> Timeouts:
    """Returns the timeouts of a call, from a number for all of it or a pair.

    A pair is (connect, read).

    Raises:
        ubiops.ApiTypeError: The value is neither a number nor a pair.
        ubiops.ApiValueError: A number is not positive, or not finite.
    """
    if value is None:
        return default
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ApiValueError(f"{name} must be a number of seconds or a pair (connect, read), got {value!r:.80}")
        return Timeouts(check_seconds(value[0], name), check_seconds(value[1], name), None)
    total = check_seconds(value, name)
    return Timeouts(min_timeout(default.connect, total), total, total)


def min_timeout(a: float | None, b: float | None) -> float | None:
    """Returns the shorter of two timeouts; None means no limit."""
    return min((x for x in (a, b) if x is not None), default=None)


_MAX_SECONDS = 1_000_000_000
"""About 31 years. Longer timeouts are a mistake, and overflow on some systems."""


def check_seconds(value: Any, name: str) -> float | None:
    """Returns a positive number of seconds, or None.

    Raises:
        ubiops.ApiTypeError: The value is not a number.
        ubiops.ApiValueError: The number is not positive, or too large.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiTypeError(
            f"{name} must be a number of seconds or a pair (connect, read), got {type(value).__name__}: {value!r:.80}"
        )
    if not 0 < value <= _MAX_SECONDS:
        raise ApiValueError(
            f"{name} must be a number of seconds above 0 and up to {_MAX_SECONDS}, got {truncated_repr(value)}; "
            "for no limit use (None, None)"
        )
    return float(value)


def check_retries(value: Any, name: str) -> int:
    """Returns a number of retries.

    Raises:
        ubiops.ApiValueError: The value is not a non-negative integer.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ApiValueError(f"{name} must be a non-negative integer, got {value!r:.80}")
    return value

"""Reads dates that callers send."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ubiops.emulator.core.errors import bad_request

NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NUMBER = re.compile(r"-?(\d{1,30})(\.\d{0,30})?", re.ASCII)
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d{1,30})", re.ASCII)
# Numbers below these are seconds, milliseconds and microseconds. The limits lie beyond
# the year 5000 in one unit and before 1974 in the next.
_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
# The largest number that SQLite stores.
_MAXIMUM = 2**63 - 1


def read_date(field: str, text: str) -> float:
    """Returns a date in seconds since 1970.

    Raises:
        ApiError: The text is no date in ISO 8601: a 400.
    """
    return read_timestamp(field, text, numbers=False) / NANOSECONDS


def read_timestamp(field: str, text: str, *, numbers: bool = True) -> int:
    """Returns a date in nanoseconds since 1970.

    Args:
        field: The name of the field, for errors.
        text: A date in ISO 8601, in UTC unless it says otherwise.
        numbers: Whether seconds, milliseconds, microseconds or nanoseconds since 1970
            are read as well.

    Raises:
        ApiError: The text is no date: a 400.
    """
    # Importing it takes long, and most clients send no dates.
    from dateutil import parser

    # A plus that was not encoded arrives as a blank.
    text = re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip()) if "T" in text else text.strip()
    number = _NUMBER.fullmatch(text) if numbers else None
    if number:
        return _from_number(text, number)
    fraction = _FRACTION.search(text)
    try:
        moment = parser.isoparse(_FRACTION.sub("", text, count=1).replace(" ", "T"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        wanted = "a date in ISO 8601" + (", or seconds or nanoseconds since 1970" if numbers else "")
        raise bad_request(f"{field} must be {wanted}, not {text[:50]!r}") from error
    return _bounded(seconds * NANOSECONDS + (int(fraction[1][:9].ljust(9, "0")) if fraction else 0))


def _from_number(text: str, found: re.Match[str]) -> int:
    whole = int(found[1])
    unit = next((unit for limit, unit in _UNITS if whole < limit), 1)
    fraction = int((found[2] or ".")[1:][:9].ljust(9, "0")) * unit // NANOSECONDS
    value = whole * unit + fraction
    return _bounded(-value if text.startswith("-") else value)


def _bounded(value: int) -> int:
    return max(-_MAXIMUM, min(value, _MAXIMUM))

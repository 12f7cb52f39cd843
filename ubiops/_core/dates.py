"""Dates of responses: ISO 8601 quickly, anything else that can be read, or the string as it came."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

_fromisoformat = datetime.fromisoformat
# What datetime.fromisoformat reads differs between versions of Python; only this form means the same in all of them.
_ISO = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|z|[+-]\d\d:\d\d)?"

_DEFAULTS = datetime(2000, 1, 1), datetime(2001, 2, 2)
_LONGEST_DATE = 100


def _zone(name: str | None, offset: int | None) -> timezone | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name:
        # Names of zones are ambiguous, and without its zone a time is another one.
        raise ValueError(f"unknown zone {name}")
    return None


def _read_datetime_slowly(value: str) -> datetime | str:
    if len(value) > _LONGEST_DATE:
        return value
    found = re.fullmatch(_ISO, value)
    if found is None:
        # Not imported before it is needed: it takes longer to import than all else here.
        from dateutil.parser import parse

        try:
            # Parsed onto two different days: where they differ, dateutil has filled in what the text does not say.
            read, again = (parse(value, default=default, tzinfos=_zone) for default in _DEFAULTS)
        except (ValueError, OverflowError, TypeError):
            return value
        return read if read == again else value
    stem, fraction, zone = found.groups()
    zone = "+00:00" if zone in ("Z", "z") else zone or ""
    try:
        return _fromisoformat(f"{stem}.{fraction:0<6}{zone}" if fraction else stem + zone)
    except ValueError:
        return value


if sys.version_info >= (3, 11):

    def read_datetime(value: Any) -> Any:
        """A date of an answer as ``datetime``; what cannot be read stays the string that came."""
        if value.__class__ is not str:
            return value
        try:
            return _fromisoformat(value)
        except ValueError:
            return _read_datetime_slowly(value)

else:

    def read_datetime(value: Any) -> Any:
        """A date of an answer as ``datetime``; what cannot be read stays the string that came."""
        if value.__class__ is not str:
            return value
        try:
            # Before 3.11 the "Z" of UTC is not read, which is what the API sends.
            return _fromisoformat(value[:-1] + "+00:00" if value[-1:] == "Z" else value)
        except ValueError:
            return _read_datetime_slowly(value)

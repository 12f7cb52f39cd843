"""Reads dates of responses.

ISO 8601 has a fast path. Other forms that are not ambiguous are read by dateutil. A
value that can't be read stays the string that was received.
"""

from __future__ import annotations

import re
import sys
from datetime import date, datetime, timedelta, timezone
from typing import Any

_fromisoformat = datetime.fromisoformat
# What datetime.fromisoformat reads differs between versions of Python. All of them read
# this form.
_ISO = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|z|[+-]\d\d:\d\d)?"

_DEFAULTS = datetime(2000, 1, 1), datetime(2001, 2, 2)
_LONGEST_DATE = 100


def _zone(name: str | None, offset: int | None) -> timezone | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name:
        # Names of time zones are ambiguous, and a wrong zone would change the time.
        raise ValueError(f"unknown zone {name}")
    return None


def _read_datetime_slowly(value: str) -> datetime | str:
    if len(value) > _LONGEST_DATE:
        return value
    found = re.fullmatch(_ISO, value)
    if found is None:
        # Imported here because it takes longer to import than everything else.
        from dateutil.parser import parse

        try:
            # Parsed with two different defaults: if the results differ, dateutil has
            # filled in something that the text does not say.
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
        """Returns a ``datetime``, or a value that can't be read unchanged."""
        if value.__class__ is not str:
            return value
        try:
            return _fromisoformat(value)
        except ValueError:
            return _read_datetime_slowly(value)

else:

    def read_datetime(value: Any) -> Any:
        """Returns a ``datetime``, or a value that can't be read unchanged."""
        if value.__class__ is not str:
            return value
        try:
            # Before 3.11 the "Z" of UTC is not read, but the API sends it.
            return _fromisoformat(value[:-1] + "+00:00" if value[-1:] == "Z" else value)
        except ValueError:
            return _read_datetime_slowly(value)


def read_date(value: Any) -> Any:
    """Returns a ``date``, or a value that can't be read unchanged."""
    # Newer versions of Python read more forms.
    if value.__class__ is not str or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value

"""The five fields of a crontab: minute, hour, day of the month, month, day of the week.

Numbers, ``*``, ranges, steps, lists, and the English names of months and days are
supported. A time is due in UTC. As in cron, a day is due if it matches one of its two
fields when both are restricted.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]{1,4}))?")
# 29 February comes every four years, or after eight: 1896 and 1904, 2096 and 2104.
_YEARS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class CronError(ValueError):
    """A schedule that is not valid."""


class Schedule(NamedTuple):
    """A parsed schedule: the numbers that match in each field.

    Attributes:
        minutes: From 0 to 59.
        hours: From 0 to 23.
        days: From 1 to 31.
        months: From 1 to 12.
        weekdays: From 0, Sunday, to 6.
        either: Whether one of days and weekdays is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def after(self, time: float) -> float | None:
        """Returns the next time that is due, or None if there is none for years.

        Args:
            time: Seconds since 1970. The result is later.
        """
        moment = (_EPOCH + timedelta(seconds=time)).replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = moment.year + _YEARS
        while moment.year <= min(last, 9998):
            if moment.month not in self.months:
                moment = _start_of_next_month(moment)
            elif not self._on_day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                return (moment - _EPOCH).total_seconds()
        return None

    def _on_day(self, moment: datetime) -> bool:
        by_month, by_week = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either else by_month and by_week


def parse(text: str) -> Schedule:
    """Returns a schedule.

    Raises:
        CronError: The text is not valid.
    """
    fields = text.lower().split()
    if len(fields) != 5:
        raise CronError(f"it has {len(fields)} fields, not five")
    minutes = _field(fields[0], 0, 59)
    hours = _field(fields[1], 0, 23)
    days = _field(fields[2], 1, 31)
    months = _field(fields[3], 1, 12, _MONTHS, 1)
    # 7 is Sunday, too.
    weekdays = frozenset(day % 7 for day in _field(fields[4], 0, 7, _DAYS))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    schedule = Schedule(minutes, hours, days, months, weekdays, either)
    if schedule.after(0) is None:
        raise CronError("there is no such day")
    return schedule


def _field(text: str, least: int, most: int, names: tuple[str, ...] = (), first: int = 0) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise CronError(f"{part!r} is not a number, a range or a step")
        step = int(match[3]) if match[3] else 1
        if step == 0:
            raise CronError(f"the step of {part!r} is 0")
        if match[1] == "*":
            start, end = least, most
        else:
            start = _number(match[1], names, first)
            # "5/15" means from 5 on.
            end = _number(match[2], names, first) if match[2] else (most if match[3] else start)
        if not least <= start <= end <= most:
            raise CronError(f"{part!r} is not within {least} and {most}")
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    if text in names:
        return names.index(text) + first
    if not text.isdecimal() or len(text) > 4:
        raise CronError(f"{text!r} is not a number")
    return int(text)


def _start_of_next_month(moment: datetime) -> datetime:
    start = moment.replace(day=1, hour=0, minute=0)
    return (start + timedelta(days=32)).replace(day=1)

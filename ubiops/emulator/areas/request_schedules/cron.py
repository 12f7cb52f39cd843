"""When a schedule is due: the five fields of a crontab, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from cronsim import CronSim, CronSimError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class CronError(ValueError):
    """A schedule that is not valid."""


class Schedule(NamedTuple):
    """A schedule that is valid.

    Attributes:
        text: Its five fields.
    """

    text: str

    def after(self, time: float) -> float | None:
        """Returns the next time that is due, or None if there is none for years.

        Args:
            time: Seconds since 1970. The result is later.
        """
        try:
            moment = next(CronSim(self.text, _EPOCH + timedelta(seconds=time)), None)
        except OverflowError:
            # Beyond the year 9999.
            return None
        return None if moment is None else (moment - _EPOCH).total_seconds()


def parse(text: str) -> Schedule:
    """Returns a schedule.

    Raises:
        CronError: The text is not valid.
    """
    fields = text.split()
    # A sixth one would be seconds.
    if len(fields) != 5:
        raise CronError(f"it has {len(fields)} fields, not five")
    try:
        CronSim(text, _EPOCH)
    except CronSimError as error:
        raise CronError(f"{error}"[:1].lower() + f"{error}"[1:]) from error
    return Schedule(text)

"""Log lines that are shown while something is waited for.

A function that waits says which lines belong to it, and polls with them::

    query = label_query(environment_name=name, environment_tag=tag)
    wait.poll(ask, label=f"environment {name}", logs=LogSearch(query, "last_updated"))
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._waiting.steps import step
from ubiops.exceptions import ApiException

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import LogList

_LIMIT = 1000
"""Lines of one response, at most."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = 1_000_000_000
_AHEAD = 86_400 * _SECOND
"""How far ahead a search ends, so that the server's clock may differ from ours."""
_MARGIN = 60 * _SECOND
"""How long before the wait a search starts if the thing waited for has no date."""
_TEMPORARY = (408, 429)


class LogSearch(NamedTuple):
    """Which log lines belong to what is waited for.

    Attributes:
        query: What to search for, see ``label_query``.
        since: The attribute with the date of the first lines, such as
            ``creation_date``.
    """

    query: str
    since: str = "creation_date"


def label_query(**labels: str) -> str:
    """Returns the query for lines that have all of these labels."""
    return "| " + " and ".join(f"{name}={_quoted(value)}" for name, value in labels.items())


def _quoted(value: str) -> str:
    return f"`{value}`" if "`" not in value else json.dumps(value)


class LogReader:
    """Reads new log lines, from the oldest to the newest, each of them once.

    A wait doesn't fail because its logs can't be read. The reader then warns, and reads
    no more; a temporary error only skips one reading.

    Args:
        api: The API.
        project_name: The project of the lines.
        search: Which lines to read.
        found: The thing waited for, as the API returned it first.
        now: The time, in seconds since the epoch.
    """

    def __init__(self, api: CoreApi, project_name: str, search: LogSearch, found: Any, now: float) -> None:
        self._list = api.logs_list
        self._project_name = project_name
        self._query = search.query
        present = int(now * _SECOND)
        date = getattr(found, search.since, None)
        self._start = _nanoseconds(date) if isinstance(date, datetime) else present - _MARGIN
        self._end = max(self._start, present) + _AHEAD
        self._failed = False

    def read(self, limit: float, show: Callable[[str], object]) -> Steps[bool]:
        """Shows the lines that have been written since the last reading.

        Args:
            limit: The timeout of each call, in seconds.
            show: Called with each line.

        Returns:
            Whether there were lines.
        """
        shown = False
        while not self._failed:
            try:
                page = yield from step(partial(self._search, limit))
            except ApiException as error:
                self._failed = _is_permanent(error)
                if self._failed:
                    from ubiops._core.suggestions import warn

                    # In a step: Python 3.9 doesn't know the callers of a task that an
                    # exception was thrown into.
                    text = f"the logs can't be shown: {str(error).splitlines()[0]}"
                    yield from step(partial(warn, text, UserWarning))
                return shown
            start = self._start
            for line in page:
                if isinstance(line.timestamp, int):
                    self._start = max(self._start, line.timestamp + 1)
                for text in filter(None, map(str.rstrip, str(line.log or "").splitlines())):
                    show(text)
                    shown = True
            if len(page) < _LIMIT or self._start == start:
                return shown
        return shown

    def _search(self, limit: float) -> list[LogList]:
        return self._list(
            self._project_name,
            query=self._query,
            start=str(self._start),
            end=str(self._end),
            limit=_LIMIT,
            _request_timeout=limit,
            # The next poll of the status is the retry.
            _max_retries=0,
        )


def _is_permanent(error: ApiException) -> bool:
    status = error.status or 0
    return status == 501 or (400 <= status < 500 and status not in _TEMPORARY)


def _nanoseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000

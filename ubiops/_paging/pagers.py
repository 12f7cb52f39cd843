"""The ways in which the API pages: by offset, cursor, token and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ubiops._core.results import find_model
from ubiops.exceptions import ApiTypeError, ApiValueError, InvalidResponseError

if TYPE_CHECKING:
    from ubiops._core.clock import Clock
    from ubiops._paging.calls import Call

_REMEMBERED = 10_000
"""The most ids that are kept to recognize items."""
_DAY = 24 * 60 * 60 * 10**9
_LINES = 1000
_MOST_LINES = 5000
"""The most log lines of a page."""


class Pager:
    """Chooses the next page, and the items of each page that are new.

    Args:
        call: The call of the first page.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.query: tuple[Any, ...] | None = call.query
        """The query of the next page; None after the last one."""

    def take(self, page: Any) -> list[Any]:
        """Takes the page that the query returned, and returns its new items."""
        self.query = None
        return list(page)


def pager_for(call: Call, clock: Clock) -> Pager:
    """Returns what pages through the results of a call.

    The kind follows from the operation's parameters.

    Raises:
        ubiops.ApiTypeError: The operation does not return a list.
        ubiops.ApiValueError: The size of a page is 0.
    """
    operation = call.operation
    names = {parameter.name for parameter in operation.query}
    is_list = (operation.returns or "").startswith("list[")
    if call.value("limit") == 0:
        raise ApiValueError("paginate() takes a 'limit', the size of a page, of at least 1")
    for name, following in (("cursor", "next"), ("continuation_token", "continuation_token")):
        if name in names and not is_list:
            return _TokenPager(call, name, following)
    if is_list and {"limit", "offset"} <= names:
        return _OffsetPager(call)
    if is_list and {"start", "end", "limit"} <= names:
        return _TimePager(call, clock)
    if is_list and operation.method == "GET":
        return Pager(call)
    raise ApiTypeError(f"paginate() takes a method that returns a list or a page, got {operation.name}")


def _id_of(item: Any) -> Any:
    value = getattr(item, "id", None)
    return value if value is None or isinstance(value, (str, int)) else repr(value)


class _TokenPager(Pager):
    """Pages that name the next one, by a token or a link that contains it."""

    def __init__(self, call: Call, parameter: str, following: str) -> None:
        super().__init__(call)
        self._parameter = parameter
        self._following = following
        self._used = {call.value(parameter)}
        fields = find_model(call.operation.returns or "").openapi_types
        lists = [name for name, kind in fields.items() if kind.startswith("list[") and kind[5:6].isupper()]
        self._items = lists[0]

    def take(self, page: Any) -> list[Any]:
        token = self._read(getattr(page, self._following, None))
        if token is None:
            self.query = None
        elif token in self._used:
            raise InvalidResponseError(
                200, f"the response names a page as the next one that came before: {token!r:.100}"
            )
        else:
            self._used.add(token)
            self.query = self.call.query_with(**{self._parameter: token})
        return list(getattr(page, self._items, None) or ())

    def _read(self, value: Any) -> str | None:
        if not value:
            return None
        if not isinstance(value, str):
            raise InvalidResponseError(
                200, f"the response names the next page by {value!r:.100}, which is not a string"
            )
        if self._parameter == "cursor" and ("?" in value or "://" in value):
            found = parse_qs(urlsplit(value).query).get("cursor")
            if not found:
                raise InvalidResponseError(200, "the response names the next page by a link without a cursor")
            return found[0]
        return value


class _OffsetPager(Pager):
    """Pages by the number of items before them.

    Each page overlaps the one before by an item. If that item is missing, others before
    it were removed, and the pager goes back until it finds an item that it knows.
    Pages of a single item, and items without an id, can't overlap.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._first = self._offset = call.value("offset") or 0
        self._known: dict[Any, None] = {}
        self._largest = 0

    def take(self, page: Any) -> list[Any]:
        items = list(page)
        self._largest = max(self._largest, len(items))
        ids = [_id_of(item) for item in items]
        if any(one is None for one in ids):
            return self._forward(items, len(items), bool(items))
        known = [one in self._known for one in ids]
        if self._known and self._offset > self._first and self._largest > 1 and not any(known):
            self._move(max(self._first, self._offset - self._largest))
            return []
        new = []
        for item, one in zip(items, ids):
            if one not in self._known:
                new.append(item)
                self._known[one] = None
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        is_last = len(items) < self._largest or not items
        return self._forward(new, len(items) - (1 if self._largest > 1 else 0), not is_last)

    def _forward(self, items: list[Any], step: int, goes_on: bool) -> list[Any]:
        if goes_on:
            self._move(self._offset + step)
        else:
            self.query = None
        return items

    def _move(self, offset: int) -> None:
        self._offset = offset
        self.query = self.call.query_with(offset=offset)


class _TimePager(Pager):
    """Log lines by their time: a page starts with the last time of the one before.

    Several lines can have the same time. As many as were returned before are skipped.
    """

    def __init__(self, call: Call, clock: Clock) -> None:
        super().__init__(call)
        self._limit = call.value("limit") or _LINES
        self._last: int | None = None
        self._returned = 0
        self._step = 1
        start, end = call.value("start"), call.value("end")
        if start is None and end is None:
            # The period that the API searches by default, which would move.
            now = int(clock.time() * 1e9)
            start, end = str(now - _DAY), str(now)
        self.call = call._replace(query=call.query_with(start=start, end=end))
        self.query = self.call.query_with(limit=self._limit)

    def take(self, page: Any) -> list[Any]:
        lines = list(page)
        skipped = 0
        while skipped < min(self._returned, len(lines)) and lines[skipped].timestamp == self._last:
            skipped += 1
        if len(lines) < self._limit or lines[-1].timestamp is None:
            self.query = None
            return lines[skipped:]
        first, last = lines[0].timestamp, lines[-1].timestamp
        if first != last:
            self._step = 1 if first < last else -1
        if skipped < len(lines):
            self._last, self._returned = last, sum(line.timestamp == last for line in lines)
            start = last
        elif self._limit < _MOST_LINES:
            self._limit, start = _MOST_LINES, last
        else:
            # More lines of one time than a page holds: the others can't be reached.
            start = last + self._step
        self.query = self.call.query_with(start=str(start), limit=self._limit)
        return lines[skipped:]

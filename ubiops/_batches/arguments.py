"""Checks the arguments of ``map_requests`` and its relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._batches.journal import Journal
from ubiops._batches.run import MAXIMUM_BATCH
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from ubiops._batches.target import Target


def check_arguments(
    caller: str,
    target: Target,
    *,
    timeout: int | None,
    priority: int | None,
    batch_size: int,
    max_in_flight: int,
    start: int,
    request_ids: Mapping[int, str] | None,
    journal: str | os.PathLike[str] | None,
) -> dict[str, Any]:
    """Returns the arguments for a ``Run``.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: An argument is out of range, or the journal is not one of
            these requests.
    """
    target.check(caller)
    for name, value, least in (("batch_size", batch_size, 1), ("max_in_flight", max_in_flight, 1), ("start", start, 0)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ApiTypeError(f"{caller}(): {name!r} must be an integer, got {type(value).__name__}")
        if value < least:
            raise ApiValueError(f"{caller}(): {name!r} must be {least} or more, got {value}")
    if batch_size > MAXIMUM_BATCH:
        raise ApiValueError(f"{caller}(): 'batch_size' must be at most {MAXIMUM_BATCH}, got {batch_size}")
    options = {name: value for name, value in (("timeout", timeout), ("priority", priority)) if value is not None}
    return {
        "options": options,
        "window": max_in_flight,
        "batch_size": min(batch_size, max_in_flight),
        "start": start,
        "request_ids": _check_ids(caller, request_ids),
        "journal": None if journal is None else Journal(journal, target),
    }


def _check_ids(caller: str, request_ids: Mapping[int, str] | None) -> dict[int, str]:
    try:
        # JSON turns the keys into strings.
        found = {int(index): identifier for index, identifier in dict(request_ids or {}).items()}
    except (TypeError, ValueError) as error:
        raise ApiTypeError(f"{caller}(): 'request_ids' must map the indexes of inputs to ids of requests") from error
    for identifier in found.values():
        if not isinstance(identifier, str):
            raise ApiTypeError(f"{caller}(): an id in 'request_ids' must be a string, got {type(identifier).__name__}")
    return found

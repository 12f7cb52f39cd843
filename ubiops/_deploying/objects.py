"""Creating objects that are missing, and removing them if the rest fails."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ubiops._waiting.steps import step
from ubiops.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiTimeoutError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    ServerError,
    UbiOpsException,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._waiting.steps import Steps

T = TypeVar("T")
_logger = logging.getLogger("ubiops.utils")
# After these, the object may exist: another program created it, or the response to our
# own call was lost.
_MAY_EXIST = (ApiConnectionError, ApiTimeoutError, BadRequestError, ConflictError, ServerError)


def get_or_create(get: Callable[[], Any], create: Callable[[], Any]) -> Steps[tuple[Any, bool]]:
    """Returns an object, and whether it was created now.

    Args:
        get: Gets the object.
        create: Creates it.

    Raises:
        ubiops.ApiException: A call failed.
    """
    try:
        return (yield from step(get)), False
    except NotFoundError:
        pass
    try:
        return (yield from step(create)), True
    except _MAY_EXIST as error:
        try:
            return (yield from step(get)), False
        except ApiException:
            raise error from error.__cause__


class Created:
    """What a run has created, to be removed if it fails."""

    def __init__(self) -> None:
        self._removals: list[tuple[str, Callable[[], Steps[None]]]] = []

    def add(self, name: str, remove: Callable[[], Steps[None]]) -> None:
        """Adds an object, and the task that removes it."""
        self._removals.append((name, remove))

    def remove(self) -> Steps[None]:
        """Removes all objects, the last one first."""
        for name, remove in reversed(self._removals):
            try:
                yield from remove()
            except UbiOpsException as error:  # noqa: PERF203
                _logger.warning("%s was created, but can't be removed after the failure: %s", name, error)


def remove_by(delete: Callable[..., Any], *names: str) -> Callable[[], Steps[None]]:
    """Returns a task that deletes an object."""

    def remove() -> Steps[None]:
        yield from step(partial(delete, *names))

    return remove

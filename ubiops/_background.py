"""The result of a call that runs in another thread."""

from __future__ import annotations

from multiprocessing.pool import ApplyResult
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiAttributeError, ApiTypeError

_HINT = "async_req=True returns the call that is under way: its result is that of get()"


class BackgroundResult(ApplyResult):  # type: ignore[type-arg]
    """What ``async_req=True`` returns: ``get()`` waits for the result of the call.

    Using it as if it were that result raises an error that says so.
    """

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            error = ApiAttributeError(message if name.startswith("_") else f"{message}; {_HINT}")
            error.name = name
            raise error

        def __iter__(self) -> Any:
            raise ApiTypeError(f"{type(self).__name__!r} object is not iterable; {_HINT}")

        def __await__(self) -> Any:
            raise ApiTypeError(
                f"{type(self).__name__!r} object can't be awaited; {_HINT}; methods to await are those of ubiops.aio"
            )

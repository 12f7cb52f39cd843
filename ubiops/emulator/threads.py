"""Worker threads, for everything that would keep the event loop busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable

# Uploads have threads of their own, so that slow ones don't hold up other calls.
_UPLOAD_THREADS = 8
T = TypeVar("T")


class Threads:
    """Runs functions in worker threads: uploads in some, everything else in others."""

    def __init__(self) -> None:
        self._uploads: anyio.CapacityLimiter | None = None

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function and returns its result."""
        return await run_in_threadpool(function, *arguments)

    async def run_upload(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function that may take long, such as one that inspects a package."""
        if self._uploads is None:
            self._uploads = anyio.CapacityLimiter(_UPLOAD_THREADS)
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._uploads)

"""Runs blocking steps of tasks in worker threads, in order and up to a limit."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import contextvars
import os
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ubiops.aio._workers import Workers
from ubiops.exceptions import ApiTimeoutError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_GRACE = 0.5
"""Seconds that a cancelled task waits for its thread to end. Usually it takes a
millisecond; only while a host name is resolved or a file is read, a thread can't be
stopped."""


class Runner:
    """Worker threads for the tasks of one event loop.

    Args:
        limit: The most threads at a time. Further tasks wait in order.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._workers = Workers()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()
        self._calls = 0
        self._start()

    def _start(self) -> None:
        self._free = self.limit
        self._waiting: collections.deque[asyncio.Future[None]] = collections.deque()
        self._ended: list[asyncio.Future[None]] = []
        self._calls = 0

    def bind(self) -> asyncio.AbstractEventLoop:
        """Returns the running event loop, which this runner belongs to from now on.

        Raises:
            ubiops.ApiValueError: It belongs to another loop that is still open, or to a
                parent process.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._process != os.getpid():
                if self._loop is not None:
                    raise ApiValueError(
                        "this client was used before the process was forked, and can't be used in the child: "
                        "create an ubiops.aio.ApiClient in the child"
                    )
                self._workers, self._process = Workers(), os.getpid()
            if self._loop is not None and not self._loop.is_closed():
                raise ApiValueError(
                    "this client belongs to another event loop: create an ubiops.aio.ApiClient for each loop"
                )
            self._loop = loop
            self._start()
        elif self._process != os.getpid():
            raise ApiValueError("this event loop was forked with its process: start a new one in the child")
        return loop

    # --- calls ------------------------------------------------------------------------

    def __enter__(self) -> None:
        """Counts a call that is under way."""
        self.bind()
        self._calls += 1

    def __exit__(self, *error: object) -> None:
        self._calls -= 1
        if not self._calls:
            ended, self._ended = self._ended, []
            for future in ended:
                if not future.done():
                    future.set_result(None)

    async def wait_for_calls(self) -> None:
        """Waits until no call is under way."""
        loop = asyncio.get_running_loop()
        if self._calls and self._loop is loop:
            future: asyncio.Future[None] = loop.create_future()
            self._ended.append(future)
            await future

    def stop_idle(self) -> None:
        """Ends the threads that are idle now."""
        self._workers.stop_idle()

    # --- jobs -------------------------------------------------------------------------

    async def run(self, function: Callable[[], T], abort: Callable[[], object], timeout: float | None = None) -> T:
        """Runs a function in a thread and returns its result.

        Args:
            function: The function. It runs in a copy of the task's context.
            abort: Makes the function return soon. Called if the task is cancelled.
            timeout: The most seconds to wait for a free thread.

        Raises:
            ubiops.ApiTimeoutError: No thread became free in time.
        """
        __tracebackhide__ = True
        loop = self.bind()
        await self._acquire(loop, timeout)
        job: _Job[T] = _Job(self, loop, function)
        self._workers.submit(job.run)
        try:
            return await job.future
        except asyncio.CancelledError:
            if not job.finished:
                abort()
                job.ended = loop.create_future()
                await asyncio.wait((job.ended,), timeout=_GRACE)
            raise

    async def _acquire(self, loop: asyncio.AbstractEventLoop, timeout: float | None) -> None:
        if timeout is not None and timeout <= 0:
            raise self._timed_out()
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        expiry = None if timeout is None else loop.call_later(timeout, _expire, turn, self._timed_out())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()
            raise
        finally:
            if expiry is not None:
                expiry.cancel()

    def _timed_out(self) -> ApiTimeoutError:
        return ApiTimeoutError(
            0,
            f"timed out while waiting for one of {self.limit} concurrent calls to end",
            hint="raise max_concurrency of the client, or _request_timeout",
        )

    def release(self) -> None:
        """Gives the place of a job to the task that waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _expire(turn: asyncio.Future[None], error: ApiTimeoutError) -> None:
    if not turn.done():
        turn.set_exception(error)


class _Job(Generic[T]):
    """One function that runs in a worker thread, and the future of its result."""

    def __init__(self, runner: Runner, loop: asyncio.AbstractEventLoop, function: Callable[[], T]) -> None:
        self._runner = runner
        self._loop = loop
        self._function = function
        self._context = contextvars.copy_context()
        self.future: asyncio.Future[T] = loop.create_future()
        self.finished = False
        self.ended: asyncio.Future[None] | None = None
        """What a cancelled task waits for."""

    def run(self) -> None:
        """Runs the function, in the worker thread."""
        __tracebackhide__ = True
        value: Any = None
        failed: BaseException | None = None
        try:
            value = self._context.run(self._function)
        except BaseException as error:
            failed = error
        # The loop may have been closed while the thread could not be stopped.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._finish, value, failed)

    def _finish(self, value: T, error: BaseException | None) -> None:
        """Delivers the outcome, in the thread of the event loop."""
        self.finished = True
        self._runner.release()
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(None)
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)

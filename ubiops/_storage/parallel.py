"""Jobs of one session that run at the same time."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ubiops._storage.session import Session

T = TypeVar("T")

MOST = 64
"""The most jobs at the same time."""


def check_parallel(value: Any, argument: str) -> int:
    """Returns a number of jobs.

    Raises:
        ubiops.ApiValueError: It is not a positive integer, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise ApiValueError(f"{argument} must be an integer from 1 to {MOST}, got {value!r:.80}")
    return value


def run_parallel(session: Session, jobs: Iterable[Callable[[], T]], count: int) -> list[T]:
    """Runs jobs and returns their results in order.

    The first error ends the session, and with it all other jobs.

    Args:
        session: The session.
        jobs: The jobs. The next one is taken when a thread is free.
        count: The most jobs at the same time.

    Raises:
        BaseException: What the first job that failed has raised.
    """
    __tracebackhide__ = True
    if count == 1:
        return [job() for job in jobs]
    iterator = enumerate(jobs)
    lock = threading.Lock()
    results: dict[int, T] = {}

    def work() -> None:
        try:
            while not session.aborted:
                with lock:
                    number, job = next(iterator, (-1, None))
                if job is None:
                    return
                results[number] = job()
        except BaseException as error:
            session.abort(error)

    threads = []
    try:
        for _ in range(count):
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(work,), name="ubiops-transfer", daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            while thread.is_alive():
                # With a limit, because Windows does not interrupt a wait without one.
                thread.join(0.5)
    except BaseException as error:
        session.abort(error)
        for thread in threads:
            thread.join()
        raise
    if session.reason is not None:
        raise session.reason
    session.left()
    return [results[number] for number in sorted(results)]

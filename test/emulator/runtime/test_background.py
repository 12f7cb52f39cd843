"""Work in the background."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ubiops.emulator.runtime.background import MAXIMUM_THREADS, WorkQueue


@pytest.fixture
def work() -> Iterator[WorkQueue]:
    queue = WorkQueue()
    queue.start()
    yield queue
    queue.stop()


def test_work_is_done_and_a_failure_harms_no_other(work: WorkQueue, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    work.submit(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    work.submit(done.set)
    assert done.wait(30)
    work.stop()
    assert "ZeroDivisionError" in caplog.text


def test_work_does_not_wait_for_other_work_that_takes_long(work: WorkQueue) -> None:
    together = threading.Barrier(MAXIMUM_THREADS + 1)
    for _ in range(3):
        for _ in range(MAXIMUM_THREADS):
            work.submit(lambda: together.wait(30) and None)
        together.wait(30)


def test_more_work_than_threads_is_done_in_the_end(work: WorkQueue) -> None:
    done = threading.Semaphore(0)
    for _ in range(1000):
        work.submit(done.release)
    assert all(done.acquire(timeout=30) for _ in range(1000))


def test_stopping_drops_what_waits() -> None:
    queue, started, go_on = WorkQueue(), threading.Barrier(MAXIMUM_THREADS + 1), threading.Event()
    later: list[int] = []

    def first() -> None:
        started.wait(30)
        go_on.wait(30)

    for _ in range(MAXIMUM_THREADS):
        queue.submit(first)
    started.wait(30)
    queue.submit(lambda: later.append(1))
    threading.Timer(0.05, go_on.set).start()
    queue.stop()
    queue.submit(lambda: later.append(2))
    assert later == []


def test_it_can_be_started_again() -> None:
    queue, done = WorkQueue(), threading.Event()
    queue.submit(lambda: None)
    queue.stop()
    queue.start()
    queue.submit(done.set)
    assert done.wait(30)
    queue.stop()

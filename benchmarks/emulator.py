"""Measures the emulator: its start, its requests, its queue and its files."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from benchmarks.measure import Figures, rounds
from benchmarks.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.works import Scale

MEGABYTE = 1_000_000
CLIENTS = 64
_NAME = "emulator"


def measure(folder: str, scale: Scale) -> Figures:
    """Returns all figures of the emulator.

    Args:
        folder: A folder for its data and for files.
        scale: How much work is done.
    """
    figures: Figures = {}

    def first() -> Mapping[str, float]:
        with _user(folder) as process:
            return {"emulator_first": process.ask("start")}

    figures.update(_rounds("emulator, first response of the command", scale.emulator_starts, first))
    with _user(folder) as process:
        process.ask("start")

        def uploaded() -> Mapping[str, float]:
            return {"emulator_uploaded": process.ask("upload_code")}

        figures.update(_rounds("emulator, first response after an upload", scale.emulator_starts, uploaded))

        def warm() -> Mapping[str, float]:
            return {"emulator_warm": process.ask("direct", calls=scale.calls)}

        figures.update(_rounds("emulator, direct requests", scale.rounds, warm))

        def clients() -> Mapping[str, float]:
            found = process.ask("clients", clients=CLIENTS, calls=max(2, scale.calls // 10))
            return {"emulator_clients": found["rate"], "emulator_slowest": found["slowest"]}

        figures.update(_rounds(f"emulator, {CLIENTS} clients at once", 3, clients))

        def queue() -> Mapping[str, float]:
            found = process.ask("queue", count=scale.queue)
            return {"emulator_queue": found["rate"], "emulator_queue_sent": found["sent"]}

        figures.update(_rounds(f"emulator, a queue of {scale.queue:,} requests", 1, queue))

    def files() -> Mapping[str, float]:
        with _user(folder) as process:
            process.ask("start")
            moved = process.ask("files", size=scale.file)
        return {
            "emulator_up": moved["up"] / MEGABYTE,
            "emulator_down": moved["down"] / MEGABYTE,
            "emulator_growth": moved["growth"] / MEGABYTE,
        }

    title = f"emulator, {scale.file // MEGABYTE:,} MB through signed URLs"
    figures.update(_rounds(title, min(3, scale.file_rounds), files))
    return figures


def _rounds(title: str, count: int, sample: Callable[[], Mapping[str, float]]) -> Figures:
    return rounds(title, count, {_NAME: sample})


@contextlib.contextmanager
def _user(folder: str) -> Iterator[Process]:
    """Runs a process that starts an emulator and calls it."""
    # Otherwise unwritten data of the previous round slows this one.
    if hasattr(os, "sync"):
        os.sync()
    process = Process(_NAME, "emulator_user.py", _NAME, folder=folder)
    try:
        yield process
    finally:
        process.close()

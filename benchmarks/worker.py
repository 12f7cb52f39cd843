"""A contestant in a process of its own, which does the work that the runner asks for and tells how long it took.

Run by the benchmarks as a script: commands come from standard input, a JSON line each, and so do the answers go out.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import threading
import tracemalloc
from time import perf_counter
from typing import Any

from contestants import CONTESTANTS


def peak_memory() -> int:
    """Bytes that this process held at most. Not the one of getrusage where possible, which counts the parent's too."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


class Worker:
    """The contestant and the kinds of measurements that are made of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._clients: dict[str, Any] = {}

    def connect(self, scheme: str, host: str, ca: str) -> None:
        """Makes a client for the server at ``host``."""
        self._clients[scheme] = CONTESTANTS[self._name](host, ca)

    def time(self, work: str, calls: int, scheme: str = "http", **arguments: Any) -> float:
        """The median of the seconds that each of some calls takes."""
        call = getattr(self._clients[scheme], work)
        call(**arguments)
        taken = []
        gc.collect()
        for _ in range(calls):
            start = perf_counter()
            call(**arguments)
            taken.append(perf_counter() - start)
        return statistics.median(taken)

    def threads(self, threads: int, calls: int) -> float:
        """Calls per second, of threads that share a client and make some calls each."""
        get = self._clients["http"].get
        ready = threading.Barrier(threads + 1)

        def work() -> None:
            ready.wait()
            for _ in range(calls):
                get()

        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        ready.wait()
        start = perf_counter()
        for thread in running:
            thread.join()
        return threads * calls / (perf_counter() - start)

    def upload(self, path: str, warm: str) -> dict[str, float]:
        """Sends a file, after a small one: bytes per second, and how much the peak of memory grew."""
        return self._transfer(lambda file: self._clients["http"].upload(file), warm, path, os.path.getsize(path))

    def download(self, size: int, warm: int) -> dict[str, float]:
        """Saves a file, after a small one: bytes per second, and how much the peak of memory grew."""

        def download(amount: int) -> None:
            path = self._clients["http"].download(amount)
            if os.path.getsize(path) != amount:
                raise RuntimeError(f"{self._name} saved {os.path.getsize(path)} bytes instead of {amount}")
            saved.append(path)

        saved: list[str] = []
        try:
            return self._transfer(download, warm, size, size)
        finally:
            for path in set(saved):
                os.unlink(path)

    def _transfer(self, move: Any, warm: Any, thing: Any, size: int) -> dict[str, float]:
        move(warm)
        before = peak_memory()
        start = perf_counter()
        move(thing)
        seconds = perf_counter() - start
        return {"rate": size / seconds, "growth": peak_memory() - before}

    def models(self, items: int) -> dict[str, float]:
        """What an object of 31 fields costs: seconds to parse, build and dump it, and the bytes that it holds."""
        text, build = self._clients["http"].builder(items)
        parsed = self._measure(lambda: json.loads(text))
        built = self._measure(build)
        result = {"parse": parsed / items, "build": max(0.0, built - parsed) / items, "total": built / items}
        models = build()
        if hasattr(models[0], "to_dict"):
            result["dump"] = self._measure(lambda: [one.to_dict() for one in models]) / items
        result["bytes"] = self._kept(build) / items
        if self._name == "this":
            # The values belong to the object that the model is built from; what the model itself takes is the rest.
            objects = json.loads(text)
            result["own_bytes"] = self._kept(lambda: self._clients["http"].build(objects)) / items
        return result

    def _kept(self, work: Any) -> int:
        gc.collect()
        tracemalloc.start()
        kept = work()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del kept
        return size

    def _measure(self, work: Any) -> float:
        taken = []
        for _ in range(5):
            gc.collect()
            start = perf_counter()
            kept = work()
            taken.append(perf_counter() - start)
            del kept
        return statistics.median(taken)


def main() -> None:
    """Answers commands until standard input ends."""
    # Whatever else is printed must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        result = getattr(worker, command.pop("do"))(**command)
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()

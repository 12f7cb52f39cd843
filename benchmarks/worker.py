"""A contestant in a process of its own.

Run as a script by the benchmarks. It reads commands from standard input, one line of
JSON each, and writes a line of JSON with what it measured.
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
    """Returns the peak of this process's memory in bytes.

    Where possible it does not use getrusage, which includes the parent's peak.
    """
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


class Worker:
    """Measures a contestant."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._clients: dict[str, Any] = {}

    def connect(self, scheme: str, host: str, ca: str) -> None:
        """Creates a client for the server at ``host``."""
        if self._name in CONTESTANTS:
            self._clients[scheme] = CONTESTANTS[self._name](host, ca)
        elif scheme == "http":
            from coroutines import CONTESTANTS as ASYNC

            self._clients[scheme] = ASYNC[self._name](host)

    def close(self) -> None:
        """Closes the clients that have to be closed."""
        for client in self._clients.values():
            if hasattr(client, "close"):
                client.close()

    def time(self, work: str, calls: int, scheme: str = "http", **arguments: Any) -> float:
        """Returns the median of the seconds that a call takes."""
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
        """Returns the calls per second of threads that share a client."""
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

    def async_time(self, calls: int) -> float:
        """Returns the median of the seconds that one awaited call takes."""
        client = self._clients["http"]
        taken = []

        async def work() -> None:
            await client.get()
            gc.collect()
            for _ in range(calls):
                start = perf_counter()
                await client.get()
                taken.append(perf_counter() - start)

        client.run(work())
        return statistics.median(taken)

    def async_rate(self, tasks: int) -> float:
        """Returns the calls per second of concurrent tasks that make one call each."""
        client = self._clients["http"]

        async def work() -> float:
            import asyncio

            start = perf_counter()
            await asyncio.gather(*(client.get() for _ in range(tasks)))
            return tasks / (perf_counter() - start)

        rate: float = client.run(work())
        return rate

    def upload(self, path: str, warm: str) -> dict[str, float]:
        """Sends a file after a small one: bytes per second, and growth of memory."""
        return self._transfer(lambda file: self._clients["http"].upload(file), warm, path, os.path.getsize(path))

    def download(self, size: int, warm: int) -> dict[str, float]:
        """Saves a file after a small one: bytes per second, and growth of memory."""

        def download(amount: int) -> None:
            path = self._clients["http"].download(amount)
            # All contestants end with a file that is on the disk. Those that waited for
            # that themselves have nothing left to do.
            with open(path, "rb") as file:
                os.fsync(file.fileno())
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
        """Returns the seconds to parse, build and dump an object of 31 fields."""
        text, build = self._clients["http"].builder(items)
        parsed = self._measure(lambda: json.loads(text))
        built = self._measure(build)
        result = {"parse": parsed / items, "build": max(0.0, built - parsed) / items, "total": built / items}
        models = build()
        if hasattr(models[0], "to_dict"):
            result["dump"] = self._measure(lambda: [one.to_dict() for one in models]) / items
        result["bytes"] = self._kept(build) / items
        if self._name == "this":
            # The values belong to the object that the model is built from. The rest is
            # the model's own size.
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
    """Runs commands until standard input ends."""
    # Anything else that is printed goes to standard error, so that it does not mix with
    # the results.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        result = getattr(worker, command.pop("do"))(**command)
        print(json.dumps(result), file=results, flush=True)
    worker.close()


if __name__ == "__main__":
    main()

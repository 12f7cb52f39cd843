"""The work that is measured: what each contestant is asked to do, how often, and in which order."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.environments import prepare, variables
from benchmarks.measure import Figures, rounds
from benchmarks.processes import Process, Server, worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAMES = ("this", "official", "floor")
MEGABYTE = 1_000_000
_WARM = 4096


class Scale(NamedTuple):
    """How much of everything."""

    rounds: int = 15
    calls: int = 200
    file: int = 1_000_000_000
    file_rounds: int = 11
    starts: int = 21
    items: tuple[int, ...] = (10, 100, 1_000, 10_000, 100_000)


QUICK = Scale(rounds=3, calls=50, file=64_000_000, file_rounds=2, starts=3, items=(10, 100, 1_000))


GROUPS = ("calls", "lists", "threads", "models", "growth", "files", "starts")


def run(server: Server, scale: Scale, groups: tuple[str, ...] = GROUPS) -> Figures:
    """Does all the work, or some groups of it."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        with _workers(server, folder) as workers:
            for name, group in (("calls", _calls), ("lists", _lists), ("models", _models), ("growth", _growth)):
                if name in groups:
                    figures.update(group(workers, scale))
            if "threads" in groups:
                figures.update(_threads(workers, server, scale))
        if "files" in groups:
            figures.update(_files(server, folder, scale))
        if "starts" in groups:
            figures.update(_starts(server, folder, scale))
    return figures


@contextlib.contextmanager
def _workers(server: Server, folder: str) -> Iterator[dict[str, Process]]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(worker(name, server, folder)) for name in NAMES}


def _timed(title: str, count: int, workers: Mapping[str, Process], work: str, key: str, **arguments: object) -> Figures:
    def sampler(name: str) -> Callable[[], Mapping[str, float]]:
        calls = arguments.get("calls")
        # The slow one makes fewer calls in a round, of which there are as many.
        fewer = (
            {**arguments, "calls": max(1, calls // 5)} if isinstance(calls, int) and name == "official" else arguments
        )
        return lambda: {key: workers[name].ask("time", work=work, **fewer)}

    return rounds(title, count, {name: sampler(name) for name in workers})


def _calls(workers: Mapping[str, Process], scale: Scale) -> Figures:
    figures: Figures = {}
    for key, title, work, scheme in (
        ("get_http", "small GET", "get", "http"),
        ("get_tls", "small GET over TLS", "get", "https"),
        ("create_model", "create with a model", "create_with_model", "http"),
        ("create_dict", "create with a dict", "create_with_dict", "http"),
    ):
        figures.update(_timed(title, scale.rounds, workers, work, key, calls=scale.calls, scheme=scheme))
    return figures


def _lists(workers: Mapping[str, Process], scale: Scale) -> Figures:
    figures: Figures = {}
    for key, title, work in (
        ("versions", "list of 1,000 versions", "versions"),
        ("versions_read", "list of 1,000 versions, five fields read of each", "versions_read"),
        ("deployments", "list of 1,000 deployments", "deployments"),
        ("deployments_read", "list of 1,000 deployments, five fields read of each", "deployments_read"),
    ):
        figures.update(_timed(title, scale.rounds, workers, work, key, calls=10, items=1000))
    return figures


def _threads(workers: Mapping[str, Process], server: Server, scale: Scale) -> Figures:
    figures: Figures = {}
    for threads in (16, 64):
        each = max(2, scale.calls * 16 // threads)

        def sampler(name: str, threads: int = threads, each: int = each) -> Callable[[], Mapping[str, float]]:
            def sample() -> Mapping[str, float]:
                server.counts()
                rate = workers[name].ask(
                    "threads", threads=threads, calls=max(2, each // 5) if name == "official" else each
                )
                return {f"threads_{threads}": rate, f"connections_{threads}": server.counts()["connections"]}

            return sample

        figures.update(rounds(f"{threads} threads", scale.rounds, {name: sampler(name) for name in NAMES}))
    return figures


def _models(workers: Mapping[str, Process], scale: Scale) -> Figures:
    def sampler(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            return {f"model_{key}": value for key, value in workers[name].ask("models", items=1000).items()}

        return sample

    return rounds("1,000 models of 31 fields", scale.rounds, {name: sampler(name) for name in NAMES}, ("official",))


def _growth(workers: Mapping[str, Process], scale: Scale) -> Figures:
    figures: Figures = {}
    for items in scale.items:
        calls = max(1, min(20, 2_000 // items))

        def sampler(name: str, items: int = items, calls: int = calls) -> Callable[[], Mapping[str, float]]:
            key = f"items_{items}"
            return lambda: {key: workers[name].ask("time", work="versions", calls=calls, items=items) / items}

        samplers = {name: sampler(name) for name in NAMES}
        figures.update(rounds(f"list of {items:,} versions", 5, samplers, ("official",)))
    return figures


def _files(server: Server, folder: str, scale: Scale) -> Figures:
    big, small = os.path.join(folder, "big.zip"), os.path.join(folder, "small.zip")
    for path, size in ((big, scale.file), (small, _WARM)):
        with open(path, "wb") as file:
            file.truncate(size)

    def upload(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            server.counts()
            # Each in a process of its own: the peak of memory never comes down again.
            with worker(name, server, folder) as process:
                moved = process.ask("upload", path=big, warm=small)
            received = server.counts()["body_bytes"]
            if received < scale.file + _WARM:
                raise RuntimeError(f"only {received} bytes of {name}'s upload came in")
            return {"upload": moved["rate"] / MEGABYTE, "upload_memory": moved["growth"] / MEGABYTE}

        return sample

    def download(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            # What the one before has left to be written would slow this one down.
            if hasattr(os, "sync"):
                os.sync()
            with worker(name, server, folder) as process:
                moved = process.ask("download", size=scale.file, warm=_WARM)
            return {"download": moved["rate"] / MEGABYTE, "download_memory": moved["growth"] / MEGABYTE}

        return sample

    what = f"{scale.file // MEGABYTE:,} MB"
    figures = rounds(f"upload of {what}", scale.file_rounds, {name: upload(name) for name in NAMES})
    figures.update(rounds(f"download of {what}", scale.file_rounds, {name: download(name) for name in NAMES}))
    return figures


# Each runs in a fresh process and prints what it saw: seconds, modules, and the peak of its memory.
_BARE = """
import sys
def show(seconds, whole=0):
    try:
        with open("/proc/self/status") as status:
            memory = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        memory = 0
    # By hand, so that a bare process imports nothing for it.
    print('{"seconds": %r, "whole": %r, "modules": %d, "memory": %d}' % (seconds, whole, modules, memory))
"""
_IMPORT = (
    _BARE
    + """
from time import perf_counter
before = len(sys.modules)
start = perf_counter()
import WHAT
seconds = perf_counter() - start
modules = len(sys.modules) - before
show(seconds)
"""
)
_FIRST_CALL = (
    _BARE
    + """
from time import perf_counter
begin = perf_counter()
import ubiops
before = len(sys.modules)
start = perf_counter()
configuration = ubiops.Configuration(host=sys.argv[1], api_key={"Authorization": "Token abc"})
api = ubiops.CoreApi(ubiops.ApiClient(configuration))
api.deployments_get("bench", "image-classifier")
seconds, whole = perf_counter() - start, perf_counter() - begin
modules = len(sys.modules) - before
show(seconds, whole)
"""
)
_FIRST_CALL_OF_FLOOR = (
    _BARE
    + """
from time import perf_counter
before = len(sys.modules)
start = perf_counter()
import json
import urllib3
pool = urllib3.connection_from_url(sys.argv[1])
path = "/v2.1/projects/bench/deployments/image-classifier"
json.loads(pool.request("GET", path, headers={"Authorization": "Token abc"}).data)
seconds = perf_counter() - start
modules = len(sys.modules) - before
show(seconds, seconds)
"""
)


def _starts(server: Server, folder: str, scale: Scale) -> Figures:
    def start(name: str, code: str) -> tuple[float, dict[str, float]]:
        environment = "official" if name == "official" else "this"
        began = perf_counter()
        done = subprocess.run(
            [prepare(environment), "-c", code, server.http],
            check=True,
            stdout=subprocess.PIPE,
            # A folder of its own: modules are looked for in it.
            cwd=folder,
            env=variables(name),
            timeout=60,
        )
        return perf_counter() - began, json.loads(done.stdout)

    def importing(name: str) -> Callable[[], Mapping[str, float]]:
        what = "urllib3" if name == "floor" else "ubiops"

        def sample() -> Mapping[str, float]:
            # Time over bare Python: of two processes that differ in nothing but the import, one after the other.
            bare, empty = start(name, _IMPORT.replace("WHAT", "sys"))
            whole, seen = start(name, _IMPORT.replace("WHAT", what))
            return {
                "import": whole - bare,
                "import_inside": seen["seconds"],
                "import_modules": seen["modules"],
                "import_memory": (seen["memory"] - empty["memory"]) / MEGABYTE,
            }

        return sample

    def first_call(name: str) -> Callable[[], Mapping[str, float]]:
        code = _FIRST_CALL_OF_FLOOR if name == "floor" else _FIRST_CALL

        def sample() -> Mapping[str, float]:
            seen = start(name, code)[1]
            return {
                "first_call": seen["seconds"],
                "first_answer": seen["whole"],
                "first_call_modules": seen["modules"],
                "first_call_memory": seen["memory"] / MEGABYTE,
            }

        return sample

    figures = rounds("import", scale.starts, {name: importing(name) for name in NAMES})
    figures.update(rounds("first client and first call", scale.starts, {name: first_call(name) for name in NAMES}))
    return figures

"""The work that is measured: what the contestants do, how often, in which order."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import emulator
from benchmarks.environments import ENVIRONMENTS, ROOT, prepare, variables, whole_api
from benchmarks.measure import Figures, rounds
from benchmarks.processes import Process, Server, worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAMES = ("this", "official", "floor")
ASYNC_NAMES = ("async", "httpx", "aiohttp")
MEGABYTE = 1_000_000
_WARM = 4096


class Scale(NamedTuple):
    """How much work is done."""

    rounds: int = 15
    calls: int = 200
    file: int = 1_000_000_000
    file_rounds: int = 11
    starts: int = 21
    items: tuple[int, ...] = (10, 100, 1_000, 10_000, 100_000)
    tasks: int = 1_000
    emulator_starts: int = 11
    queue: int = 10_000


QUICK = Scale(
    rounds=3, calls=50, file=64_000_000, file_rounds=2, starts=3, items=(10, 100, 1_000), emulator_starts=3, queue=500
)


GROUPS = ("calls", "requests", "lists", "threads", "async", "models", "growth", "files", "starts", "size", "emulator")


def run(server: Server, scale: Scale, groups: tuple[str, ...] = GROUPS) -> Figures:
    """Measures all groups of work, or some of them."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        with _workers(server, folder) as workers:
            for name, group in (("calls", _calls), ("requests", _requests), ("models", _models), ("growth", _growth)):
                if name in groups:
                    figures.update(group(workers, scale))
            if "lists" in groups:
                with worker("fast", server, folder) as fast:
                    figures.update(_lists({**workers, "fast": fast}, scale))
            if "threads" in groups:
                figures.update(_threads(workers, server, scale))
        if "async" in groups:
            with _workers(server, folder, ASYNC_NAMES) as workers:
                figures.update(_async(workers, scale))
        if "files" in groups:
            figures.update(_files(server, folder, scale))
        if "starts" in groups:
            figures.update(_starts(server, folder, scale))
        if "size" in groups:
            figures.update(_size(folder, scale))
        if "emulator" in groups:
            figures.update(emulator.measure(folder, scale))
    return figures


@contextlib.contextmanager
def _workers(server: Server, folder: str, names: tuple[str, ...] = NAMES) -> Iterator[dict[str, Process]]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(worker(name, server, folder)) for name in names}


def _timed(title: str, count: int, workers: Mapping[str, Process], work: str, key: str, **arguments: object) -> Figures:
    def sampler(name: str) -> Callable[[], Mapping[str, float]]:
        calls = arguments.get("calls")
        # The official client is slow and makes fewer calls in each round.
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


def _requests(workers: Mapping[str, Process], scale: Scale) -> Figures:
    figures: Figures = {}
    for key, title, calls, arguments in (
        ("request", "direct request", scale.calls, {}),
        ("batch", "batch of 250 requests", 20, {}),
        ("stream", "stream of 1,000 events", 10, {}),
        ("requests", "list of 1,000 requests", 10, {"items": 1000}),
        ("requests_read", "list of 1,000 requests, five fields read of each", 10, {"items": 1000}),
    ):
        figures.update(_timed(title, scale.rounds, workers, key, key, calls=calls, **arguments))
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


def _async(workers: Mapping[str, Process], scale: Scale) -> Figures:
    def sampler(name: str) -> Callable[[], Mapping[str, float]]:
        return lambda: {
            "async_get": workers[name].ask("async_time", calls=scale.calls),
            "async_rate": workers[name].ask("async_rate", tasks=scale.tasks),
        }

    title = f"async calls, one by one and {scale.tasks:,} at once"
    return rounds(title, scale.rounds, {name: sampler(name) for name in workers})


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
            file.write(b"PK\x03\x04")
            file.truncate(size)

    def upload(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            server.counts()
            # A new process each time, because the peak of its memory never falls.
            with worker(name, server, folder) as process:
                moved = process.ask("upload", path=big, warm=small)
            received = server.counts()["body_bytes"]
            if received < scale.file + _WARM:
                raise RuntimeError(f"the server received only {received} bytes of the upload by {name}")
            return {"upload": moved["rate"] / MEGABYTE, "upload_memory": moved["growth"] / MEGABYTE}

        return sample

    def download(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            # Otherwise unwritten data of the previous download slows this one.
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


# Each runs in a new process and prints the seconds, the modules and the peak of memory.
_BARE = """
import sys
def show(seconds, whole=0):
    try:
        with open("/proc/self/status") as status:
            memory = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        memory = 0
    # Without json, so that a bare process imports nothing.
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


_CORE_API = (
    _BARE
    + """
from time import perf_counter
before = len(sys.modules)
start = perf_counter()
import ubiops
ubiops.CoreApi
seconds = perf_counter() - start
modules = len(sys.modules) - before
show(seconds)
"""
)


def _start(name: str, code: str, folder: str, *arguments: str, sources: Path = ROOT) -> tuple[float, dict[str, float]]:
    """Runs code in a new process, and returns the seconds and what it printed."""
    python, environment = prepare(ENVIRONMENTS[name]), variables(name, sources)
    began = perf_counter()
    done = subprocess.run(
        [python, "-c", code, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        # A folder without modules, because Python looks for modules in it.
        cwd=folder,
        env=environment,
        timeout=60,
    )
    return perf_counter() - began, json.loads(done.stdout)


def _size(folder: str, scale: Scale) -> Figures:
    sources = {"this": ROOT, "whole": whole_api(Path(folder) / "whole")}
    empty = Path(folder) / "empty"
    empty.mkdir()

    def sampler(name: str) -> Callable[[], Mapping[str, float]]:
        def sample() -> Mapping[str, float]:
            bare = _start(name, _IMPORT.replace("WHAT", "sys"), str(empty), sources=sources[name])[0]
            whole = _start(name, _CORE_API, str(empty), sources=sources[name])[0]
            return {"core_api": whole - bare}

        return sample

    figures = rounds("CoreApi with the whole API", scale.starts, {name: sampler(name) for name in sources})
    return {key: {"this": figures["core_api"][name]} for key, name in (("core_api", "this"), ("core_whole", "whole"))}


def _starts(server: Server, folder: str, scale: Scale) -> Figures:
    def importing(name: str) -> Callable[[], Mapping[str, float]]:
        what = "urllib3" if name == "floor" else "ubiops"

        def sample() -> Mapping[str, float]:
            # The difference between two processes that differ only in the import.
            bare, empty = _start(name, _IMPORT.replace("WHAT", "sys"), folder)
            whole, seen = _start(name, _IMPORT.replace("WHAT", what), folder)
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
            seen = _start(name, code, folder, server.http)[1]
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

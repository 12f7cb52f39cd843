"""The targets of this client, as ratios of medians of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Figures


class Target(NamedTuple):
    """A ratio or an amount, and its limit."""

    work: str
    """What is measured."""
    against: str
    """What it is compared with."""
    bound: float
    at_most: bool
    unit: str
    value: Callable[[Figures], float]
    keys: tuple[str, ...]
    """The figures that it needs."""

    def measured(self, figures: Figures) -> bool:
        """Whether the run measured everything that the target needs."""
        return all(key in figures for key in self.keys)

    def met(self, figures: Figures) -> bool:
        """Whether the run met the target."""
        value = self.value(figures)
        return value <= self.bound if self.at_most else value >= self.bound

    def wanted(self) -> str:
        """Returns the limit as text."""
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}{self.unit}"


def _ratio(key: str, over: str, under: str) -> Callable[[Figures], float]:
    return lambda figures: figures[key][over].median / figures[key][under].median


def _median(key: str, factor: float = 1) -> Callable[[Figures], float]:
    return lambda figures: figures[key]["this"].median * factor


def _of_emulator(work: str, against: str, bound: float, unit: str, key: str, factor: float = 1) -> Target:
    return Target(work, against, bound, True, unit, lambda figures: figures[key]["emulator"].median * factor, (key,))


def _times_floor(work: str, key: str, bound: float, who: str = "this") -> Target:
    return Target(work, "the floor's time", bound, True, "", _ratio(key, who, "floor"), (key,))


def _rate_of_floor(work: str, key: str, bound: float) -> Target:
    return Target(work, "the floor's rate", bound, False, "", _ratio(key, "this", "floor"), (key,))


def _faster(work: str, key: str, bound: float) -> Target:
    return Target(
        work, "the official client's time", bound, False, " times faster", _ratio(key, "official", "this"), (key,)
    )


def _more(work: str, key: str, bound: float) -> Target:
    return Target(work, "the official client's rate", bound, False, " times", _ratio(key, "this", "official"), (key,))


_LISTS = (
    ("versions", "list of 1,000 versions"),
    ("versions_read", "list of 1,000 versions, five fields read"),
    ("deployments", "list of 1,000 deployments"),
    ("deployments_read", "list of 1,000 deployments, five fields read"),
)

_REQUESTS = (
    ("request", "direct request"),
    ("batch", "batch of 250 requests"),
    ("stream", "stream of 1,000 events"),
    ("requests", "list of 1,000 requests"),
)

TARGETS = (
    _times_floor("small GET", "get_http", 1.2),
    _faster("small GET", "get_http", 4),
    _times_floor("small GET, TLS", "get_tls", 1.2),
    _faster("small GET, TLS", "get_tls", 10),
    *(_times_floor(work, key, 1.2) for key, work in _REQUESTS),
    # The floor itself is less than twice as fast as the official client on a stream.
    *(_faster(work, key, 4) for key, work in _REQUESTS if key != "stream"),
    *(target for key, work in _LISTS for target in (_times_floor(work, key, 1.25), _faster(work, key, 18))),
    *(_times_floor(f"{work}, with `fast`", key, 0.7, "fast") for key, work in _LISTS),
    *(
        target
        for threads in (16, 64)
        for target in (
            _rate_of_floor(f"{threads} threads, requests/s", f"threads_{threads}", 0.85),
            _more(f"{threads} threads, requests/s", f"threads_{threads}", 4),
        )
    ),
    _rate_of_floor("upload of 1 GB, MB/s", "upload", 0.85),
    _more("upload of 1 GB, MB/s", "upload", 4),
    _rate_of_floor("download of 1 GB to disk, MB/s", "download", 0.85),
    _more("download of 1 GB to disk, MB/s", "download", 1.5),
    Target("growth of memory, upload", "nothing", 16, True, " MB", _median("upload_memory"), ("upload_memory",)),
    Target("growth of memory, download", "nothing", 16, True, " MB", _median("download_memory"), ("download_memory",)),
    Target("import ubiops", "bare Python", 12, True, " ms", _median("import", 1000), ("import",)),
    _faster("import ubiops", "import", 18),
    Target(
        "import CoreApi with the whole API",
        "with today's operations",
        12,
        True,
        " ms more",
        lambda figures: (figures["core_whole"]["this"].median - figures["core_api"]["this"].median) * 1000,
        ("core_api", "core_whole"),
    ),
    Target(
        "first client and first call",
        "the time to import urllib3",
        1.15,
        True,
        "",
        lambda figures: figures["first_call"]["this"].median / figures["import_inside"]["floor"].median,
        ("first_call", "import_inside"),
    ),
    Target("build a model of 31 fields", "json.loads", 4, True, " µs", _median("model_build", 1e6), ("model_build",)),
    Target(
        "build a model of 31 fields",
        "json.loads",
        1000,
        True,
        " bytes",
        _median("model_own_bytes"),
        ("model_own_bytes",),
    ),
    _faster("build a model of 31 fields", "model_build", 60),
    _of_emulator("emulator: first response", "the command", 400, " ms", "emulator_first", 1000),
    _of_emulator("emulator: first response of code", "its upload", 1000, " ms", "emulator_uploaded", 1000),
    _of_emulator("emulator: direct request", "the code's own time", 5, " ms", "emulator_warm", 1000),
    _of_emulator("emulator: growth of memory, 1 GB up and down", "nothing", 16, " MB", "emulator_growth"),
)

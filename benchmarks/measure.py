"""Rounds of samples, in which the contestants take turns, and what becomes of them: medians and their spread."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Figure(NamedTuple):
    """The median of samples, and the quartiles between which half of them lie."""

    median: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, samples: list[float]) -> Figure:
        """The figure of some samples."""
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0], len(samples))
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high, len(samples))


Figures = dict[str, dict[str, Figure]]
"""By the name of the work, then by the contestant."""


def rounds(
    title: str, count: int, samplers: Mapping[str, Callable[[], Mapping[str, float]]], rarely: tuple[str, ...] = ()
) -> Figures:
    """Takes samples in turns, each round in another order, so that what disturbs the machine disturbs all alike.

    Args:
        title: What to tell on the terminal.
        count: How many rounds.
        samplers: By contestant, what takes its samples of one or more kinds of work.
        rarely: Contestants that take part in the first three rounds only, because they take long.
    """
    print(f"  {title}", file=sys.stderr)
    taken: dict[str, dict[str, list[float]]] = {}
    names = list(samplers)
    for number in range(count):
        for name in names:
            if number < 3 or name not in rarely:
                for work, sample in samplers[name]().items():
                    taken.setdefault(work, {}).setdefault(name, []).append(sample)
        names.append(names.pop(0))
    return {work: {name: Figure.of(all_of) for name, all_of in by.items()} for work, by in taken.items()}


def as_json(figures: Figures) -> dict[str, Any]:
    """Figures as JSON holds them."""
    return {
        work: {
            name: dict(zip(Figure._fields, (*(float(f"{n:.5g}") for n in figure[:3]), figure.samples)))
            for name, figure in by.items()
        }
        for work, by in figures.items()
    }

"""Samples the contestants in turn, and computes medians and quartiles."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Figure(NamedTuple):
    """The median of the samples and the quartiles, between which half of them lie."""

    median: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, samples: list[float]) -> Figure:
        """Returns the figure of samples."""
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0], len(samples))
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high, len(samples))


Figures = dict[str, dict[str, Figure]]
"""The figures by the key of the work, then by contestant."""


def rounds(
    title: str, count: int, samplers: Mapping[str, Callable[[], Mapping[str, float]]], rarely: tuple[str, ...] = ()
) -> Figures:
    """Takes samples in rounds.

    The order of the contestants changes from round to round, so that disturbances of
    the machine affect all of them alike.

    Args:
        title: A title for the terminal.
        count: The number of rounds.
        samplers: For each contestant, what takes one sample of each kind of work.
        rarely: Slow contestants that take part in the first three rounds only.
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
    """Returns figures as JSON values."""
    return {
        work: {
            name: dict(zip(Figure._fields, (*(float(f"{n:.5g}") for n in figure[:3]), figure.samples)))
            for name, figure in by.items()
        }
        for work, by in figures.items()
    }

"""What happens to data between the objects of a pipeline.

A value is one input or output, or a list of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.emulator.areas.pipelines.graph import Delivery, Source


class Skipped:
    """Stands for the data of a branch that was stopped."""


SKIPPED = Skipped()


class DataError(Exception):
    """Data that doesn't fit together. The message says why."""


def merge(delivery: Delivery, values: Sequence[Any], structured: bool) -> Any:
    """Returns the input that sources make up together.

    Where one of the sources has a list, the single values of others become a part of
    each of its elements. That is a guess.

    Args:
        delivery: The sources.
        values: Their outputs, in the same order.
        structured: Whether the input is structured. A plain one has one source.

    Raises:
        DataError: An output lacks a field, or there are lists of different lengths.
    """
    if not structured:
        return values[0]
    lengths = {len(value) for source, value in zip(delivery.sources, values) if source.mapping and _many(value)}
    if len(lengths) > 1:
        raise DataError("The lists that are merged into one input have different lengths")
    parts = list(zip(delivery.sources, values))
    if not lengths:
        return _merge_one([(source, value) for source, value in parts])
    return [
        _merge_one([(source, value[number] if _many(value) and source.mapping else value) for source, value in parts])
        for number in range(lengths.pop())
    ]


def _many(value: Any) -> bool:
    return isinstance(value, list)


def _merge_one(parts: Sequence[tuple[Source, Any]]) -> dict[str, Any]:
    merged = {}
    for source, value in parts:
        for left, right in source.mapping:
            if not isinstance(value, dict) or left not in value:
                raise DataError(f"The output of {source.name} has no field {left}")
            merged[right] = value[left]
    return merged


def split(value: Any, size: int | None) -> list[Any]:
    """Returns the parts of a list: its elements, or lists of at most this size."""
    elements = value if _many(value) else [value]
    if size is None:
        return list(elements)
    return [elements[start : start + size] for start in range(0, len(elements), size)]


def join(values: Sequence[Any]) -> list[Any]:
    """Returns one list of values, without those that were skipped."""
    joined: list[Any] = []
    for value in values:
        if value is SKIPPED:
            continue
        if _many(value):
            joined.extend(value)
        else:
            joined.append(value)
    return joined

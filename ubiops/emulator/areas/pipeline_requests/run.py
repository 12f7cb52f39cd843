"""Runs one request: the objects of a pipeline as soon as their input is there.

Outputs are asked for from the end: a task for each run of an object waits for the tasks
of its sources. An object behind a split runs once for each part, and its task is found
by the numbers of the parts.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Callable, Protocol

from ubiops.emulator.areas.deployment_requests.kinds import COMPLETED, FAILED
from ubiops.emulator.areas.pipeline_requests.values import SKIPPED, DataError, join, merge
from ubiops.emulator.areas.pipelines.graph import END, START
from ubiops.emulator.areas.pipelines.operators import JOIN, SPLIT, VARIABLE
from ubiops.emulator.core.interfaces import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from ubiops.emulator.areas.pipelines.graph import Delivery, Dimension, Node, Plan

    Index = tuple[int, ...]

# The texts of the second and third are guesses.
ERRORS = {
    "deployment": "Error while processing a deployment request",
    "operator": "Error while processing an operator request",
    "pipeline": "Error while processing a pipeline request",
}


class PipelineError(Exception):
    """The whole request fails with this message."""


class ObjectError(Exception):
    """An object fails.

    Attributes:
        ends: Whether the request fails with this message as its own, whatever the
            object's settings say.
    """

    def __init__(self, message: str, ends: bool = False) -> None:
        super().__init__(message)
        self.ends = ends


class Objects(Protocol):
    """Runs single objects."""

    async def run(self, node: Node, value: Any) -> Any:
        """Returns the output of an object.

        Raises:
            ObjectError: It fails.
        """


class Run:
    """A run of a pipeline.

    Args:
        plan: The objects and how they are connected.
        data: The input.
        objects: Runs single objects.
    """

    def __init__(self, plan: Plan, data: Any, objects: Objects) -> None:
        self._plan = plan
        self._data = data
        self._objects = objects
        self._tasks: dict[tuple[str, Index], asyncio.Task[Any]] = {}
        self._ended = False

    async def execute(self) -> Outcome:
        """Runs all objects and returns what reaches the end.

        It ends with the first failure, and everything else is cancelled. If it is
        cancelled itself, so is everything else.
        """
        started = [asyncio.ensure_future(self._finish()), *(map(asyncio.ensure_future, self._leaves()))]
        try:
            result, *_ = await asyncio.gather(*started)
            return Outcome(COMPLETED, result)
        except (PipelineError, DataError) as error:
            return Outcome(FAILED, error_message=str(error))
        finally:
            await self._cancel(started)

    async def _cancel(self, started: Sequence[asyncio.Future[Any]]) -> None:
        self._ended = True
        tasks = [*started, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        # Each of them cancels what it waits for, and reports it.
        await asyncio.gather(*tasks, return_exceptions=True)

    # The ends of the graph

    def _leaves(self) -> list[Awaitable[Any]]:
        """Returns the runs of all objects whose output is not used."""
        found: list[Awaitable[Any]] = []
        for name, node in self._plan.nodes.items():
            if name not in self._plan.consumed and (name in self._plan.deliveries or node.operator == VARIABLE):
                # The number of a join's runs is that of its outputs.
                side = self._plan.outer if node.operator == JOIN else self._plan.inner
                found.append(self._each(side[name], (), functools.partial(self._output, name)))
        return found

    async def _finish(self) -> Any:
        """Returns what reaches the end: one value, or a list if it may be several."""
        found: list[Any] = []
        several = False
        for delivery in self._plan.deliveries.get(END, ()):
            dimensions = self._dimensions(delivery)
            several = several or any(dimension.split for dimension in dimensions)
            deliver = functools.partial(self._deliver, delivery, END)
            found += await self._each(dimensions, (), deliver)
        values = [value for value in found if value is not SKIPPED]
        if several or len(values) > 1:
            return join(values)
        return values[0] if values else None

    # Dimensions

    def _dimensions(self, delivery: Delivery) -> tuple[Dimension, ...]:
        return max((self._plan.outer[source.name] for source in delivery.sources), key=len)

    async def _each(
        self, dimensions: tuple[Dimension, ...], index: Index, action: Callable[[Index], Awaitable[Any]]
    ) -> list[Any]:
        """Does something for each index within dimensions; returns all results."""
        if len(index) == len(dimensions):
            return [await action(index)]
        number = await self._size(dimensions[len(index)], index)
        found = await asyncio.gather(*(self._each(dimensions, (*index, one), action) for one in range(number)))
        return [value for values in found for value in values]

    async def _size(self, dimension: Dimension, index: Index) -> int:
        if not dimension.split:
            return len(self._plan.deliveries[dimension.name])
        parts = await self._output(dimension.name, index)
        return 0 if parts is SKIPPED else len(parts)

    # Inputs and outputs

    def _output(self, name: str, index: Index) -> asyncio.Task[Any]:
        """Returns the run of an object, which is started when it is first asked for."""
        found = self._tasks.get((name, index))
        if found is None:
            if self._ended:
                raise asyncio.CancelledError
            found = self._tasks[name, index] = asyncio.ensure_future(self._run(self._plan.nodes[name], index))
        return found

    async def _run(self, node: Node, index: Index) -> Any:
        value = await (self._collect(node, index) if node.operator == JOIN else self._input(node, index))
        if value is SKIPPED:
            return SKIPPED
        try:
            return await self._objects.run(node, value)
        except ObjectError as error:
            if error.ends:
                raise PipelineError(str(error)) from error
            if node.configuration.get("on_error") == "continue":
                # A guess: the pipeline goes on without what comes after this object.
                return SKIPPED
            raise PipelineError(ERRORS[node.kind]) from error

    async def _input(self, node: Node, index: Index) -> Any:
        deliveries = self._plan.deliveries.get(node.name, ())
        if not deliveries:
            return {}
        if len(deliveries) == 1:
            return await self._deliver(deliveries[0], node.name, index)
        return await self._deliver(deliveries[index[-1]], node.name, index[:-1])

    async def _collect(self, node: Node, index: Index) -> list[Any]:
        """Returns all inputs of a join, as one list."""
        inner = self._plan.inner[node.name]
        values = await self._each(inner, index, lambda one: self._input(node, one))
        return [value for value in values if value is not SKIPPED]

    async def _deliver(self, delivery: Delivery, destination: str, index: Index) -> Any:
        values = await asyncio.gather(*(self._source(source.name, index) for source in delivery.sources))
        if any(value is SKIPPED for value in values):
            return SKIPPED
        node = self._plan.nodes.get(destination)
        structured = self._plan.end.structured if node is None else node.input.structured
        return merge(delivery, values, structured)

    async def _source(self, name: str, index: Index) -> Any:
        """Returns the output of a source within the dimensions that it has."""
        if name == START:
            return self._data
        index = index[: len(self._plan.outer[name])]
        if self._plan.nodes[name].operator != SPLIT:
            return await self._output(name, index)
        parts = await self._output(name, index[:-1])
        return SKIPPED if parts is SKIPPED else parts[index[-1]]

"""Tasks of several steps, written once for the blocking and for the async client.

A task is a generator of its steps. Each step is a function without arguments; the task
gets what it returns, or the exception that it raises::

    def rename(api: CoreApi, project_name: str, names: list[str]) -> Steps[str]:
        found = yield from step(lambda: api.projects_get(project_name))
        ...

``run`` calls the steps; ``run_async`` also awaits what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

R = TypeVar("R")
Steps = Generator[Callable[[], Any], Any, R]
"""A task whose result is an R."""


def step(function: Callable[[], R]) -> Steps[R]:
    """Makes one step of a task.

    Args:
        function: The step. What it returns is awaited in a task of the async client.
    """
    __tracebackhide__ = True
    value: R = yield function
    return value


def run(steps: Steps[R]) -> R:
    """Runs a task and returns its result."""
    __tracebackhide__ = True
    try:
        function = next(steps)
        while True:
            try:
                value = function()
            except BaseException as error:  # noqa: PERF203
                function = steps.throw(error)
            else:
                function = steps.send(value)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        # After Ctrl-C between two steps.
        steps.close()


async def run_async(steps: Steps[R]) -> R:
    """Runs a task, awaits what its steps return, and returns its result."""
    __tracebackhide__ = True
    from inspect import isawaitable

    try:
        function = next(steps)
        while True:
            try:
                value = function()
                if isawaitable(value):
                    value = await value
            except BaseException as error:  # noqa: PERF203
                function = steps.throw(error)
            else:
                function = steps.send(value)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        steps.close()

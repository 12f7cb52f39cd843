"""``map_requests`` for the async client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ubiops._batches.arguments import check_arguments
from ubiops._batches.run import END, Run
from ubiops._batches.target import Target
from ubiops._waiting.steps import run_async
from ubiops.aio._helpers import async_api_of
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from ubiops._batches.results import MapResult
    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi


class RequestMap:
    """The results of ``map_requests``, an async iterator over ``MapResult`` objects.

    If a call fails or the task is cancelled, nothing is lost: iterate again, and it
    takes up where it ended. To continue in another process, pass ``position`` and
    ``pending`` to ``map_requests``, or use a journal.
    """

    def __init__(
        self,
        api: CoreApi,
        target: Target,
        items: Iterable[Any] | AsyncIterable[Any],
        caller: str,
        **settings: Any,
    ) -> None:
        self._run = Run(api, target, _reader(items, caller), **check_arguments(caller, target, **settings))

    @property
    def position(self) -> int:
        """The index of the next result."""
        return self._run.position

    @property
    def pending(self) -> dict[int, str]:
        """The ids of the requests that exist and whose results were not returned yet,
        by the index of their input.
        """
        return self._run.pending

    def __aiter__(self) -> AsyncIterator[MapResult]:
        return self

    async def __anext__(self) -> MapResult:
        found = await run_async(self._run.advance())
        if found is None:
            raise StopAsyncIteration
        return found


def _reader(items: Any, caller: str) -> Callable[[], Any] | Callable[[], Awaitable[Any]]:
    """Returns a function that returns the next input, or ``END``."""
    if hasattr(items, "__aiter__"):
        following = items.__aiter__()

        async def read() -> Any:
            try:
                return await following.__anext__()
            except StopAsyncIteration:
                return END

        return read
    if isinstance(items, (str, bytes, dict)) or not hasattr(items, "__iter__"):
        raise ApiTypeError(f"{caller}(): 'items' must be an iterable of inputs, got {type(items).__name__}")
    iterator = iter(items)
    return lambda: next(iterator, END)


def map_requests(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    version: str | None = None,
    timeout: int | None = None,
    priority: Literal[0, 1] | None = None,
    max_in_flight: int = 1000,
    batch_size: int = 250,
    start: int = 0,
    request_ids: Mapping[int, str] | None = None,
    journal: str | os.PathLike[str] | None = None,
) -> RequestMap:
    """Sends a request for each input to a deployment, and returns the results in the
    order of the inputs.

    It is ``ubiops.utils.map_requests`` for the async client: iterate with ``async
    for``. The inputs may come from an async iterator as well.

    Args:
        client: The async client that makes the calls.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        items: The inputs: an iterable or async iterable.
        version: The name of the version. Default: the default version.
        timeout: Seconds after which each request fails. Default: chosen by the
            platform, 14400.
        priority: 0 for requests that go first, 1 for standard ones. Default: 1.
        max_in_flight: The most inputs whose results were not returned yet.
        batch_size: The most requests that are created by one call, up to 250.
        start: How many inputs to skip: the ``position`` of an earlier run.
        request_ids: Requests that exist already, by the index of their input: the
            ``pending`` of an earlier run.
        journal: The path of a file that keeps the ids of all requests. It is written
            without leaving the event loop.

    Returns:
        An async iterator over ``MapResult`` objects.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: An argument is out of range, or the journal was written
            for other inputs.
        ubiops.ApiException: A call failed; raised by the iterator.
    """
    settings = _settings(timeout, priority, max_in_flight, batch_size, start, request_ids, journal)
    target = Target("deployment", project_name, deployment_name, version)
    return RequestMap(async_api_of(client, "map_requests"), target, items, "map_requests", **settings)


def map_pipeline_requests(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    version: str | None = None,
    timeout: int | None = None,
    priority: Literal[0, 1] | None = None,
    max_in_flight: int = 1000,
    batch_size: int = 250,
    start: int = 0,
    request_ids: Mapping[int, str] | None = None,
    journal: str | os.PathLike[str] | None = None,
) -> RequestMap:
    """Sends a request for each input to a pipeline, and returns the results in the
    order of the inputs.

    It works as ``map_requests`` does, with the name of a pipeline.
    """
    settings = _settings(timeout, priority, max_in_flight, batch_size, start, request_ids, journal)
    target = Target("pipeline", project_name, pipeline_name, version)
    return RequestMap(async_api_of(client, "map_pipeline_requests"), target, items, "map_pipeline_requests", **settings)


def _settings(
    timeout: Any, priority: Any, max_in_flight: Any, batch_size: Any, start: Any, request_ids: Any, journal: Any
) -> dict[str, Any]:
    return {
        "timeout": timeout,
        "priority": priority,
        "max_in_flight": max_in_flight,
        "batch_size": batch_size,
        "start": start,
        "request_ids": request_ids,
        "journal": journal,
    }

"""Sending any number of requests, and collecting their results in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ubiops._batches.arguments import check_arguments
from ubiops._batches.results import MapResult
from ubiops._batches.run import END, Run
from ubiops._batches.target import Target
from ubiops._waiting.polling import core_api_of
from ubiops._waiting.steps import run
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient

__all__ = ["MapResult", "RequestMap", "map_pipeline_requests", "map_requests"]


class RequestMap:
    """The results of ``map_requests``, an iterator over ``MapResult`` objects.

    If a call fails, the loop raises its error, and nothing is lost: iterate again, and
    it takes up where it ended. To continue in another process, pass ``position`` and
    ``pending`` to ``map_requests``, or use a journal.
    """

    def __init__(self, api: CoreApi, target: Target, items: Iterable[Any], caller: str, **settings: Any) -> None:
        if isinstance(items, (str, bytes, dict)):
            raise ApiTypeError(
                f"{caller}(): 'items' must be several inputs, got {type(items).__name__}; wrap it in a list"
            )
        try:
            iterator = iter(items)
        except TypeError as error:
            raise ApiTypeError(f"{caller}(): 'items' must be iterable, got {type(items).__name__}") from error
        self._run = Run(api, target, lambda: next(iterator, END), **check_arguments(caller, target, **settings))

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

    def __iter__(self) -> Iterator[MapResult]:
        return self

    def __next__(self) -> MapResult:
        found = run(self._run.advance())
        if found is None:
            raise StopIteration
        return found


def map_requests(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    items: Iterable[Any],
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

    The requests are batch requests: the platform queues them, and runs as many at once
    as the version has instances. Inputs are read one by one when they are needed, and
    results are returned as soon as their turn comes, so there may be any number of
    them. Nothing is sent before the first result is asked for. No request is cancelled
    or deleted, also if the loop is left early.

    A request that fails, and an input that the API rejects, do not raise: their results
    say so. A full queue and other failures that pass are waited out for up to 5
    minutes. All other errors are raised, see ``RequestMap`` for how to go on. If the
    connection broke while a batch was being created, its requests may exist already; to
    go on then creates them a second time.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        items: The inputs: an iterable of dicts for structured input, of strings for
            plain input.
        version: The name of the version. Default: the default version.
        timeout: Seconds after which each request fails. Default: chosen by the
            platform, 14400.
        priority: 0 for requests that go first, 1 for standard ones. Default: 1.
        max_in_flight: The most inputs whose results were not returned yet.
        batch_size: The most requests that are created by one call, up to 250.
        start: How many inputs to skip, whose results you have already: the ``position``
            of an earlier run.
        request_ids: Requests that exist already, by the index of their input: the
            ``pending`` of an earlier run. They are not created again.
        journal: The path of a file that keeps the ids of all requests. If the program
            is killed, call this function again with the same inputs and the same
            journal: it creates only the requests that are missing, and returns all
            results.

    Returns:
        An iterator over ``MapResult`` objects.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: An argument is out of range, or the journal was written
            for other inputs.
        ubiops.ApiException: A call failed; raised by the iterator.

    Operations: ``batch_deployment_requests_create``, ``deployment_requests_batch_get``,
    and those for a version.
    """
    return RequestMap(
        core_api_of(client, "map_requests"),
        Target("deployment", project_name, deployment_name, version),
        items,
        "map_requests",
        timeout=timeout,
        priority=priority,
        max_in_flight=max_in_flight,
        batch_size=batch_size,
        start=start,
        request_ids=request_ids,
        journal=journal,
    )


def map_pipeline_requests(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    items: Iterable[Any],
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

    It works as ``map_requests`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        pipeline_name: The name of the pipeline.
        items: The inputs: an iterable of dicts for structured input, of strings for
            plain input.
        version: The name of the version. Default: the default version.
        timeout: Seconds after which each request fails. Default: chosen by the
            platform, 14400.
        priority: 0 for requests that go first, 1 for standard ones. Default: 1.
        max_in_flight: The most inputs whose results were not returned yet.
        batch_size: The most requests that are created by one call, up to 250.
        start: How many inputs to skip: the ``position`` of an earlier run.
        request_ids: Requests that exist already, by the index of their input: the
            ``pending`` of an earlier run.
        journal: The path of a file that keeps the ids of all requests.

    Returns:
        An iterator over ``MapResult`` objects.

    Raises:
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: An argument is out of range, or the journal was written
            for other inputs.
        ubiops.ApiException: A call failed; raised by the iterator.

    Operations: ``batch_pipeline_requests_create``, ``pipeline_requests_batch_get``, and
    those for a version.
    """
    return RequestMap(
        core_api_of(client, "map_pipeline_requests"),
        Target("pipeline", project_name, pipeline_name, version),
        items,
        "map_pipeline_requests",
        timeout=timeout,
        priority=priority,
        max_in_flight=max_in_flight,
        batch_size=batch_size,
        start=start,
        request_ids=request_ids,
        journal=journal,
    )

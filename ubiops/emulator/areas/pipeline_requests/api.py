"""Sends requests to pipelines on behalf of clients and other areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.inputs import encode
from ubiops.emulator.areas.deployment_requests.limits import (
    BATCH_TIMEOUT,
    MAXIMUM_REQUESTS,
    STANDARD_PRIORITY,
    Timeout,
)
from ubiops.emulator.areas.pipeline_requests.active import NOT_LOADED, Active
from ubiops.emulator.areas.pipeline_requests.changes import insert
from ubiops.emulator.areas.pipeline_requests.destination import find_destination
from ubiops.emulator.areas.pipeline_requests.service import PipelineService
from ubiops.emulator.areas.pipelines.forms import read_all, read_data
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3
    from typing import Callable

    from ubiops.emulator.core.backend import Backend

EXPRESS_TIMEOUT = Timeout(default=3600, minimum=10)


def start_express(
    backend: Backend,
    project: str,
    pipeline: str,
    version: str | None,
    data: Any,
    *,
    user: str,
    timeout: int,
    priority: int | None = None,
    content: bytes | None = None,
    on_update: Callable[[str], None] | None = None,
) -> Active:
    """Sends a request and returns before it ends.

    Args:
        backend: The emulator.
        project: The project.
        pipeline: The name of the pipeline.
        version: The name of the version. Default: the default version.
        data: The input: an object, a string, or a list of them.
        user: Who sends it.
        timeout: Seconds from now until it fails.
        priority: 0 or 1, the standard.
        content: The JSON text that was sent, if there is one.
        on_update: Called with each text that a deployment streams, in a worker thread.

    Raises:
        ApiError: There is no such pipeline, it can't handle requests, or the input
            doesn't fit.
    """
    with backend.storage.reading() as db:
        destination = find_destination(db, project, pipeline, version)
    request = Active(
        id=new_id(),
        destination=destination,
        mode="express",
        durable=False,
        user=user,
        timeout=timeout,
        priority=STANDARD_PRIORITY if priority is None else priority,
        created=_now(backend),
        data=read_all(data, destination.input, content),
        on_update=on_update,
    )
    backend.service(PipelineService).start_express(request)
    return request


def create_batch(
    db: sqlite3.Connection,
    backend: Backend,
    project: str,
    pipeline: str,
    version: str | None,
    data: Any,
    *,
    user: str,
    timeout: int | None = None,
    priority: int | None = None,
    content: bytes | None = None,
) -> list[Active]:
    """Stores batch requests: one for each element of a list, or a single one.

    All of them are created or, if one of the inputs is not valid, none. The arguments
    are those of `start_express`, and the transaction.
    """
    destination = find_destination(db, project, pipeline, version)
    values = data if isinstance(data, list) else [data]
    if not values:
        raise bad_request("The list of inputs is empty")
    if len(values) > MAXIMUM_REQUESTS:
        raise bad_request(f"At most {MAXIMUM_REQUESTS} requests can be created at once, not {len(values)}")
    created = []
    for number, value in enumerate(values, 1):
        single = not isinstance(data, list)
        place = "" if single else f" in input {number}"
        request = Active(
            id=new_id(),
            destination=destination,
            mode="batch",
            durable=True,
            user=user,
            timeout=BATCH_TIMEOUT.default if timeout is None else timeout,
            priority=STANDARD_PRIORITY if priority is None else priority,
            created=_now(backend),
            data=read_data(value, destination.input, content if single else None, place),
        )
        insert(db, request, encode(request.data))
        # A queue holds no data.
        request.data = NOT_LOADED
        created.append(request)
    return created


def send_batch(backend: Backend, *arguments: Any, **options: Any) -> list[Active]:
    """Stores batch requests in a transaction of its own and queues them.

    The arguments are those of `create_batch` without the transaction.
    """
    service = backend.service(PipelineService)
    with service.in_order:
        with backend.storage.transaction() as db:
            created = create_batch(db, backend, *arguments, **options)
        service.submit(created)
    return created


def _now(backend: Backend) -> float:
    """Returns the time with the precision that dates of the API have."""
    return round(backend.clock.now(), 6)

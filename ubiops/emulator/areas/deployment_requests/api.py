"""Sends requests to deployments on behalf of other areas.

A request that a client waits for is sent with `run_express`, or with `start_express` by
who needs its id or its updates before it ends. Batch requests are created with
`create_batch` within a transaction and given to the runner with `submit_batch` after
it, or both with `send_batch`.

All functions raise `ApiError` for what a client's request would be refused for: a
deployment or version that doesn't exist or isn't available, input that doesn't fit,
a full queue, or an emulator that runs no code.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.active import Created, Ended
from ubiops.emulator.areas.deployment_requests.destination import find_destination
from ubiops.emulator.areas.deployment_requests.events import RequestEvent, observers
from ubiops.emulator.areas.deployment_requests.inputs import read_inputs
from ubiops.emulator.areas.deployment_requests.limits import BATCH_TIMEOUT, EXPRESS_TIMEOUT
from ubiops.emulator.areas.deployment_requests.service import RequestService

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from concurrent.futures import Future
    from typing import Callable

    from ubiops.emulator.areas.deployment_requests.destination import Destination
    from ubiops.emulator.areas.deployment_requests.inputs import Inputs
    from ubiops.emulator.core.backend import Backend

__all__ = [
    "Batch",
    "Created",
    "Ended",
    "Express",
    "RequestEvent",
    "Target",
    "cancel",
    "create_batch",
    "observers",
    "run_express",
    "send_batch",
    "start_express",
    "submit_batch",
]


@dataclass(frozen=True)
class Target:
    """Where a request goes to.

    Attributes:
        project: The project.
        deployment: The name of the deployment.
        version: The name of the version. Default: the deployment's default version.
    """

    project: str
    deployment: str
    version: str | None = None


@dataclass(frozen=True)
class Express:
    """A request that was given to the runner, and whose result someone waits for.

    Attributes:
        id: The id of the request.
        deployment: The name of the deployment.
        version: The name of the version, even if the target named none.
        timeout: Seconds that it may take.
        ended: How it ends. It never has an exception. Its callbacks run in a worker
            thread.
    """

    id: str
    deployment: str
    version: str
    timeout: int
    ended: Future[Ended]


@dataclass(frozen=True)
class Batch:
    """Batch requests that were stored, to be given to the runner after the commit.

    Attributes:
        created: The requests, in the order of their inputs.
        deployment: The name of the deployment.
        version: The name of the version, even if the target named none.
    """

    created: list[Created]
    deployment: str
    version: str


def start_express(
    backend: Backend,
    target: Target,
    data: Any,
    *,
    user: str,
    timeout: int | None = None,
    priority: int | None = None,
    mode: str = "express",
    context: Mapping[str, Any] | None = None,
    on_update: Callable[[str], None] | None = None,
) -> Express:
    """Sends a request and returns before it ends.

    It is stored in the background. If the emulator is killed meanwhile, it fails.

    Args:
        backend: The emulator.
        target: Where it goes to.
        data: The input: an object, a string, or a list of them. For a plain input,
            objects become JSON text.
        user: Who sends it.
        timeout: Seconds from now until it fails. Default: 300.
        priority: 0 or 1, the standard.
        mode: The request_mode that the code sees: express or batch.
        context: Further keys of the context that the code gets.
        on_update: Called with each text that the code streams, in a worker thread.
    """
    with backend.storage.reading() as db:
        destination = find_destination(db, backend.clock.now(), target.project, target.deployment, target.version)
    seconds = EXPRESS_TIMEOUT.default if timeout is None else timeout
    return start_inputs(
        backend,
        destination,
        read_inputs(destination, data),
        user=user,
        timeout=seconds,
        priority=priority,
        mode=mode,
        context=context,
        on_update=on_update,
    )


async def run_express(
    backend: Backend,
    target: Target,
    data: Any,
    *,
    user: str,
    timeout: int | None = None,
    priority: int | None = None,
    mode: str = "express",
    context: Mapping[str, Any] | None = None,
    on_update: Callable[[str], None] | None = None,
) -> Ended:
    """Sends a request and waits for its end.

    The arguments are those of `start_express`. To be awaited on an event loop; a
    thread calls ``start_express(...).ended.result()``. A caller that is cancelled
    doesn't cancel the request.

    Returns:
        The request: its id, the names of deployment and version, the timeout, and the
        outcome with status, result and error_message.
    """
    started = start_express(
        backend,
        target,
        data,
        user=user,
        timeout=timeout,
        priority=priority,
        mode=mode,
        context=context,
        on_update=on_update,
    )
    return await wait(started)


async def wait(started: Express) -> Ended:
    """Waits for the end of a request, which goes on if the waiting is cancelled."""
    return await asyncio.shield(asyncio.wrap_future(started.ended))


def start_inputs(
    backend: Backend,
    destination: Destination,
    inputs: Inputs,
    *,
    user: str,
    timeout: int,
    priority: int | None = None,
    mode: str = "express",
    context: Mapping[str, Any] | None = None,
    on_update: Callable[[str], None] | None = None,
) -> Express:
    """Sends a request whose input has been validated."""
    service = backend.service(RequestService)
    identifier, ended = service.start_express(
        destination, inputs, user, timeout, priority, mode, dict(context) if context else None, on_update
    )
    return Express(identifier, destination.deployment, destination.version, timeout, ended)


def create_batch(
    db: sqlite3.Connection,
    backend: Backend,
    target: Target,
    data: Any,
    *,
    user: str,
    timeout: int | None = None,
    priority: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> Batch:
    """Stores batch requests: one for each element of a list, or a single one.

    All of them are created or, if one of the inputs is not valid, none. They survive
    a kill of the emulator once the transaction is committed.

    Args:
        db: The transaction. `submit_batch` must be called after its commit.
        backend: The emulator.
        target: Where they go to.
        data: A list of up to 250 objects or strings, or a single one.
        user: Who sends them; ``UbiOps`` stands for the platform.
        timeout: Seconds that each may take once it is processed. Default: 14400.
        priority: 0 or 1, the standard.
        context: Further keys of the context that the code gets.
    """
    destination = find_destination(db, backend.clock.now(), target.project, target.deployment, target.version)
    seconds = BATCH_TIMEOUT.default if timeout is None else timeout
    service = backend.service(RequestService)
    created = service.prepare_batch(
        destination, read_inputs(destination, data).split(), user, seconds, priority, dict(context) if context else None
    )
    service.insert_batch(db, created)
    return Batch(created, destination.deployment, destination.version)


def submit_batch(backend: Backend, batch: Batch) -> None:
    """Gives stored requests to the runner. Call it after the commit."""
    backend.service(RequestService).submit_batch(batch.created)


def send_batch(
    backend: Backend,
    target: Target,
    data: Any,
    *,
    user: str,
    timeout: int | None = None,
    priority: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> Batch:
    """Stores batch requests in a transaction of its own and gives them to the runner.

    The arguments are those of `create_batch`.
    """
    with backend.storage.reading() as db:
        destination = find_destination(db, backend.clock.now(), target.project, target.deployment, target.version)
    return send_inputs(
        backend,
        destination,
        read_inputs(destination, data),
        user=user,
        timeout=BATCH_TIMEOUT.default if timeout is None else timeout,
        priority=priority,
        context=context,
    )


def send_inputs(
    backend: Backend,
    destination: Destination,
    inputs: Inputs,
    *,
    user: str,
    timeout: int,
    priority: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> Batch:
    """Sends batch requests whose input has been validated."""
    service = backend.service(RequestService)
    with service.in_order:
        created = service.prepare_batch(
            destination, inputs.split(), user, timeout, priority, dict(context) if context else None
        )
        try:
            with backend.storage.transaction() as db:
                service.insert_batch(db, created)
        except BaseException:
            service.discard(created)
            raise
        service.submit_batch(created)
    return Batch(created, destination.deployment, destination.version)


def cancel(backend: Backend, request_id: str) -> bool:
    """Cancels a request that waits or runs; returns False if there is none.

    May wait for the runner, so don't call it on the event loop.
    """
    return backend.service(RequestService).cancel(request_id)

"""Runs the objects of one request: deployments, operators and other pipelines."""

from __future__ import annotations

import asyncio
import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests import api as deployments
from ubiops.emulator.areas.deployment_requests.inputs import encode
from ubiops.emulator.areas.deployment_requests.kinds import CANCELLED, COMPLETED, FAILED, PROCESSING
from ubiops.emulator.areas.pipeline_requests.active import Active, Part
from ubiops.emulator.areas.pipeline_requests.changes import INPUT, OUTPUT, PartStored
from ubiops.emulator.areas.pipeline_requests.destination import destination_with_keys
from ubiops.emulator.areas.pipeline_requests.operators import OperatorError, run_operator
from ubiops.emulator.areas.pipeline_requests.run import ObjectError, PipelineError
from ubiops.emulator.areas.pipeline_requests.values import SKIPPED
from ubiops.emulator.areas.pipelines.forms import read_all
from ubiops.emulator.areas.pipelines.operators import CONDITION, FUNCTION
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.interfaces import Outcome
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    from ubiops.emulator.areas.pipeline_requests.service import PipelineService
    from ubiops.emulator.areas.pipelines.graph import Node

# How many requests to deployments and other pipelines one request makes at the same
# time: less than the default queue size of a version.
MAXIMUM_AT_ONCE = 50
# How deep pipelines are nested. They can't contain themselves when they are created,
# but the versions that they use may change later.
MAXIMUM_DEPTH = 10
# Seconds of real time until a full queue is tried again.
_QUEUE_DELAY = 0.05


def timed_out(timeout: int) -> str:
    """Returns the message of a request whose time is over. Its text is a guess."""
    return f"The pipeline request timed out after {timeout} seconds"


class Parts:
    """The objects of a request, and the requests to them.

    Args:
        service: The service that the request belongs to.
        request: The request.
    """

    def __init__(self, service: PipelineService, request: Active) -> None:
        self._service = service
        self._backend = service.backend
        self._request = request
        self._slots = asyncio.Semaphore(MAXIMUM_AT_ONCE)

    async def run(self, node: Node, value: Any) -> Any:
        """Returns the output of an object."""
        if node.kind == "operator":
            return await self._run_operator(node, value)
        async with self._slots:
            if node.kind == "deployment":
                return await self._run_deployment(node, value)
            return await self._run_pipeline(node, value)

    def _remaining(self) -> int:
        """Returns the seconds that are left of the timeout, rounded up.

        Raises:
            PipelineError: There are none.
        """
        request = self._request
        started = request.created if request.started is None else request.started
        left = started + request.timeout - self._backend.clock.now()
        if left <= 0:
            raise PipelineError(timed_out(request.timeout))
        return math.ceil(left)

    # The three kinds of objects

    async def _run_operator(self, node: Node, value: Any) -> Any:
        self._remaining()
        part = self._new(node, value, INPUT)
        try:
            if node.operator in (FUNCTION, CONDITION):
                result = await asyncio.get_running_loop().run_in_executor(None, run_operator, node, value)
            else:
                result = run_operator(node, value)
        except OperatorError as error:
            self._end(part, Outcome(FAILED, error_message=str(error)))
            self._service.in_background(functools.partial(self._log, node, str(error)))
            raise ObjectError(str(error), error.ends) from error
        except asyncio.CancelledError:
            self._end(part, Outcome(CANCELLED))
            raise
        # What a stopped branch gives is shown as null.
        self._end(part, Outcome(COMPLETED, None if result is SKIPPED else result), OUTPUT)
        return result

    async def _run_deployment(self, node: Node, value: Any) -> Any:
        request, destination = self._request, self._request.destination
        context = self._labels(node)
        target = deployments.Target(destination.project, node.reference_name, node.version_name)
        while True:
            timeout = self._remaining()
            try:
                started = deployments.start_express(
                    self._backend,
                    target,
                    value,
                    user=request.user,
                    timeout=timeout,
                    priority=request.priority,
                    mode=request.mode,
                    context=context,
                    on_update=request.on_update,
                )
                break
            except ApiError as error:
                if error.status != 429:
                    self._end(self._new(node, value), Outcome(FAILED, error_message=error.message))
                    raise ObjectError(error.message) from error
                await asyncio.sleep(_QUEUE_DELAY)
        part = self._new(node._replace(version_name=started.version), value, identifier=started.id)
        try:
            ended = await deployments.wait(started)
        except asyncio.CancelledError:
            self._service.in_background(lambda: deployments.cancel(self._backend, started.id))
            self._end(part, Outcome(CANCELLED))
            raise
        part.started = ended.started
        self._end(part, ended.outcome)
        if ended.outcome.status != COMPLETED:
            raise ObjectError(ended.outcome.error_message or "The request was cancelled")
        return ended.outcome.result

    async def _run_pipeline(self, node: Node, value: Any) -> Any:
        parent = self._request
        timeout = self._remaining()
        part = self._new(node, value)
        try:
            if parent.depth >= MAXIMUM_DEPTH:
                raise ApiError(400, f"Pipelines are nested more than {MAXIMUM_DEPTH} deep")
            with self._backend.storage.reading() as db:
                destination = destination_with_keys(db, node.reference or 0, node.version)
            value = read_all(value, destination.input)
        except ApiError as error:
            self._end(part, Outcome(FAILED, error_message=error.message))
            raise ObjectError(error.message) from error
        if not parent.is_stored or parent.destination.retention == "none":
            destination = replace(destination, retention="none")
        child = Active(
            id=part.id,
            destination=destination,
            mode=parent.mode,
            durable=False,
            user=parent.user,
            timeout=timeout,
            priority=parent.priority,
            created=self._backend.clock.now(),
            data=value,
            parent=parent.id,
            depth=parent.depth + 1,
            on_update=parent.on_update,
        )
        part.version = destination.version
        try:
            outcome = await self._service.run_child(child)
        except asyncio.CancelledError:
            self._end(part, Outcome(CANCELLED))
            raise
        part.started = child.started
        self._end(part, outcome)
        if outcome.status != COMPLETED:
            raise ObjectError(outcome.error_message or "The request was cancelled")
        return outcome.result

    def _labels(self, node: Node) -> dict[str, str]:
        """Returns what code gets in its context, and what log entries are found by."""
        destination = self._request.destination
        return {
            "pipeline_id": destination.pipeline_id,
            "pipeline_name": destination.pipeline,
            "pipeline_version_id": destination.version_id,
            "pipeline_version": destination.version,
            "pipeline_object_id": node.id,
            "pipeline_object_name": node.name,
            "pipeline_request_id": self._request.id,
        }

    def _log(self, node: Node, error: str) -> None:
        project = self._request.destination.project
        line = " ".join(f"Operator {node.reference_name} failed: {error}".splitlines())
        self._backend.logs.write(project, line, level="error", system=True, **self._labels(node))

    # What is stored of them

    def _new(self, node: Node, value: Any, side: str | None = None, identifier: str | None = None) -> Part:
        """Adds a request to an object. The input of an operator is stored."""
        now = self._backend.clock.now()
        part = Part(
            id=identifier or new_id(),
            kind=node.kind,
            object_id=node.id,
            object_name=node.name,
            reference=node.reference_name,
            version=node.version_name,
            sequence=self._service.next_sequence(),
            created=now,
            input_size=len(encode(value)),
            status=PROCESSING,
            started=now,
        )
        self._request.parts.append(part)
        self._service.record(PartStored(self._request, part, {side: value} if side else None))
        return part

    def _end(self, part: Part, outcome: Outcome, side: str | None = None) -> None:
        """Ends a request to an object. The output of an operator is stored."""
        part.completed = self._backend.clock.now()
        part.status, part.error_message = outcome.status, outcome.error_message
        if outcome.status == COMPLETED:
            part.output_size = len(encode(outcome.result))
        self._service.record(PartStored(self._request, part, {side: outcome.result} if side else None))

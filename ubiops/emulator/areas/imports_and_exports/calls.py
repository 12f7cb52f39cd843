"""Calls operations of the API from background work, validated as those of a client."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.context import RequestContext
from ubiops.emulator.core.description import operations
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.core.validation import JSON, RequestValidator, compile_validator

if TYPE_CHECKING:
    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import UploadedFile


def background_context(backend: Backend, project: str, user: str) -> RequestContext:
    """Returns a request in a project whose response is not sent to a client."""
    return RequestContext(backend, user, {"project_name": project}, {}, body={})


def call(
    context: RequestContext,
    operation_id: str,
    path: dict[str, str],
    body: dict[str, Any] | None = None,
    file: UploadedFile | None = None,
) -> Any:
    """Calls an operation.

    Args:
        context: A request in the project.
        operation_id: The id of an operation whose handler is no coroutine function.
        path: Path parameters besides the project.
        body: The JSON body.
        file: The file of a form.

    Raises:
        ApiError: The body is invalid, or the operation fails.
    """
    validator = _validator(operation_id)
    if validator.media_type == JSON and body is not None:
        body = validator.read_body(body)
    request = replace(
        context, path={**context.path, **path}, query=validator.read_query({}), body=body or {}, file=file
    )
    return HANDLERS[operation_id].function(request)


@functools.cache
def _validator(operation_id: str) -> RequestValidator:
    return compile_validator(operations()[operation_id])

"""The operations of the API with everything that is needed to serve them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.core.description import Selection, compile_selection, get_operation, response_schema
from ubiops.emulator.core.handlers import HANDLERS, ExtraRoute, Handler
from ubiops.emulator.core.validation import JSON, RequestValidator, compile_validator

if TYPE_CHECKING:
    from ubiops.emulator.core.handlers import ErrorRenderer
    from ubiops.emulator.route import Route


class Endpoint(NamedTuple):
    """An operation with everything that is needed to serve it.

    Attributes:
        operation_id: The id of the operation.
        status: The status of a successful response.
        handler: The handler, or None if the emulator doesn't implement the operation.
        authorized: Whether a request needs a token.
        validator: What the operation accepts.
        select: Reduces a result to the fields of the response, in their order.
        slow: Whether it takes time, as lists do: they may be long.
        takes_file: Whether the body is a file, to be streamed to the data folder.
        limit: The largest such file; None stands for that of the settings.
        render_error: Returns the response for an error, if not as JSON.
    """

    operation_id: str
    status: int
    handler: Handler | None
    authorized: bool
    validator: RequestValidator
    select: Selection
    slow: bool = False
    takes_file: bool = False
    limit: int | None = None
    render_error: ErrorRenderer | None = None


def described_endpoint(route: Route) -> Endpoint:
    """Returns the endpoint of an operation."""
    handler = HANDLERS.get(route.operation_id)
    authorized, validator, select, is_list = compile_operation(route.operation_id)
    slow = is_list or (handler is not None and handler.slow)
    return Endpoint(route.operation_id, route.status, handler, authorized, validator, select, slow)


def extra_endpoint(route: ExtraRoute) -> Endpoint:
    """Returns the endpoint of a path outside of the API's description."""
    validator = RequestValidator(JSON if route.body == "json" else None, None, None, ())
    return Endpoint(
        route.path,
        route.status,
        route.handler,
        route.authorized,
        validator,
        None,
        route.handler.slow,
        takes_file=route.body == "file",
        limit=route.limit,
        render_error=route.render_error,
    )


@functools.cache
def compile_operation(operation_id: str) -> tuple[bool, RequestValidator, Selection, bool]:
    """Returns what the description says of an operation.

    Whether it needs a token, what it accepts, what it returns, whether that is a list.
    """
    operation = get_operation(operation_id)
    authorized = operation.get("security") != []
    schema = response_schema(operation)
    is_list = schema is not None and schema.get("type") == "array"
    return authorized, compile_validator(operation), compile_selection(schema), is_list

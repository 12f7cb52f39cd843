"""The registry of handlers: which function serves which operation of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ubiops.emulator.core.context import ContentResponse, RequestContext
    from ubiops.emulator.core.errors import ApiError

    Function = Callable[[RequestContext], Any]
    ErrorRenderer = Callable[[ApiError], ContentResponse]

F = TypeVar("F", bound="Function")


class Handler(NamedTuple):
    """How an operation is served.

    Attributes:
        function: Returns the value to send as JSON, one of the responses of
            `core.context`, or None for an empty response. Fields that the operation's
            response doesn't have are left out of the value, and the others get the
            description's order. It may be a coroutine function: one that waits for
            something, such as a request to a deployment, must be.
        check: Called before a form is read, so that a large file need not be sent in
            vain.
        slow: Whether it takes time, for example with large files. It then runs in a
            worker thread; all others run on the event loop.
    """

    function: Function
    check: Function | None
    slow: bool


HANDLERS: dict[str, Handler] = {}


def handler(*operation_ids: str, check: Function | None = None, slow: bool = False) -> Callable[[F], F]:
    """Registers the decorated function as the handler of one or several operations."""

    def register(function: F) -> F:
        for operation_id in operation_ids:
            if operation_id in HANDLERS:
                raise ValueError(f"the operation {operation_id} has two handlers")
            HANDLERS[operation_id] = Handler(function, check, slow)
        return function

    return register


class ExtraRoute(NamedTuple):
    """A path outside of the API's description, such as a signed address of a file.

    Attributes:
        methods: The accepted methods.
        path: The path template.
        prefixed: Whether it is below the prefixes of the API.
        handler: How it is served.
        body: What the body is: "json", "file" (streamed to a file), or None.
        authorized: Whether a request needs a token.
        status: The status of a successful response.
        limit: The largest body that is a file, in bytes; None stands for that of the
            settings.
        render_error: Returns the response for an error, if not as JSON.
    """

    methods: tuple[str, ...]
    path: str
    prefixed: bool
    handler: Handler
    body: str | None
    authorized: bool
    status: int
    limit: int | None
    render_error: ErrorRenderer | None


EXTRA_ROUTES: list[ExtraRoute] = []


def extra_route(
    *methods: str,
    path: str,
    prefixed: bool = False,
    body: str | None = None,
    authorized: bool = True,
    status: int = 200,
    slow: bool = False,
    check: Function | None = None,
    limit: int | None = None,
    render_error: ErrorRenderer | None = None,
) -> Callable[[F], F]:
    """Registers the decorated function for a path outside of the API's description.

    Path parameters are written as in the API: ``/storage/{bucket}/{file}``.
    """

    def register(function: F) -> F:
        served = Handler(function, check, slow)
        EXTRA_ROUTES.append(ExtraRoute(methods, path, prefixed, served, body, authorized, status, limit, render_error))
        return function

    return register

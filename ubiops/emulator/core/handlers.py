"""The registry of handlers: which function serves which operation of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

    Function = Callable[[RequestContext], Any]

F = TypeVar("F", bound="Function")


class Handler(NamedTuple):
    """How an operation is served.

    Attributes:
        function: Returns the value to send as JSON, a FileResponse, or None for an
            empty response. Fields that the operation's response doesn't have are left
            out of the value, and the others get the description's order.
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

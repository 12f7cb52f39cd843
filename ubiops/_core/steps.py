"""The steps of a call, which ``exchange`` yields to its driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol, Union

    class RawResponse(Protocol):
        """A response whose body has not been read: the part that the core uses."""

        @property
        def status(self) -> int: ...
        @property
        def reason(self) -> str: ...
        @property
        def headers(self) -> Mapping[str, str]: ...

    Pause = Union["Sleep", "Notify"]
    """A step that the client itself performs, by blocking or awaiting."""
    Step = Union["Send", "Read", "Save", "Close", Pause]


class Send:
    """Send the request to a target. The result is the response, its body unread.

    Args:
        target: Path and query.
        deadline: Monotonic deadline of the whole call; None for no limit.
    """

    __slots__ = ("deadline", "target")

    def __init__(self, target: str, deadline: float | None) -> None:
        self.target = target
        self.deadline = deadline


class Read:
    """Read the next raw bytes of a body. The result is empty at its end.

    Args:
        response: The response.
        amount: The most bytes to read; None for the whole body.
    """

    __slots__ = ("amount", "response")

    def __init__(self, response: RawResponse, amount: int | None) -> None:
        self.response = response
        self.amount = amount


class Save:
    """Save the body as a file, decoded. The result is the file's path.

    Args:
        response: The response.
    """

    __slots__ = ("response",)

    def __init__(self, response: RawResponse) -> None:
        self.response = response


class Close:
    """Discard what is left of a response, and return its connection to the pool.

    Args:
        response: The response.
    """

    __slots__ = ("response",)

    def __init__(self, response: RawResponse) -> None:
        self.response = response


class Sleep:
    """Wait before the next attempt.

    Args:
        seconds: How long.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Notify:
    """Call the hooks of an event.

    Args:
        hooks: The functions.
        event: What they are called with, one of ``ubiops.hooks``.
    """

    __slots__ = ("event", "hooks")

    def __init__(self, hooks: list[Callable[[Any], object]], event: Any) -> None:
        self.hooks = hooks
        self.event = event

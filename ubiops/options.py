"""The keyword options that every method takes, for type checkers and editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

Timeout: TypeAlias = Union[float, "tuple[float | None, float | None]", None]
"""Seconds for the whole call, or a pair of seconds (connect, read); None takes the configuration's."""


class RawOptions(TypedDict, total=False):
    """What can be said of any call."""

    _request_timeout: Timeout
    """Seconds for the whole call, or a pair (connect, read). Default: the configuration's limits."""
    _progress_bar: bool
    """Whether to show the progress of a file on the terminal (needs ``ubiops[progress]``). Default: False."""


class CallOptions(RawOptions, total=False):
    """The options of a call that waits for its answer and returns it as a model."""

    async_req: Literal[False]
    """Whether to make the call in another thread, and return at once what will have its result. Default: False."""
    _preload_content: Literal[True]
    """Whether to read the answer; False returns the response as it came. Default: True."""
    _return_http_data_only: Literal[True]
    """Whether to return the data alone; False returns (data, status, headers). Default: True."""

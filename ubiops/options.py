"""The keyword options of every method.

``CallOptions`` documents them. The other classes are the same options as type checkers
need them where they change what a method returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

Timeout: TypeAlias = Union[float, "tuple[float | None, float | None]", None]
"""Seconds for the whole call, or a pair of seconds (connect, read); None uses the
configuration's timeouts."""

MoreHeaders: TypeAlias = Mapping[str, Union[str, None]]
"""Headers by name; those that are None are left out."""
MoreQuery: TypeAlias = Union[Mapping[str, Any], Sequence["tuple[str, Any]"]]
"""Parameters of the query string by name, or as pairs; those that are None are left
out."""


class RawOptions(TypedDict, total=False):
    """The options that never change what a method returns."""

    _request_timeout: Timeout
    _request_stream: bool
    _progress_bar: bool
    _max_retries: int
    _headers: MoreHeaders
    _query: MoreQuery


class AwaitedOptions(RawOptions, total=False):
    """The options of the async client's methods, for a call that returns its data."""

    _preload_content: Literal[True]
    _return_http_data_only: Literal[True]


class CallOptions(AwaitedOptions, total=False):
    """The options of every method.

    - ``_preload_content``: Whether to read the response and return its data; False
      returns the ``Response`` itself. For a method that downloads a file, True saves
      the file and returns its path. Default: True, and False for downloads.
    - ``_return_http_data_only``: Whether to return the data alone; False returns
      (data, status, headers). Default: True.
    - ``_request_timeout``: Timeout in seconds for the whole call, or a pair
      (connect, read). Default: the configuration's timeouts.
    - ``async_req``: Whether to make the call in another thread and return an
      ``AsyncResult`` at once; its ``get()`` waits for the result. Default: False.
    - ``_progress_bar``: Whether to show the progress of a file on the terminal: as a
      bar with the extra ``progress``, else as text. Default: False.
    - ``_max_retries``: The most retries of this call; 0 turns them off. Default: the
      configuration's.
    - ``_headers``: More headers of this call, as a dict. They take precedence over
      those of the client; those that are None are left out. Default: none.
    - ``_query``: More parameters of the query string, as a dict or a list of pairs;
      those that are None are left out. Secrets belong in headers: a URL is logged.
      Default: none.
    - ``_request_stream``: Accepted for compatibility with the official client and
      ignored: files are always streamed. Default: False.

    Every method can raise these exceptions, besides those that it names itself:

    - ``ubiops.ApiTypeError``: An argument has the wrong type, or there is no such
      argument. Nothing was sent.
    - ``ubiops.ApiValueError``: An argument is missing or breaks a rule. Nothing was
      sent.
    - ``ubiops.ApiException``: The call failed. The subclass says why, such as
      ``UnauthorizedError`` (401), ``ForbiddenError`` (403), ``NotFoundError`` (404),
      ``TooManyRequestsError`` (429) and ``ServerError`` (500 and above), or
      ``ApiConnectionError`` and ``ApiTimeoutError`` if there was no response.
    """

    async_req: Literal[False]


class DownloadOptions(RawOptions, total=False):
    """The options of a method that downloads a file, for a call that returns the
    response."""

    _preload_content: Literal[False]
    _return_http_data_only: Literal[True]
    async_req: Literal[False]

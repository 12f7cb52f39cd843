"""From responses to results: readers by return type, bodies, and errors by status."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ubiops import exceptions
from ubiops._core.codec import MAX_ERROR_BYTES, as_text
from ubiops._core.decoding import BLOCK, check_ratio, content_length, decoder_for
from ubiops._core.messages import printable
from ubiops._core.steps import Close, Read
from ubiops.exceptions import ApiException, ApiValueError, InvalidResponseError
from ubiops.models._base import read_all

if TYPE_CHECKING:
    from collections.abc import Generator

    from ubiops._core.steps import RawResponse, Step
    from ubiops.models._base import Model

MAX_RESPONSE_BYTES = 1 << 28
"""Maximum size of a response in memory (256 MiB), decompressed. Files are streamed."""
_MAX_REASON = 200
"""Maximum characters of a reason phrase that an error shows."""

Reader = Callable[[Any, int], Any]
"""Turns a JSON value, and the status of its response, into what a method returns."""

# The types of JSON values by the names that the API uses, and what to call them.
_KINDS: dict[str, tuple[type, ...]] = {
    "any": (object,),
    "object": (object,),
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "date": (str,),
    "datetime": (str,),
}
EVENTS = "text/event-stream"
STREAMED = frozenset(("file", "events"))
"""Return types whose body is not read as JSON."""


# --- bodies ---------------------------------------------------------------------------


def read_body(response: RawResponse) -> Generator[Step, Any, bytes]:
    """Reads the whole body of a response, decompressed.

    Raises:
        ubiops.InvalidResponseError: It is too large, or not compressed as declared.
    """
    headers = response.headers
    length = content_length(headers)
    if length is not None and length <= MAX_RESPONSE_BYTES and "Content-Encoding" not in headers:
        body: bytes = yield Read(response, None)
        return body
    decoder = decoder_for(headers, response.status)
    # Its contents need no copy, unlike those of a joined list of blocks.
    body_file = BytesIO()
    received = decoded = 0
    while True:
        raw: bytes = yield Read(response, BLOCK)
        if not raw:
            decoder.end()
            return body_file.getvalue()
        received += len(raw)
        for block in decoder.feed(raw):
            decoded += len(block)
            check_ratio(response.status, received, decoded)
            if decoded > MAX_RESPONSE_BYTES:
                raise InvalidResponseError(
                    response.status,
                    f"the response has more than {MAX_RESPONSE_BYTES >> 20} MiB, "
                    "which is more than is read into memory",
                )
            body_file.write(block)


def read_error(response: RawResponse, *, authorized: bool) -> Generator[Step, Any, ApiException]:
    """Reads as much of an error's body as is needed, and returns the error.

    Args:
        response: A response whose status is not a success.
        authorized: Whether a token was sent.
    """
    body = b""
    try:
        decoder = decoder_for(response.headers, response.status)
        while len(body) < MAX_ERROR_BYTES:
            raw: bytes = yield Read(response, BLOCK)
            if not raw:
                break
            for block in decoder.feed(raw):
                body += block
                if len(body) >= MAX_ERROR_BYTES:
                    break
    except ApiException:
        # The status matters most: a truncated body must not hide it.
        pass
    yield Close(response)
    return error_for(response, body[:MAX_ERROR_BYTES], authorized=authorized)


# --- types ----------------------------------------------------------------------------


def find_model(name: str) -> type[Model]:
    """Returns the class of a model by its name.

    Raises:
        ubiops.ApiValueError: There is none.
    """
    from ubiops import models

    found = getattr(models, name, None) if name in models.__all__ else None
    if found is None:
        raise ApiValueError(f"unknown model {name!r}")
    cls: type[Model] = found
    return cls


def reader_for(returns: str | None) -> Reader | None:
    """Returns how to read a JSON value as the type that an operation returns.

    Args:
        returns: The type, such as ``DeploymentDetail``, ``list[DeploymentList]``,
            ``any`` or None.

    Returns:
        The reader; None if there is no JSON to read.

    Raises:
        ubiops.ApiValueError: The type does not exist.
    """
    if returns is None or returns in STREAMED:
        return None
    if returns.startswith("list[") and returns.endswith("]"):
        return _list_reader(returns[5:-1], returns)
    if returns in _KINDS or returns.startswith("dict("):
        return _plain_reader(returns)
    cls = find_model(returns)
    read = cls._read

    def read_one(value: Any, status: int) -> Any:
        if value.__class__ is not dict:
            raise _unexpected(value, status, "an object", returns)
        return read(value)

    return read_one


def _list_reader(item: str, returns: str) -> Reader:
    if item in _KINDS or item.startswith("dict("):
        read = _plain_reader(item, returns)

        def read_plain_list(value: Any, status: int) -> Any:
            if value.__class__ is not list:
                raise _unexpected(value, status, "a list", returns)
            return [read(entry, status, index) for index, entry in enumerate(value)]

        return read_plain_list
    model = find_model(item)

    def read_list(value: Any, status: int) -> Any:
        if value.__class__ is not list:
            raise _unexpected(value, status, "a list", returns)
        if not {dict}.issuperset(map(type, value)):
            index, entry = next((index, entry) for index, entry in enumerate(value) if type(entry) is not dict)
            raise _unexpected(entry, status, "an object", returns, index)
        return read_all(model, value)

    return read_list


def _plain_reader(kind: str, returns: str | None = None) -> Callable[..., Any]:
    kinds: tuple[type, ...] = (dict,) if kind.startswith("dict(") else _KINDS[kind]

    def read_plain(value: Any, status: int, index: int | None = None) -> Any:
        if not isinstance(value, kinds) or (value.__class__ is bool and kind in ("int", "float")):
            raise _unexpected(value, status, kind, returns or kind, index)
        return _read_date(value, kind) if kind in ("date", "datetime") else value

    return read_plain


def _read_date(value: Any, kind: str) -> Any:
    from datetime import date

    from ubiops._core.dates import read_datetime

    if kind == "datetime":
        return read_datetime(value)
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def _unexpected(value: Any, status: int, wanted: str, returns: str, index: int | None = None) -> InvalidResponseError:
    kind = {dict: "an object", list: "a list", type(None): "null"}.get(type(value), type(value).__name__)
    try:
        body = json.dumps(value)[:MAX_ERROR_BYTES]
    except RecursionError:
        # Parsing needs slightly less stack than this.
        body = None
    entry = "" if index is None else f" in entry {index}"
    return InvalidResponseError(
        status,
        f"the response is {kind}{entry} where {wanted} was expected ({returns})",
        body=body,
        hint="is configuration.host the address of the API?",
    )


def check_event_stream(response: RawResponse) -> None:
    """Checks that a response is a stream of server-sent events.

    Raises:
        ubiops.InvalidResponseError: Its Content-Type is another one.
    """
    media_type = response.headers.get("Content-Type", EVENTS).partition(";")[0].strip().lower()
    if media_type != EVENTS:
        raise InvalidResponseError(
            response.status,
            f"the response is {printable(media_type)!r:.100} where {EVENTS} was expected",
            headers=response.headers,
            hint="is configuration.host the address of the API?",
        )


# --- errors ---------------------------------------------------------------------------


def error_for(response: RawResponse, body: bytes, *, authorized: bool) -> ApiException:
    """Returns the error that a response stands for.

    Args:
        response: A response whose status is not a success.
        body: Its body, as far as it was read.
        authorized: Whether a token was sent.
    """
    # Not imported before a call fails.
    from ubiops._core.retry import Failure

    status = response.status
    reason = printable(response.reason)[:_MAX_REASON]
    error = exceptions.class_for_status(status)(
        status,
        reason,
        body=as_text(body),
        headers=response.headers,
        hint=_hint(status, authorized, response.headers),
    )
    error._failure = Failure(f"{status} {reason}".strip(), status=status, headers=response.headers)
    return error


def _hint(status: int, authorized: bool, headers: Mapping[str, str]) -> str | None:
    if status == 401:
        if authorized:
            return "the API token was not accepted: check UBIOPS_API_TOKEN or configuration.api_key['Authorization']"
        return "no API token was sent: set UBIOPS_API_TOKEN or configuration.api_key['Authorization']"
    if status == 407:
        return "check configuration.proxy or the variables HTTP_PROXY and NO_PROXY"
    if 300 <= status < 400:
        target = (headers.get("Location") or "").partition("?")[0]
        return (
            f"the server points to {target!r:.200}, which is not followed: only a GET or HEAD is, to the same "
            "scheme, host and port; is configuration.host right?"
        )
    return None

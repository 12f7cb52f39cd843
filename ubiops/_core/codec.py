"""JSON to and from bytes, with errors of this library."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ubiops._core.redact import SecretBytes
from ubiops.exceptions import ApiTypeError, ApiValueError, InvalidResponseError
from ubiops.models._base import Model, json_default

MAX_ERROR_BYTES = 1 << 20
"""Bytes of an error's body that are read at most."""

_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=json_default).encode


def dump_json(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        ubiops.ApiTypeError: It holds something that JSON has no form for.
        ubiops.ApiValueError: It holds a NaN or an infinity, text that is no valid Unicode, or itself.
    """
    try:
        return SecretBytes(_dump(value).encode())
    except UnicodeEncodeError as error:
        raise ApiValueError(f"the body holds text that is no valid Unicode ({error.reason})") from None
    except RecursionError:
        raise ApiValueError("the body is nested too deeply to be sent as JSON") from None
    except ValueError as error:
        if isinstance(error, ApiValueError):
            raise
        place = _find_unsendable(value)
        what = f" at {place}" if place else ""
        raise ApiValueError(f"the body can't be sent as JSON{what}: {error}") from None
    except TypeError as error:
        if isinstance(error, ApiTypeError):
            raise
        raise ApiTypeError(f"the body can't be sent as JSON: {error}") from None


def _find_unsendable(value: Any, path: str = "data", depth: int = 0) -> str | None:
    """Where a number is that JSON can't hold."""
    if depth > 50:
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    if isinstance(value, Model):
        value = value._to_json()
    items: Any = ()
    if isinstance(value, Mapping):
        items = ((f"{path}[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    for place, item in items:
        found = _find_unsendable(item, place, depth + 1)
        if found:
            return found
    return None


def parse_json(body: bytes, status: int) -> Any:
    """The value of a JSON body.

    Raises:
        ubiops.InvalidResponseError: It is no JSON, or is nested too deeply.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidResponseError(
            status,
            f"the answer is no valid JSON: {why}" if body.strip() else "the answer is empty where JSON was expected",
            body=as_text(body[:MAX_ERROR_BYTES]),
            hint="is configuration.host the address of the API?",
        ) from None


def as_text(body: bytes) -> str | bytes:
    """A body as text, or as the bytes that came when it is none."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body

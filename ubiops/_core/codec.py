"""JSON to and from bytes, with errors of this library.

With the extra ``ubiops[fast]``, msgspec reads large responses. It was chosen over
orjson, which is as fast, but turns integers of more than 64 bits into floats. Requests
are always written by json: the fast libraries write NaN as null.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ubiops._core.redact import SecretBytes
from ubiops.exceptions import ApiTypeError, ApiValueError, InvalidResponseError
from ubiops.models._base import Model, json_default

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ERROR_BYTES = 1 << 20
"""Maximum bytes of an error's body that are read."""
LARGE_BODY = 1 << 15
"""Size in bytes above which importing msgspec saves time overall."""

_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=json_default).encode


def dump_json(value: Any) -> bytes:
    """Returns a value as JSON, to be sent.

    Raises:
        ubiops.ApiTypeError: It contains something that JSON can't represent.
        ubiops.ApiValueError: It contains a NaN or an infinity, text that is not valid
            Unicode, or itself.
    """
    try:
        return SecretBytes(_encode(_dump, value, "data", "the body can't be sent as JSON").encode())
    except UnicodeEncodeError as error:
        raise ApiValueError(f"the body holds text that is not valid Unicode ({error.reason})") from None


def dump_text(value: Any, name: str, indent: int | None) -> str:
    """Returns a value as JSON text, to be read.

    Args:
        value: The value.
        name: What to call it in an error.
        indent: Spaces for each level; None for one line.

    Raises:
        ubiops.ApiTypeError: It holds something that JSON has no form for.
        ubiops.ApiValueError: It holds a NaN or an infinity, or itself.
    """

    def encode(ascii_only: bool) -> str:
        encoder = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, indent=indent, default=json_default)
        return _encode(encoder.encode, value, name, f"the {name} can't be written as JSON")

    text = encode(ascii_only=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # It holds half of a character, which can't be written to a file but as an
        # escape.
        return encode(ascii_only=True)
    return text


def _encode(encode: Callable[[Any], str], value: Any, name: str, failed: str) -> str:
    try:
        return encode(value)
    except RecursionError:
        raise ApiValueError(f"{failed}: it is nested too deeply") from None
    except ValueError as error:
        if isinstance(error, ApiValueError):
            raise
        place = _find_unsendable(value, name)
        what = f" at {place}" if place else ""
        raise ApiValueError(f"{failed}{what}: {error}") from None
    except TypeError as error:
        if isinstance(error, ApiTypeError):
            raise
        raise ApiTypeError(f"{failed}: {error}") from None


def _find_unsendable(value: Any, path: str, depth: int = 0) -> str | None:
    """Returns the place of a number that JSON can't hold."""
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


class _FastReader:
    """msgspec, imported when it is first worth it.

    ``UBIOPS_JSON`` in the environment forces a choice, for tests: ``json`` never uses
    it, ``msgspec`` uses it for every body and fails if it is not installed.
    """

    def __init__(self, choice: str) -> None:
        self._decode: Callable[[bytes], Any] | None = None
        self._settled = choice == "json"
        if choice == "msgspec":
            self._load()

    def _load(self) -> None:
        import msgspec

        self._settled = True
        self._decode = msgspec.json.Decoder().decode

    def for_body(self, size: int) -> Callable[[bytes], Any] | None:
        """Returns the function that parses a body of this size; None for json's."""
        if not self._settled and size >= LARGE_BODY:
            self._settled = True
            try:
                self._load()
            except ImportError:
                return None
        return self._decode


_fast = _FastReader(os.environ.get("UBIOPS_JSON", ""))


def parse_json(body: bytes, status: int) -> Any:
    """Returns the value of a JSON body.

    Raises:
        ubiops.InvalidResponseError: It is not valid JSON, or is nested too deeply.
    """
    decode = _fast.for_body(len(body))
    if decode is not None:
        try:
            return decode(body)
        except Exception:
            # json accepts more, and its errors are the same with and without msgspec.
            decode = None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        what = f"is not valid JSON: {why}" if body.strip() else "is empty where JSON was expected"
        raise InvalidResponseError(
            status,
            f"the response {what}",
            body=as_text(body[:MAX_ERROR_BYTES]),
            hint="is configuration.host the address of the API?",
        ) from None


def as_text(body: bytes) -> str | bytes:
    """Returns a body as text, or as bytes if it is not text."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body

"""Validates the inputs of requests against the input fields of a deployment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_REQUESTS
from ubiops.emulator.core.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.emulator.areas.deployment_requests.destination import Destination

_FILE = re.compile(r"ubiops-file://[^/]+/.+", re.DOTALL)


class Inputs(NamedTuple):
    """The validated input of a request.

    Attributes:
        values: Objects or strings.
        many: Whether a list was sent. Otherwise there is one value.
    """

    values: list[Any]
    many: bool

    @property
    def is_text(self) -> bool:
        """Whether it is stored as text and not as JSON."""
        return not self.many and isinstance(self.values[0], str)

    def encode(self) -> bytes:
        """Returns the input as it is stored, counted and downloaded."""
        return encode(self.values if self.many else self.values[0])

    def split(self) -> list[Inputs]:
        """Returns the inputs of batch requests: one for each value.

        Raises:
            ApiError: There are too many.
        """
        if len(self.values) > MAXIMUM_REQUESTS:
            raise bad_request(f"At most {MAXIMUM_REQUESTS} requests can be created at once, not {len(self.values)}")
        return [Inputs([value], many=False) for value in self.values]


def encode(value: Any) -> bytes:
    """Returns a text as it is, and everything else as JSON."""
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode("utf-8", "replace")


def decode(content: bytes, is_text: bool) -> Any:
    """Returns the value that was encoded."""
    return content.decode("utf-8") if is_text else json.loads(content)


def read_inputs(destination: Destination, data: Any, content: bytes | None = None) -> Inputs:
    """Returns the input of a request.

    Args:
        destination: Where it goes to.
        data: What was sent: an object, a string, or a list of them.
        content: The JSON text that was sent. An object for a plain input is handed on
            in exactly this form.

    Raises:
        ApiError: It doesn't fit the input of the deployment.
    """
    if not isinstance(data, list):
        return Inputs([_read(destination, data, "", content)], many=False)
    if not data:
        raise bad_request("The list of inputs is empty")
    return Inputs([_read(destination, value, f" in input {number}") for number, value in enumerate(data, 1)], many=True)


def _read(destination: Destination, value: Any, place: str, content: bytes | None = None) -> Any:
    if destination.input_type == "plain":
        return _read_plain(value, place, content)
    if not isinstance(value, dict):
        raise bad_request(
            f"The input must be an object with the input fields of deployment {destination.deployment}, "
            f"not {_kind(value)}{place}"
        )
    check_fields(destination.input_fields, value, place)
    return value


def _read_plain(value: Any, place: str, content: bytes | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        # The code gets text and parses it itself.
        return content.decode("utf-8-sig") if content else json.dumps(value, ensure_ascii=False)
    raise bad_request(f"The input must be a string, because the input type is plain, not {_kind(value)}{place}")


def check_fields(fields: Mapping[str, str], value: Mapping[str, Any], place: str = "") -> None:
    """Rejects an object whose fields are not those of a deployment or pipeline.

    Args:
        fields: The data types of the fields by their names.
        value: The object.
        place: Where it stands, for the error, such as " in input 2".
    """
    for word, names in (("Missing", fields.keys() - value.keys()), ("Unknown", value.keys() - fields.keys())):
        if names:
            plural = "s" if len(names) > 1 else ""
            raise bad_request(f"{word} input field{plural}{place}: {', '.join(sorted(names))}")
    for name, kind in fields.items():
        words, fits = _TYPES[kind]
        # A guess: null fits every field. Official clients send it for the optional
        # inputs of a training run.
        if value[name] is not None and not fits(value[name]):
            raise bad_request(f"Input field {name}{place} must be {words}, not {_kind(value[name])}")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_double(value: Any) -> bool:
    return isinstance(value, float) or _is_int(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and _FILE.fullmatch(value) is not None


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


_URI = "such as ubiops-file://default/name"
_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "int": ("an integer", _is_int),
    "double": ("a number", _is_double),
    "string": ("a string", _is_text),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "dict": ("an object", lambda value: isinstance(value, dict)),
    "file": (f"the URI of a file, {_URI}", _is_file),
    "array_int": ("a list of integers", _list_of(_is_int)),
    "array_double": ("a list of numbers", _list_of(_is_double)),
    "array_string": ("a list of strings", _list_of(_is_text)),
    "array_file": (f"a list of URIs of files, {_URI}", _list_of(_is_file)),
}


def _kind(value: Any) -> str:
    """Returns what kind of value it is. The value itself may be confidential."""
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = (
        (type(None), "null"),
        (str, "a string"),
        (int, "an integer"),
        (float, "a decimal number"),
        (list, "a list"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "an object")

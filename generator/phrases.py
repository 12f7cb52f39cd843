"""Phrases about values, methods and models, for docstrings and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.ir import ABSENT
from generator.signatures import is_project
from generator.text import code, sentence

if TYPE_CHECKING:
    from generator.ir import Type, Value
    from generator.ir_api import Operation

_FILE = "path, bytes or file"
_PYTHON = {"object": "dict", "any": "any JSON value", "file": _FILE}
_KINDS = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "datetime": "Date and time",
    "date": "Date",
    "object": "Dict",
    "any": "Any JSON value",
    "file": "A path, bytes, or a file opened in binary mode",
}


def kind(of: Type) -> str:
    """A type in words."""
    if of.kind == "map":
        return f"Dict of {kind(of.item).lower() if of.item else 'string'}s"
    if of.kind == "union" and of.item:
        return f"{kind(of.item)}, or a list of them"
    if of.item:
        if of.item.kind == "any":
            return "List"
        plural = "dicts of strings" if of.item.kind == "map" else f"{kind(of.item).lower()}s"
        plural = f"{of.item.model} objects" if of.item.model else plural
        return f"List of {plural}"
    if of.model:
        return of.model
    return "String (UUID)" if of.format == "uuid" else _KINDS[of.kind]


def python_type(of: Type) -> str:
    """A type that is not a model, as the tables of the docs show it."""
    if of.kind == "map":
        return f"dict\\[str, {python_type(of.item) if of.item else 'str'}\\]"
    return _PYTHON.get(of.kind, of.read)


def limits(value: Value) -> list[str]:
    """The rules of a value, each in a few words."""
    rules = value.limits
    found = []
    # Choices need no bounds for their length.
    if rules.enum:
        some = "any" if value.type.item else "one"
        found.append(f"{some} of {', '.join(f'`{choice}`' for choice in rules.enum)}")
    elif rules.min_length == 1 and rules.max_length is None:
        found.append("not empty")
    elif rules.min_length is not None or rules.max_length is not None:
        found.append(_range(rules.min_length, rules.max_length, "characters"))
    if rules.minimum is not None or rules.maximum is not None:
        found.append(_range(rules.minimum, rules.maximum))
    if rules.pattern:
        found.append(f"matching `{rules.pattern}`")
    return found


def _range(minimum: float | None, maximum: float | None, unit: str = "") -> str:
    if maximum is None:
        words = f"{minimum} or more"
    elif minimum is None:
        words = f"at most {maximum}"
    else:
        words = f"{minimum} to {maximum}"
    return f"{words} {unit}".strip()


def only(generations: tuple[str, ...]) -> str:
    """Which generation of the API has something: ``API v2 only``."""
    return f"API {' and '.join(generations)} only"


def notes(value: Value, *, sent: bool = True) -> str:
    """The notes on a value in a table of the docs, besides its type and description.

    Args:
        value: The value.
        sent: Whether the caller gives it; otherwise it is part of a response.
    """
    found = ["required"] if value.required and sent else []
    if is_project(value):
        found = ["required without a default project"]
    if value.name != value.python:
        found.append(f"`{value.name}` in the API")
    found += limits(value)
    if value.nullable:
        found.append("may be null (`ubiops.NULL`)" if sent else "may be None")
    if value.default is not ABSENT:
        found.append(f"default: {code(value.default)}")
    if value.example is not ABSENT and not value.required:
        found.append(f"example: {code(value.example)}")
    if value.deprecated:
        found.append("deprecated")
    if value.generations:
        found.append(only(value.generations))
    return "; ".join(found)


def entry(value: Value, *, sent: bool = True) -> str:
    """The entry of an argument or attribute in a docstring.

    Args:
        value: The argument or attribute.
        sent: Whether the caller gives it; otherwise it is part of a response, where
            nothing is required.
    """
    words = ", ".join([kind(value.type), *limits(value)])
    parts = [value.description, sentence(words)]
    if value.nullable:
        parts.append("`ubiops.NULL` sends null." if sent else "May be None.")
    if value.default is not ABSENT:
        parts.append(f"Default: {code(value.default)}.")
    if value.deprecated:
        parts.append("Deprecated.")
    if value.generations:
        parts.append(f"{only(value.generations)}.")
    if is_project(value):
        parts.append("Default: that of the client.")
    elif value.required and sent:
        parts.append("Required.")
    return " ".join(parts)


def data_entry(operation: Operation) -> str:
    """The entry of the argument `data` in a docstring."""
    body = operation.data
    if body is None or body.type is None:
        raise ValueError(operation.id)
    parts = [body.description, sentence(accepted(body.type))]
    if body.text:
        parts.append("A string is sent as plain text, anything else as JSON.")
    if body.required:
        parts.append("Required.")
    return " ".join(parts)


def accepted(of: Type) -> str:
    """The values that a body of a type accepts, in words."""
    if of.model:
        return f"`ubiops.{of.model}`, or a dict with its fields"
    if of.kind == "union" and of.item:
        return f"{accepted(of.item)}; one or a list of them"
    if of.item and of.item.model:
        return f"A list of `ubiops.{of.item.model}`, or of dicts with its fields"
    return kind(of)


def returned(operation: Operation) -> tuple[str, str]:
    """The entry of the result in a docstring: its type and its description."""
    success = operation.success
    if success.type is None:
        return "None", success.description
    if operation.downloads:
        more = "Use it as a context manager. With `_preload_content=True` the file is saved and its path returned."
        return "ubiops.Response", f"{success.description} {more}"
    if operation.streams:
        return "ubiops.events.EventStream", f"{success.description} Use it as a context manager, and iterate over it."
    of = success.type
    if of.kind == "list" and of.item and of.item.model:
        return f"list[ubiops.{of.item.model}]", success.description
    return (f"ubiops.{of.model}" if of.model else of.read), success.description


def raised(operation: Operation) -> str:
    """The entry of the errors that not every operation has, if there are any."""
    names: dict[str, list[str]] = {}
    for failure in operation.failures:
        if not failure.common:
            names.setdefault(failure.exception, []).append(str(failure.status))
    if not names:
        return ""
    listed = [f"`{name}` ({', '.join(statuses)})" for name, statuses in names.items()]
    return f"The call failed: {', '.join(listed)}, or an error of any call."

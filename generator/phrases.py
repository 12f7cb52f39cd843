"""What is said of values, methods and models, in docstrings and in the docs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.ir import ABSENT
from generator.text import code, joined, sentence

if TYPE_CHECKING:
    from generator.ir import Operation, Type, Value

OPTIONS = {
    "_preload_content": "Whether to read the answer; False returns the response as it came. Default: True.",
    "_return_http_data_only": "Whether to return the data alone; False returns (data, status, headers). Default: True.",
    "_request_timeout": "Seconds for the whole call, or a pair (connect, read). Default: the configuration's.",
    "async_req": "Whether to make the call in another thread and return at once; `.get()` waits. Default: False.",
    "_progress_bar": "Whether to show the progress of a file; needs `ubiops[progress]`. Default: False.",
}
DOWNLOAD_OPTIONS = {
    **OPTIONS,
    "_preload_content": "Whether to save the file and return its path; False returns the response. Default: False.",
}

_PYTHON = {"object": "dict", "map": "dict\\[str, str\\]", "file": "path, bytes or file"}

_KINDS = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "datetime": "Date and time",
    "object": "Dict",
    "map": "Dict of strings",
    "file": "A path, bytes, or a file opened in binary mode",
}


def kind(of: Type) -> str:
    """A type in words."""
    if of.item:
        plural = f"{of.item.model} objects" if of.item.model else f"{kind(of.item).lower()}s"
        return f"List of {plural}"
    if of.model:
        return of.model
    return "String (UUID)" if of.format == "uuid" else _KINDS[of.kind]


def python_type(of: Type) -> str:
    """A type that is no model, as tables of the docs show it."""
    return _PYTHON.get(of.kind, of.read)


def options(operation: Operation) -> dict[str, str]:
    """The keyword options of a method, and what each does."""
    return DOWNLOAD_OPTIONS if operation.downloads else OPTIONS


def limits(value: Value) -> list[str]:
    """The rules of a value, each in a few words."""
    rules = value.limits
    found = []
    # What is one of a few words needs no bounds for its length.
    if rules.enum:
        found.append(f"one of {', '.join(f'`{choice}`' for choice in rules.enum)}")
    elif rules.min_length == 1 and rules.max_length is None:
        found.append("not empty")
    elif rules.min_length is not None or rules.max_length is not None:
        found.append(_range(rules.min_length, rules.max_length, "characters"))
    if rules.minimum is not None or rules.maximum is not None:
        found.append(_range(rules.minimum, rules.maximum))
    if rules.pattern:
        found.append(f"matching `{rules.pattern}`")
    return found


def _range(least: float | None, most: float | None, unit: str = "") -> str:
    if most is None:
        words = f"{least} or more"
    elif least is None:
        words = f"at most {most}"
    else:
        words = f"{least} to {most}"
    return f"{words} {unit}".strip()


def notes(value: Value, *, sent: bool = True) -> str:
    """What a table of the docs says of a value beside its type and its description.

    Args:
        value: The value.
        sent: Whether the caller gives it; otherwise it comes with an answer.
    """
    found = ["required"] if value.required and sent else []
    if value.name != value.python:
        found.append(f"`{value.name}` in the API")
    found += limits(value)
    if value.nullable:
        found.append("may be null (`ubiops.NULL`)" if sent else "may be None")
    if value.default is not ABSENT:
        found.append(f"default: {code(value.default)}")
    if value.example is not ABSENT and not value.required:
        found.append(f"such as {code(value.example)}")
    if value.deprecated:
        found.append("deprecated")
    return "; ".join(found)


def entry(value: Value, *, sent: bool = True) -> str:
    """What a docstring says of an argument or an attribute.

    Args:
        value: The argument or the attribute.
        sent: Whether the caller gives it; otherwise it comes with an answer, and no rule says that it must.
    """
    words = ", ".join([kind(value.type), *limits(value)])
    parts = [value.description, sentence(words)]
    if value.nullable:
        parts.append("`ubiops.NULL` sends null." if sent else "May be None.")
    if value.default is not ABSENT:
        parts.append(f"Default: {code(value.default)}.")
    if value.deprecated:
        parts.append("Deprecated.")
    if value.required and sent:
        parts.append("Required.")
    return " ".join(parts)


def data_entry(operation: Operation) -> str:
    """What a docstring says of the argument `data`."""
    body = operation.data
    if body is None or body.type is None:
        raise ValueError(operation.id)
    taken = f"`ubiops.{body.type.model}`, or a dict with its fields" if body.type.model else "A dict"
    return f"{body.description} {taken}. Required."


def returned(operation: Operation) -> tuple[str, str]:
    """What a docstring says of what comes back: the type, and what it holds."""
    answer = operation.answer
    if answer.type is None:
        return "None", answer.description
    if operation.downloads:
        more = "Use it as a context manager. With `_preload_content=True` it is saved, and the file's path is returned."
        return "ubiops.Response", f"{answer.description} {more}"
    inner = answer.type.item or answer.type
    name = f"ubiops.{inner.model}" if inner.model else inner.read
    return (f"list[{name}]" if answer.type.item else name), answer.description


def raised(operation: Operation) -> str:
    """What a docstring says of the errors of a call."""
    names: dict[str, list[str]] = {}
    for failure in operation.failures:
        names.setdefault(failure.exception, []).append(str(failure.status))
    by_status = joined([f"`{name}` ({', '.join(statuses)})" for name, statuses in names.items()]) if names else ""
    rest = f" Its subclass says why: {by_status}." if by_status else ""
    return f"The call did not succeed.{rest} Without an answer: `ApiConnectionError` or `ApiTimeoutError`."

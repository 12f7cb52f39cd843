"""Signatures of methods: in modules, and as overloads in stubs, one for each way in
which options change the result.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from generator.ir_api import Parameter
from generator.text import docstring, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from generator.ir import Value
    from generator.ir_api import Area, Operation

_NOW = "async_req: Literal[False] = ..."
_LATER = "async_req: Literal[True]"
_LOADED = "_preload_content: Literal[True]"
_NOT_LOADED = "_preload_content: Literal[False]"
_DATA_ONLY = "_return_http_data_only: Literal[True] = ..."
_WITH_INFO = "_return_http_data_only: Literal[False]"
PROJECT = "project_name"
"""The path parameter that can be left out if the client has a default project."""
_LABELS = "labels"
_ANY = ("_preload_content: bool = ...", "_return_http_data_only: bool = ...")


def definition(operation: Operation) -> str:
    """The arguments of a method in a module.

    All that are required have a default that says so. Arguments that must be named are
    often given by position, so that these are caught.
    """
    required = {one.python for one in operation.positional if one.required}
    words = ["self"]
    words += [_positional(one, " = REQUIRED" if one.python in required else "") for one in operation.positional]
    if operation.required_data and operation.required_data.type:
        words.append(f"data: {operation.required_data.type.write} = REQUIRED")
    keywords = _keywords(operation)
    words += ["*extra: Never", *keywords] if keywords else []
    return ", ".join([*words, "**options: Any"])


def catches_extra(operation: Operation) -> bool:
    """Whether a method in a module has an argument for values that must be named."""
    return bool(_keywords(operation))


def overloads(operation: Operation) -> list[str]:
    """The overloads of a method and of its twin in a stub, each in one line.

    They come twice if the project can be left out and other arguments can't: with it,
    and without it, where those others have to be named.
    """
    return _both_ways(operation, _overloads)


def _both_ways(operation: Operation, make: Callable[..., list[str]]) -> list[str]:
    """The overloads with the project, and those without it. The overloads of a name
    have to follow each other.
    """
    lines = make(operation)
    if any(is_project(one) for one in operation.positional) and _needs_more(operation):
        lines += make(operation, named=True)
    return sorted(lines, key=lambda line: f"{operation.id}_with_http_info(" in line)


def is_project(value: Value) -> bool:
    """Whether the client's default project can stand for this argument."""
    return value.python == PROJECT and value.required and _in_path(value)


def _in_path(value: Value) -> bool:
    return isinstance(value, Parameter) and not value.positional


def _needs_more(operation: Operation) -> bool:
    """Whether arguments besides the project are required."""
    required = [one for one in operation.positional if one.required and not is_project(one)]
    return bool(required or operation.required_data)


def _overloads(operation: Operation, *, named: bool = False) -> list[str]:
    def define(name: str, keywords: Sequence[str], options: str, returns: str, documentation: str = "") -> str:
        return _define(operation, name, keywords, options, returns, documentation=documentation, named=named)

    data = operation.returns
    info = _info(data)
    twin = f"{operation.id}_with_http_info"
    if operation.downloads:
        made = [
            define(operation.id, [], "DownloadOptions", data),
            define(operation.id, [_NOW, _LOADED, _DATA_ONLY], "RawOptions", "str"),
            define(operation.id, [_LATER, f"{_NOT_LOADED} = ...", _DATA_ONLY], "RawOptions", _later(data)),
            define(operation.id, [_NOW, f"{_NOT_LOADED} = ...", _WITH_INFO], "RawOptions", info),
        ]
        usual = f"{_NOT_LOADED} = ..."
    elif operation.streams:
        usual = "_preload_content: bool = ..."
        made = [
            define(operation.id, [_NOW, usual, _DATA_ONLY], "RawOptions", data),
            define(operation.id, [_LATER, usual, _DATA_ONLY], "RawOptions", _later(data)),
            define(operation.id, [_NOW, usual, _WITH_INFO], "RawOptions", info),
        ]
    else:
        usual = f"{_LOADED} = ..."
        made = [
            define(operation.id, [], "CallOptions", data),
            define(operation.id, [_LATER, usual, _DATA_ONLY], "RawOptions", _later(data)),
            define(operation.id, [_NOW, _NOT_LOADED, _DATA_ONLY], "RawOptions", "Response"),
            define(operation.id, [_NOW, usual, _WITH_INFO], "RawOptions", info),
        ]
    anything = ["async_req: bool = ...", *_ANY]
    return [
        *made,
        define(operation.id, anything, "RawOptions", "Any"),
        define(twin, [_NOW, usual], "RawOptions", info, "" if named else _like(operation)),
        define(twin, [_LATER, usual], "RawOptions", _later(info)),
        define(twin, anything, "RawOptions", "Any"),
    ]


def async_overloads(operation: Operation) -> list[str]:
    """The overloads of a method and its twin in the stub of the async client.

    A file can be an async one there. Editors find no other documentation of these
    methods than that of the stub. The project can be left out as in ``overloads``.
    """
    return _both_ways(operation, _async_overloads)


def _async_overloads(operation: Operation, *, named: bool = False) -> list[str]:
    data = operation.returns
    info = _info(data)

    def define(name: str, keywords: Sequence[str], options: str, returns: str, documentation: str = "") -> str:
        words = "" if named else documentation
        line = _define(operation, name, keywords, options, returns, "async ", words, named=named)
        return re.sub(r"\bFileValue\b", "AsyncFileValue", line)

    summary = f"{sentence(operation.summary)} See `ubiops.CoreApi.{operation.id}`."
    if operation.downloads:
        usual = f"{_NOT_LOADED} = ..."
        made = [
            define(operation.id, [usual, _DATA_ONLY], "RawOptions", data, summary),
            define(operation.id, [_LOADED, _DATA_ONLY], "RawOptions", "str"),
        ]
    elif operation.streams:
        usual = "_preload_content: bool = ..."
        made = [define(operation.id, [usual, _DATA_ONLY], "RawOptions", data, summary)]
    else:
        usual = f"{_LOADED} = ..."
        made = [
            define(operation.id, [], "AwaitedOptions", data, summary),
            define(operation.id, [_NOT_LOADED, _DATA_ONLY], "RawOptions", "Response"),
        ]
    return [
        *made,
        define(operation.id, [usual, _WITH_INFO], "RawOptions", info),
        define(operation.id, _ANY, "RawOptions", "Any"),
        define(f"{operation.id}_with_http_info", [usual], "RawOptions", info, _like(operation)),
        define(f"{operation.id}_with_http_info", _ANY, "RawOptions", "Any"),
    ]


def in_area(code: str, area: Area) -> str:
    """Code for the module of an area, which renames a model named like the class."""
    return re.sub(rf"\b{area.name}\b", f"{area.name}Model", code) if area.name in area.models else code


def import_in_area(names: str, area: Area) -> str:
    """The names of an import for the module of an area, renamed as in ``in_area``."""
    return re.sub(rf"\b{area.name}\b", f"{area.name} as {area.name}Model", names)


def _define(
    operation: Operation,
    name: str,
    keywords: Sequence[str],
    options: str,
    returns: str,
    prefix: str = "",
    documentation: str = "",
    *,
    named: bool = False,
) -> str:
    """An overload; if ``named``, without the project and with keywords only."""
    words = []
    for one in operation.positional:
        if not is_project(one):
            words.append(_positional(one))
        elif not named:
            words.append(_positional(one, "" if _needs_more(operation) else " = ..."))
    if operation.required_data and operation.required_data.type:
        words.append(f"data: {operation.required_data.type.write}")
    keywords = [*_keywords(operation), *keywords]
    keywords = [*words, *keywords] if named else keywords
    words = ["self", *([] if named else words), *(["*", *keywords] if keywords else [])]
    words.append(f"**options: Unpack[{options}]")
    body = f'"""{docstring(documentation)}"""' if documentation else "..."
    return f"{prefix}def {name}({', '.join(words)}) -> {returns}: {body}"


def _positional(value: Value, default: str = "") -> str:
    if not value.required:
        return _optional(value)
    # A segment of a path can be an id of any type.
    return f"{value.python}: {'PathValue' if _in_path(value) else _annotation(value)}{default}"


def _keywords(operation: Operation) -> list[str]:
    words = [_optional(one) for one in operation.keywords]
    if operation.optional_data and operation.optional_data.type:
        words.append(f"data: {operation.optional_data.type.write} | None = None")
    return words + [_optional(one) for one in operation.parts]


def _optional(value: Value) -> str:
    return f"{value.python}: {_annotation(value)} | None = None"


def _annotation(value: Value) -> str:
    """The annotation of an argument, in which choices are named."""
    kind = value.type.write
    if value.limits.enum:
        choices = f"Literal[{', '.join(map(json.dumps, value.limits.enum))}]"
        kind = f"str | Sequence[{choices}]" if value.type.item else choices
    if value.python == _LABELS and kind == "str":
        kind = "str | Mapping[str, str]"
    return kind


def _like(operation: Operation) -> str:
    """The documentation of a twin."""
    return f"Like `{operation.id}`, but returns (data, status, headers)."


def _info(data: str) -> str:
    return f"tuple[{data}, int, Mapping[str, str]]"


def _later(data: str) -> str:
    return f"AsyncResult[{data}]"

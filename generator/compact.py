"""The description as the emulator needs it: without prose and examples.

Each operation and component takes one line.
"""

from __future__ import annotations

import json
from typing import Any

# Keywords that nothing in the emulator reads. Where they are names, as in properties,
# they are kept.
_PROSE = frozenset(("deprecated", "description", "example", "examples", "headers", "summary", "x-declared-type"))
_NAMED = frozenset(("content", "paths", "properties", "responses", "schemas", "parameters"))
# Keywords whose value is data.
_DATA = frozenset(("const", "default", "enum"))


def compact(document: dict[str, Any], paths: list[str]) -> str:
    """Writes a document as compact JSON.

    Args:
        document: The document.
        paths: Its paths, in the order in which a request is matched.
    """
    small = without_prose(document)
    entries = {key: _line(small[key]) for key in ("openapi", "servers", "security", "tags")}
    operations = {path: _object({key: _line(value) for key, value in small["paths"][path].items()}) for path in paths}
    components = {
        section: _object({name: _line(value) for name, value in items.items()})
        for section, items in small["components"].items()
    }
    info = {key: document["info"][key] for key in ("title", "version")}
    whole = {"info": _line(info), **entries, "paths": _object(operations), "components": _object(components)}
    return f"{_object(whole)}\n"


def without_prose(value: Any, named: bool = False) -> Any:
    """A part of a document without prose and examples."""
    if isinstance(value, list):
        return [without_prose(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key in _DATA and not named else without_prose(item, not named and key in _NAMED)
        for key, item in value.items()
        if named or key not in _PROSE
    }


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(entries: dict[str, str]) -> str:
    """An object with a line for each entry, whose values are serialized already."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}:{text}" for key, text in entries.items()) + "\n}"

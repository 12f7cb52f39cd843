"""Values that fit a schema, made from the schema alone."""

from __future__ import annotations

import re
from typing import Any

_STRINGS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T23:59:58.123456Z",
    "uuid": "01234567-89ab-4cde-8f01-23456789abcd",
}
# Tried in this order for a string with a pattern.
_CANDIDATES = ("example", "a", "A", "1", "a-b", "A_B")


def full(schema: dict[str, Any]) -> Any:
    """Returns a value with every property, and without null."""
    return _value(schema, everything=True)


def minimal(schema: dict[str, Any]) -> Any:
    """Returns a value with the required properties only."""
    return _value(schema, everything=False)


def nulls(schema: dict[str, Any]) -> Any:
    """Returns a value with every property, null wherever that is allowed."""
    if allows_null(schema):
        return None
    if "properties" in schema:
        return {name: nulls(one) for name, one in schema["properties"].items()}
    return [nulls(schema["items"])] if "items" in schema else full(schema)


def allows_null(schema: dict[str, Any]) -> bool:
    """Returns whether a value may be null."""
    kinds = schema.get("type", ())
    null_choice = any(one.get("type") == "null" for one in schema.get("anyOf", ()))
    return "null" in ([kinds] if isinstance(kinds, str) else kinds) or null_choice


def kind_of(schema: dict[str, Any]) -> str:
    """Returns the JSON type of values that are not null; empty for any type."""
    kinds = schema.get("type", "")
    return str(kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null"))


def _value(schema: dict[str, Any], *, everything: bool) -> Any:
    choices = [
        one for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if "required" not in one or "type" in one
    ]
    if choices and "properties" not in schema:
        return _value(choices[0], everything=everything)
    if "enum" in schema:
        return next(choice for choice in schema["enum"] if choice is not None)
    kind = kind_of(schema)
    if kind == "object":
        return _object(schema, everything)
    if kind == "array":
        return [_value(schema["items"], everything=everything)] if everything else []
    if kind == "string":
        return _string(schema)
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        number = min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1))
        return number if kind == "integer" else number - 0.5
    return {"any": [1, "two", None]} if everything else "any"


def _object(schema: dict[str, Any], everything: bool) -> dict[str, Any]:
    properties = schema.get("properties", {})
    if everything and not properties:
        further = schema.get("additionalProperties")
        return {"name": _value(further, everything=True) if isinstance(further, dict) else "value"}
    names = properties if everything else schema.get("required", ())
    return {name: _value(properties[name], everything=everything) for name in names}


def _string(schema: dict[str, Any]) -> str:
    if schema.get("format") in _STRINGS:
        return _STRINGS[schema["format"]]
    if "pattern" in schema:
        return next(text for text in _CANDIDATES if re.search(schema["pattern"], text))
    length = max(schema.get("minLength", 0), min(len("exämple"), schema.get("maxLength", 100)))
    return "exämple"[:length].ljust(length, "x")

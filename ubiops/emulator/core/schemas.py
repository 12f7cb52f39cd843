"""JSON Schema as the emulator applies it. Only this module imports jsonschema early."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

# A limit of the emulator, not of the API, so that no request takes long.
MAXIMUM_ITEMS = 1000


def _check_pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    # Python's "$" also matches before a line break at the end; that of JSON Schema
    # doesn't.
    strict = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if isinstance(value, str) and not re.search(strict, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _limited(keyword: str) -> Any:
    """Returns a keyword's function that looks into no more than so many parts.

    Those that the API keeps as they are, such as the data of requests, have no limit.
    """
    check = Draft202012Validator.VALIDATORS[keyword]

    def limited(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        is_described = isinstance(rule, dict) and rule and rule.get("additionalProperties") is not True
        if is_described and isinstance(value, (list, dict)) and len(value) > MAXIMUM_ITEMS:
            yield ValidationError("too many", validator="maxItems", validator_value=MAXIMUM_ITEMS)
        else:
            yield from check(validator, rule, value, schema) or ()

    return limited


# The modes of retention: that their case doesn't matter is a guess. Official notebooks
# write "Full".
_ANY_CASE = (["none", "metadata", "full"],)


def _check_enum(validator: Any, choices: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    chosen = value.lower() if isinstance(value, str) and choices in _ANY_CASE else value
    if list(Draft202012Validator.VALIDATORS["enum"](validator, choices, chosen, schema)):
        yield ValidationError(f"{value!r} is not one of {choices!r}")


# 5.0 is an integer to JSON Schema, but not to the programs at both ends.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
)
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "additionalProperties": _limited("additionalProperties"),
        "enum": _check_enum,
        "items": _limited("items"),
        "pattern": _check_pattern,
    },
    type_checker=_TYPES,
)


def compile_schema(schema: dict[str, Any]) -> Any:
    """Compiles a schema without references."""
    return _Validator(schema, format_checker=FormatChecker(formats=["uuid"]))

"""Holds requests to the API's description: the schemas of bodies and query parameters, compiled once."""

from __future__ import annotations

import functools
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from ubiops.emulator.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema.exceptions import ValidationError

_FILE = Path(__file__).resolve().parent / "openapi.json"
_SHOWN_ERRORS = 5
_SHOWN_LENGTH = 100

JSON = "application/json"
FORM = "multipart/form-data"

# 5.0 is an integer to JSON Schema, but not to the programs at both ends.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
)
_Validator: Any = extend(Draft202012Validator, type_checker=_TYPES)  # type: ignore[no-untyped-call]
_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


class QueryCheck(NamedTuple):
    """What a parameter of the query has to be."""

    name: str
    integer: bool
    validator: Any


class Checks(NamedTuple):
    """What an operation takes."""

    # JSON, FORM, or None if there is no body.
    media_type: str | None
    body: Any
    query: tuple[QueryCheck, ...]

    def check_body(self, body: Any) -> None:
        """Refuses a body that breaks the description."""
        _refuse(self.body.iter_errors(body), "the body")

    def check_form(self, fields: Mapping[str, str]) -> None:
        """Refuses fields of a form that break the description. Which of them go together, the operation checks."""
        _refuse(self.body.iter_errors(fields), "the form")

    def read_query(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The known parameters of a query, as values of their types."""
        values: dict[str, Any] = {}
        for check in self.query:
            if check.name in given:
                text = given[check.name]
                if check.integer and not re.fullmatch(r"-?[0-9]{1,30}", text):
                    raise bad_request(f"{check.name} has to be a whole number, not {_short(text)}")
                value = int(text) if check.integer else text
                _refuse(check.validator.iter_errors(value), check.name)
                values[check.name] = value
        return values


@functools.cache
def load_description() -> dict[str, Any]:
    """The whole description of the API."""
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


@functools.cache
def compile_checks() -> dict[str, Checks]:
    """The checks of all operations, by their ids."""
    document = load_description()
    return {
        operation["operationId"]: _checks(operation, document)
        for path in document["paths"].values()
        for operation in path.values()
    }


def _checks(operation: dict[str, Any], document: dict[str, Any]) -> Checks:
    query = []
    for parameter in expand(operation.get("parameters", []), document):
        if parameter["in"] == "query":
            schema = parameter["schema"]
            query.append(QueryCheck(parameter["name"], schema["type"] == "integer", compile_schema(schema)))
    content = expand(operation.get("requestBody", {}), document).get("content", {})
    for media_type, value in content.items():
        schema = value["schema"]
        if media_type == FORM:
            schema = {"type": "object", "properties": schema["properties"]}
        return Checks(media_type, compile_schema(schema), tuple(query))
    return Checks(None, None, tuple(query))


def compile_schema(schema: dict[str, Any]) -> Any:
    """A validator of a schema that holds no references any more."""
    return _Validator(schema, format_checker=FormatChecker(formats=["uuid"]))


def expand(node: Any, document: dict[str, Any]) -> Any:
    """A part of the description with what it refers to in place of the references."""
    if isinstance(node, list):
        return [expand(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return expand({**target, **{key: value for key, value in node.items() if key != "$ref"}}, document)
    return {key: expand(value, document) for key, value in node.items()}


def read_json(content: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ApiError: It is none, or holds what JSON has no place for: NaN, infinite numbers, halves of characters.
    """
    if not content.strip():
        raise bad_request("the request needs a body: a JSON object")
    try:
        text = content.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise bad_request("the body is nested too deeply") from error
    except ValueError as error:
        raise bad_request(f"the body is no valid JSON: {error}") from error
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _read_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:_SHOWN_LENGTH]} is too large a number")
    return value


def _refuse(errors: Iterable[ValidationError], whole: str) -> None:
    """Raises what there is to say about a value, if there is something: of each field the first breach."""
    found: dict[tuple[str, ...], ValidationError] = {}
    for error in errors:
        found.setdefault(tuple(str(part) for part in error.absolute_path), error)
    if found:
        messages = [_message(found[path], whole) for path in sorted(found)]
        more = len(messages) - _SHOWN_ERRORS
        raise bad_request("; ".join(messages[:_SHOWN_ERRORS]) + (f"; and {more} more" if more > 0 else ""))


def _message(error: ValidationError, whole: str) -> str:
    """One breach of the description in words, with the field that it is about."""
    field = ""
    for part in error.absolute_path:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    rule, limit, value = str(error.validator), cast("Any", error.validator_value), cast("Any", error.instance)
    if rule == "required":
        missing = [name for name in limit if name not in value]
        return "; ".join(f"{field}.{name} is required" if field else f"{name} is required" for name in missing)
    return f"{field or whole} {_breach(rule, limit, value, error.schema)}"


def _breach(rule: str, limit: Any, value: Any, schema: Any) -> str:
    if rule == "type":
        wanted = " or ".join(_WORDS[name] for name in ([limit] if isinstance(limit, str) else limit))
        return f"has to be {wanted}, not {_kind(value)}"
    if rule == "minLength":
        return "must not be empty" if limit == 1 else f"needs {limit} characters or more, it has {len(value)}"
    if rule == "maxLength":
        return f"may have up to {limit} characters, it has {len(value)}"
    if rule == "enum":
        return f"has to be one of {', '.join(str(choice) for choice in limit)}, not {_short(value)}"
    if rule == "minimum":
        return f"has to be {limit} or more, not {_short(value)}"
    if rule == "maximum":
        return f"has to be {limit} or less, not {_short(value)}"
    if rule == "format":
        return f"has to be a {str(limit).upper()}, not {_short(value)}"
    if rule == "pattern":
        return f"has to be {schema.get('x-pattern-words', f'of the form {limit}')}, not {_short(value)}"
    return f"breaks the rule {rule} of the API's description"


def _kind(value: Any) -> str:
    """What a value is, without telling it: it may be a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = ((type(None), "null"), (str, "a string"), (int, "a number"), (float, "a decimal number"), (list, "a list"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "an object")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."

"""Validates requests against the API's description. Schemas are compiled once."""

from __future__ import annotations

import functools
import itertools
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ubiops.emulator.core.description import Selection, compile_selection, properties
from ubiops.emulator.core.errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError

# Limits of the emulator, not of the API, so that no request takes long.
MAXIMUM_DEPTH = 100
MAXIMUM_PARTS = 500_000
_COLLECTED_ERRORS = 100
_SHOWN_ERRORS = 5
_SHOWN_LENGTH = 100

JSON = "application/json"
TEXT = "text/plain"
FORM = "multipart/form-data"

_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


# The fields of a form are texts.
_BOOLEAN_TEXT = {"type": "string", "pattern": "^(?:[Tt]rue|[Ff]alse)$", "x-pattern-words": "true or false"}


class QueryParameter(NamedTuple):
    """A query parameter: its type, default and schema."""

    name: str
    kind: str
    # Whether there is a default; it may be None.
    has_default: bool
    default: Any
    validator: Any

    def read(self, text: str) -> Any:
        """Returns the value that a text stands for."""
        value: Any = text
        if self.kind == "integer":
            if not re.fullmatch(r"-?[0-9]{1,30}", text):
                raise bad_request(f"{self.name} must be an integer, not {_truncated(text)}")
            value = int(text)
        elif self.kind == "boolean" and text.lower() in ("true", "false"):
            # Official clients send True and False.
            value = text.lower() == "true"
        elif self.kind == "array":
            value = text.split(",") if text else []
        _raise_for(self.validator.iter_errors(value), self.name)
        return value


class RequestValidator(NamedTuple):
    """What an operation accepts."""

    # JSON, FORM, or None if there is no body.
    media_type: str | None
    body: Any
    select: Selection
    query: tuple[QueryParameter, ...]
    # Whether a JSON body may be left out, and whether a text is accepted in its place.
    optional: bool = False
    accepts_text: bool = False

    def read_body(self, body: Any) -> Any:
        """Validates a JSON body; returns it without unknown fields."""
        _raise_for(self.body.iter_errors(body))
        return self.select(body) if self.select else body

    def check_form(self, fields: Mapping[str, str]) -> None:
        """Validates the fields of a form.

        Which of them go together is checked by the handler.
        """
        _raise_for(self.body.iter_errors(fields))

    def read_query(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Returns the known query parameters as typed values, with defaults."""
        values: dict[str, Any] = {}
        for parameter in self.query:
            if parameter.name in given:
                values[parameter.name] = parameter.read(given[parameter.name])
            elif parameter.has_default:
                values[parameter.name] = parameter.default
        return values


def compile_validator(operation: dict[str, Any]) -> RequestValidator:
    """Compiles the validator of an operation without references."""
    query = []
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            schema = parameter["schema"]
            default = schema.get("default")
            query.append(
                QueryParameter(parameter["name"], str(schema.get("type")), "default" in schema, default, Schema(schema))
            )
    body = operation.get("requestBody", {})
    for media_type, value in body.get("content", {}).items():
        schema = value["schema"]
        select = compile_selection(schema)
        if media_type == FORM:
            fields = schema["properties"].items()
            texts = {name: _BOOLEAN_TEXT if one.get("type") == "boolean" else one for name, one in fields}
            schema = {"type": "object", "properties": texts}
        optional = not body.get("required", False)
        return RequestValidator(media_type, Schema(schema), select, tuple(query), optional, TEXT in body["content"])
    return RequestValidator(None, None, None, tuple(query))


class Schema:
    """A schema without references, compiled when it is first used.

    The emulator would start later if it compiled all schemas, or imported jsonschema.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    @functools.cached_property
    def _compiled(self) -> Any:
        from ubiops.emulator.core.schemas import compile_schema

        return compile_schema(self._schema)

    def iter_errors(self, value: Any) -> Iterator[ValidationError]:
        """Yields what is wrong with a value."""
        errors: Iterator[ValidationError] = self._compiled.iter_errors(value)
        return errors


@functools.cache
def _compile_texts(model: str) -> Any:
    schemas = properties(model).items()
    return Schema({"properties": {name: schema for name, schema in schemas if schema.get("type") == "string"}})


def check_texts(model: str, fields: Mapping[str, Any]) -> None:
    """Validates texts against the model's properties of the same names.

    The limits of texts are those that a response can be stricter about than a request.
    Other values pass.

    Raises:
        ApiError: A text is invalid.
    """
    _raise_for(_compile_texts(model).iter_errors(fields))


def read_json(content: bytes) -> Any:
    """Returns the value of a JSON text.

    Raises:
        ApiError: The text is not valid JSON, or contains what JSON has no place for:
            NaN, infinite numbers, unpaired surrogates.
    """
    if not content.strip():
        raise bad_request("the request needs a body: a JSON object")
    try:
        text = content.decode("utf-8-sig")
        parts = text.count("[") + text.count("{")
        if parts > MAXIMUM_PARTS:
            raise bad_request(f"the body has more than {MAXIMUM_PARTS:,} lists and objects")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise _nested() from error
    except ValueError as error:
        raise bad_request(f"the body is not valid JSON: {error}") from error
    if parts > MAXIMUM_DEPTH and _is_deeper(value, MAXIMUM_DEPTH):
        raise _nested()
    return value


def _nested() -> ApiError:
    return bad_request(f"the body is nested too deeply: at most {MAXIMUM_DEPTH} levels are allowed")


def _is_deeper(value: Any, depth: int) -> bool:
    """Returns whether a value has more levels of lists and objects than these."""
    level = [value]
    while level and depth > 0:
        depth -= 1
        inner = (part.values() if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list)))
        level = [one for part in inner for one in part if isinstance(one, (dict, list))]
    return bool(level)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _read_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:_SHOWN_LENGTH]} is too large")
    return value


def _raise_for(errors: Iterable[ValidationError], parameter: str = "") -> None:
    """Raises a 400 with the first violation of each field, if any.

    Args:
        errors: The violations.
        parameter: The query parameter that they concern; by default, the body.
    """
    found: dict[tuple[str, ...], ValidationError] = {}
    # Validators find errors one by one, and there may be a million of them.
    for error in itertools.islice(itertools.chain.from_iterable(map(_causes, errors)), _COLLECTED_ERRORS):
        found.setdefault(tuple(str(part) for part in error.absolute_path), error)
    if found:
        messages = [_describe(found[path], parameter) for path in sorted(found)]
        more = len(messages) - _SHOWN_ERRORS
        several = f"more than {more}" if len(messages) == _COLLECTED_ERRORS else str(more)
        raise bad_request("; ".join(messages[:_SHOWN_ERRORS]) + (f"; and {several} more" if more > 0 else ""))


def _causes(error: ValidationError) -> list[ValidationError]:
    """Returns what is wrong with a value that may have several forms.

    These are the violations of the form that has the type of the value. If there is no
    such form, the value must be of another type.
    """
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return [error]
    forms: dict[Any, list[ValidationError]] = {}
    for one in error.context:
        forms.setdefault(one.schema_path[0], []).append(one)
    from jsonschema.exceptions import ValidationError

    of_other_types = [one for found in forms.values() for one in found if _has_other_type(one, error)]
    for found in forms.values():
        if not any(one in of_other_types for one in found):
            return found
    kinds = [str(one.validator_value) for one in of_other_types]
    return [
        ValidationError("", "type", error.path, instance=error.instance, validator_value=kinds, parent=error.parent)
    ]


def _has_other_type(one: ValidationError, whole: ValidationError) -> bool:
    return one.validator == "type" and one.absolute_path == whole.absolute_path


def _describe(error: ValidationError, parameter: str) -> str:
    """Describes a violation together with the field that it concerns."""
    field = parameter
    for part in error.absolute_path:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    rule, limit, value = str(error.validator), cast("Any", error.validator_value), cast("Any", error.instance)
    if rule == "required":
        missing = [name for name in limit if name not in value]
        return "; ".join(f"{field}.{name} is required" if field else f"{name} is required" for name in missing)
    return f"{field or 'the body'} {_violation(rule, limit, value, error.schema)}"


def _violation(rule: str, limit: Any, value: Any, schema: Any) -> str:
    if rule == "type":
        wanted = " or ".join(_KINDS[name] for name in ([limit] if isinstance(limit, str) else limit))
        return f"must be {wanted}, not {_kind(value)}"
    if rule == "minLength":
        return "must not be empty" if limit == 1 else f"must have at least {limit} characters, it has {len(value)}"
    if rule == "maxLength":
        return f"must have at most {limit} characters, it has {len(value)}"
    if rule == "enum":
        choices = ", ".join(str(choice) for choice in limit if choice is not None)
        return f"must be one of {choices}, not {_truncated(value)}"
    if rule == "additionalProperties":
        unknown = ", ".join(repr(name) for name in value if name not in schema["properties"])
        return f"has unknown fields: {unknown[:_SHOWN_LENGTH]}"
    if rule == "maxItems":
        return f"must have at most {limit} entries, it has {len(value)}"
    if rule == "minimum":
        return f"must be {limit} or more, not {_truncated(value)}"
    if rule == "maximum":
        return f"must be {limit} or less, not {_truncated(value)}"
    if rule == "format":
        return f"must be a {str(limit).upper()}, not {_truncated(value)}"
    if rule == "pattern":
        return f"must be {schema.get('x-pattern-words', f'of the form {limit}')}, not {_truncated(value)}"
    return f"violates the rule {rule} of the API's description"


def _kind(value: Any) -> str:
    """Returns what kind of value it is. The value itself may be a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = ((type(None), "null"), (str, "a string"), (int, "a number"), (float, "a decimal number"), (list, "a list"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "an object")


def _truncated(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."

"""The operations of the description as one generation of the API has them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from described import FORM, JSON, description, resolve

GENERATIONS = ("v2.1", "v2")
TEXT = "text/plain"
EVENTS = "text/event-stream"
MODEL = "x-model"
"""The keyword of an expanded schema that holds the name of its model."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the path, the query or the headers.

    Attributes:
        name: Its name in the request.
        place: ``path``, ``query`` or ``header``.
        schema: Its schema, without references.
        required: Whether it must be given.
        positional: Whether an optional one may be given by position.
        example: Its example.
    """

    name: str
    place: str
    schema: dict[str, Any]
    required: bool
    positional: bool
    example: Any


@dataclass(frozen=True)
class Media:
    """A body in one media type: its schema without references, and its examples."""

    schema: dict[str, Any]
    examples: dict[str, Any]


@dataclass(frozen=True)
class Contract:
    """What one generation of the API accepts and returns for an operation.

    Attributes:
        operation_id: The id, which is the method's name.
        method: The HTTP method.
        path: The path template.
        generation: The generation of the API.
        authorized: Whether a token must be sent.
        parameters: All parameters, in the order of the description.
        body: The accepted bodies by media type; empty if there is none.
        body_required: Whether a body must be sent.
        status: The status of a response.
        response: The media type of a response, and the response; None if it is empty.
        headers: Example values of the headers of a response.
        elsewhere: Whether only the other generation has the operation.
    """

    operation_id: str
    method: str
    path: str
    generation: str
    authorized: bool
    parameters: tuple[Parameter, ...]
    body: dict[str, Media]
    body_required: bool
    status: int
    response: tuple[str, Media] | None
    headers: dict[str, str]
    elsewhere: bool

    def __str__(self) -> str:
        return self.operation_id

    def placed(self, place: str) -> list[Parameter]:
        """Returns the parameters in one place."""
        return [parameter for parameter in self.parameters if parameter.place == place]

    @property
    def form(self) -> Media | None:
        """The form, if the body is one."""
        return self.body.get(FORM)

    @functools.cached_property
    def segments(self) -> tuple[str, ...]:
        """The segments of the path."""
        return tuple(self.path.strip("/").split("/"))

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Returns the values of the path's parameters; None for another path."""
        if len(segments) != len(self.segments):
            return None
        found = {}
        for mine, given in zip(self.segments, segments):
            if mine.startswith("{") and given:
                found[mine[1:-1]] = unquote(given, errors="strict")
            elif mine != given:
                return None
        return found


@functools.cache
def contracts(generation: str) -> tuple[Contract, ...]:
    """Returns the operations by id, as a generation of the API has them."""
    found = [
        _contract(generation, method.upper(), path, operation)
        for path, item in description()["paths"].items()
        for method, operation in item.items()
    ]
    return tuple(sorted(found, key=lambda one: one.operation_id))


def expand(node: dict[str, Any], generation: str) -> dict[str, Any]:
    """Returns a schema without references and without what only the other generation
    has. Objects accept no further properties unless the description says so.
    """
    expanded: dict[str, Any] = {}
    if "$ref" in node:
        expanded[MODEL] = node["$ref"].rpartition("/")[2]
        node = resolve(node)
    for key, value in node.items():
        if key == "properties":
            expanded[key] = {name: expand(one, generation) for name, one in value.items() if _exists(one, generation)}
            expanded.setdefault("additionalProperties", False)
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            expanded[key] = expand(value, generation)
        elif key in ("anyOf", "oneOf"):
            expanded[key] = [expand(one, generation) for one in value]
        else:
            expanded[key] = value
    if "properties" in expanded and "required" in expanded:
        expanded["required"] = [name for name in expanded["required"] if name in expanded["properties"]]
    return expanded


def without_other_generation(value: Any, schema: dict[str, Any]) -> Any:
    """Returns an example without the properties that an expanded schema lacks."""
    for choice in schema.get("anyOf", ()):
        if "properties" in choice and isinstance(value, dict):
            return without_other_generation(value, choice)
    if isinstance(value, list):
        return [without_other_generation(one, schema.get("items", {})) for one in value]
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        return {
            name: without_other_generation(one, properties[name]) for name, one in value.items() if name in properties
        }
    return value


def _exists(node: dict[str, Any], generation: str) -> bool:
    return generation in node.get("x-generations", GENERATIONS)


def _contract(generation: str, method: str, path: str, operation: dict[str, Any]) -> Contract:
    parameters = [resolve(one) for one in operation.get("parameters", ())]
    body = resolve(operation.get("requestBody", {}))
    status, response = next(one for one in operation["responses"].items() if str(one[0]).startswith("2"))
    response = resolve(response)
    returned = next(iter(response.get("content", {}).items()), None)
    return Contract(
        operation_id=operation["operationId"],
        method=method,
        path=path,
        generation=generation,
        authorized=operation.get("security") != [],
        parameters=tuple(
            Parameter(
                name=one["name"],
                place=one["in"],
                schema=expand(one["schema"], generation),
                required=one.get("required", False),
                positional=one.get("x-positional", False),
                example=one["example"],
            )
            for one in parameters
            if _exists(one, generation)
        ),
        body={name: _media(media, generation) for name, media in body.get("content", {}).items()},
        body_required=body.get("required", False),
        status=int(status),
        response=None if returned is None else (returned[0], _media(returned[1], generation)),
        headers={name: header["example"] for name, header in response.get("headers", {}).items()},
        elsewhere=not _exists(operation, generation),
    )


def _media(media: dict[str, Any], generation: str) -> Media:
    schema = expand(media["schema"], generation)
    examples = {name: one["value"] for name, one in media.get("examples", {}).items()}
    return Media(schema, {name: without_other_generation(value, schema) for name, value in examples.items()})


def find(generation: str, method: str, path: str) -> tuple[Contract, dict[str, str]] | str:
    """Returns the operation of a request and the values of its path's parameters.

    Args:
        generation: The generation of the API.
        method: The HTTP method.
        path: The path after the generation, as it was sent.

    Returns:
        The operation and the values, or why there is none.
    """
    segments = path.split("/")
    if not re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2}|/)*", path):
        return f"the path {path} is not encoded"
    matches = [(one, values) for one in contracts(generation) if (values := one.match(segments)) is not None]
    fitting = [match for match in matches if match[0].method == method and not match[0].elsewhere]
    if not fitting:
        return f"{generation} has no operation {method} {path}"
    # A literal segment takes precedence over a parameter.
    return min(fitting, key=lambda match: [segment.startswith("{") for segment in match[0].segments])


__all__ = ["EVENTS", "FORM", "GENERATIONS", "JSON", "MODEL", "TEXT", "Contract", "Media", "Parameter"]
__all__ += ["contracts", "expand", "find", "without_other_generation"]

"""The operations of the description, for tests that cover all of them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

from generator.load import load

ROOT = Path(__file__).resolve().parent.parent.parent
JSON = "application/json"
FORM = "multipart/form-data"


class Described(NamedTuple):
    """An operation, as far as its tests can be derived from the description.

    Attributes:
        operation_id: The id, which is the method's name.
        method: The HTTP method.
        authorized: Whether a call needs a token.
        path: The path template.
        parameters: The path parameters in the method's order.
        query: Example values of the required query parameters.
        positional_query: Optional query parameters that may be given by position.
        media_type: The media type of the body; None without a body.
        body: The first example of the body.
        body_required: Whether the body may be left out.
        model: The model of the body; None if it has none.
        files: The fields of the form that are files.
        required_files: Those of them that the method takes by position.
        status: The status of a successful response.
        returns: The method's return type: a model, "list[MODEL]", "dict", "list",
            "Response" for a file, "EventStream" for events, "None" for an empty
            response.
    """

    operation_id: str
    method: str
    authorized: bool
    path: str
    parameters: tuple[str, ...]
    query: dict[str, Any]
    positional_query: tuple[str, ...]
    media_type: str | None
    body: Any
    body_required: bool
    model: str | None
    files: tuple[str, ...]
    required_files: tuple[str, ...]
    status: int
    returns: str

    @property
    def reads_only(self) -> bool:
        """Whether the operation changes nothing."""
        return self.method == "GET"

    @property
    def kind(self) -> tuple[Any, ...]:
        """What operations of one kind have in common."""
        body = self.media_type and (self.media_type, type(self.body), self.model is None, self.body_required)
        returns = self.returns.partition("[")[0]
        return self.method, body, returns if returns in _KINDS else "model"


_KINDS = ("dict", "list", "Response", "EventStream", "None")


@functools.cache
def description() -> dict[str, Any]:
    """Returns the whole description as one document, with its examples."""
    return load(ROOT / "openapi" / "openapi.yaml").content


@functools.cache
def described_operations() -> tuple[Described, ...]:
    """Returns all operations, sorted by id."""
    found = [
        _operation(method.upper(), path, operation)
        for path, item in description()["paths"].items()
        for method, operation in item.items()
    ]
    return tuple(sorted(found))


def representatives(operations: list[Described]) -> list[Described]:
    """Returns one operation of each kind."""
    kinds: dict[Any, Described] = {}
    for operation in operations:
        kinds.setdefault(operation.kind, operation)
    return list(kinds.values())


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Returns a part of the description, or what it refers to."""
    while "$ref" in node:
        target: Any = description()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _operation(method: str, path: str, operation: dict[str, Any]) -> Described:
    parameters = [resolve(parameter) for parameter in operation.get("parameters", ())]
    body = resolve(operation.get("requestBody", {}))
    media_type, media = next(iter(body.get("content", {}).items()), (None, {}))
    examples = [example["value"] for example in media.get("examples", {}).values()] or [media.get("example")]
    form = resolve(media.get("schema", {})) if media_type == FORM else {}
    files = tuple(name for name, schema in form.get("properties", {}).items() if schema.get("format") == "binary")
    status = next(status for status in operation["responses"] if str(status).startswith("2"))
    return Described(
        operation_id=operation["operationId"],
        method=method,
        authorized=operation.get("security") != [],
        path=path,
        parameters=tuple(one["name"] for one in parameters if one["in"] == "path"),
        query={one["name"]: one.get("example") for one in parameters if one["in"] == "query" and one.get("required")},
        positional_query=tuple(one["name"] for one in parameters if one.get("x-positional")),
        media_type=media_type,
        body=json.loads(json.dumps(examples[0])),
        body_required=bool(body.get("required")),
        model=media.get("schema", {}).get("$ref", "").rpartition("/")[2] or None,
        files=files,
        required_files=tuple(name for name in files if name in form.get("required", ())),
        status=int(status),
        returns=_returns(resolve(operation["responses"][status]).get("content", {})),
    )


def _returns(content: dict[str, Any]) -> str:
    if not content:
        return "None"
    if "text/event-stream" in content:
        return "EventStream"
    if JSON not in content:
        return "Response"
    schema = content[JSON]["schema"]
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return f"list[{schema['items']['$ref'].rpartition('/')[2]}]" if "$ref" in schema["items"] else "list"
    return "dict"

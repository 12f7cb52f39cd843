"""Reads the API's description: operations, models, defaults, order of fields."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any, Callable, Optional

_FILE = Path(__file__).resolve().parent.parent / "openapi.json"

Selection = Optional[Callable[[Any], Any]]


@functools.cache
def load_description() -> dict[str, Any]:
    """Returns the whole description."""
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def expand(node: Any, document: dict[str, Any]) -> Any:
    """Returns a part of the description with every reference replaced by its target."""
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


@functools.cache
def _given_operations() -> dict[str, dict[str, Any]]:
    """Returns all operations by their ids, as they are given."""
    paths = load_description()["paths"].values()
    return {operation["operationId"]: operation for path in paths for operation in path.values()}


@functools.cache
def get_operation(operation_id: str) -> dict[str, Any]:
    """Returns an operation without references."""
    operation: dict[str, Any] = expand(_given_operations()[operation_id], load_description())
    return operation


def operations() -> dict[str, dict[str, Any]]:
    """Returns all operations by their ids, without references."""
    return {operation_id: get_operation(operation_id) for operation_id in _given_operations()}


def is_operation(operation_id: str) -> bool:
    """Returns whether there is an operation with this id."""
    return operation_id in _given_operations()


@functools.cache
def properties(model: str) -> dict[str, dict[str, Any]]:
    """Returns the schemas of a model's properties, without references.

    Don't change them.
    """
    document = load_description()
    schemas: dict[str, dict[str, Any]] = expand(document["components"]["schemas"][model]["properties"], document)
    return schemas


def defaults(model: str) -> dict[str, Any]:
    """Returns a model's default values, in the order of its properties."""
    schemas = properties(model).items()
    return {name: copy.deepcopy(schema["default"]) for name, schema in schemas if "default" in schema}


def response_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the schema of an operation's JSON response, or None."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            content: dict[str, Any] = response.get("content", {}).get("application/json", {})
            return content.get("schema")
    return None


def compile_selection(schema: dict[str, Any] | None) -> Selection:
    """Makes a function that reduces a value to what its schema names.

    Objects keep the properties of the schema, in its order. Objects without properties
    in the schema are kept as they are, and so is everything else.

    Args:
        schema: A schema without references; None for a value of any kind.

    Returns:
        The function, or None if it would change nothing.
    """
    if not schema:
        return None
    if "properties" in schema:
        return _select_properties(schema)
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict) and (select_value := compile_selection(additional)):
        return _if(dict, lambda value: {name: select_value(item) for name, item in value.items()})
    if items and (select_item := compile_selection(items)):
        return _if(list, lambda value: [select_item(item) for item in value])
    for alternatives in (schema.get("anyOf", ()), schema.get("oneOf", ())):
        # A model or null, or one model or a list of them: the functions pass over
        # values of other types.
        selections = [found for found in map(compile_selection, alternatives) if found]
        if selections:
            return lambda value: functools.reduce(lambda result, select: select(result), selections, value)
    return None


def _select_properties(schema: dict[str, Any]) -> Selection:
    selections = {name: compile_selection(part) for name, part in schema["properties"].items()}

    def select(value: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value[name] if selection is None else selection(value[name])
            for name, selection in selections.items()
            if name in value
        }

    return _if(dict, select)


def _if(kind: type, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: function(value) if isinstance(value, kind) else value

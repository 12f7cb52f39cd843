"""Operations of the description -> operations of the intermediate form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from generator.bodies import JSON, argument_name, one_media_type, read_body, read_examples
from generator.ir import Limits, Type
from generator.ir_api import Failure, Operation, Parameter, Success
from generator.load import COMMON_RESPONSES
from generator.names import RESERVED_METHODS, is_lower_name
from generator.schemas import (
    check_example,
    is_reference,
    read_default,
    read_generations,
    read_schema,
    sentence,
    sentences,
    summary,
)

if TYPE_CHECKING:
    from generator.ir_api import Body
    from generator.node import Node

_FILES = ("application/zip", "application/octet-stream")
_EVENTS = "text/event-stream"
_PLACES = ("path", "query", "header")
_PLAIN = ("string", "integer", "number", "boolean", "datetime", "date")
# Headers that every request sets for itself.
_OWN_HEADERS = frozenset(("accept", "authorization", "content-length", "content-type", "cookie", "host", "user-agent"))


def read_operation(path: str, method: str, node: Node) -> Operation:
    """Reads an operation.

    Args:
        path: Its path template.
        method: The HTTP method, as the description writes it.
        node: Its place in the description.
    """
    node.allow(
        "operationId",
        "summary",
        "description",
        "tags",
        "parameters",
        "requestBody",
        "responses",
        "deprecated",
        "security",
        "x-extra",
        "x-generations",
    )
    name = node["operationId"].text()
    if not is_lower_name(name):
        raise node["operationId"].error(f"no method can be named {name}", "choose a name in small_letters")
    if name in RESERVED_METHODS or name.endswith("_with_http_info"):
        raise node["operationId"].error(f"{name} is the name of an existing method", "choose another name")
    if "security" in node and node["security"].value != []:
        raise node["security"].error(
            "a security scheme of its own", "leave it out, or write `security: []` for an operation without a token"
        )
    body = read_body(node["requestBody"].follow()) if "requestBody" in node else None
    found = _parameters(path, node)
    success, failures = _responses(node["responses"])
    operation = Operation(
        id=name,
        method=method.upper(),
        path=path,
        summary=summary(node["summary"]),
        description=sentences(node),
        deprecated=node.flag("deprecated"),
        authorized="security" not in node,
        parameters=found["path"],
        query=found["query"],
        headers=found["header"],
        body=body,
        success=success,
        failures=failures,
        generations=read_generations(node),
    )
    _check_arguments(operation, body, node)
    return operation


def _check_arguments(operation: Operation, body: Body | None, node: Node) -> None:
    """Rejects equal names, and an optional argument before a required one."""
    names = [one.python for one in (*operation.positional, *operation.keywords, *operation.parts)]
    for name in names:
        if names.count(name) > 1:
            raise node.error(f"two parameters would be named {name} in Python", "rename one of them")
    optional = [one.python for one in operation.query if one.positional and not one.required]
    required = [one.python for one in operation.required_files] + (["data"] if operation.required_data else [])
    if optional and required:
        raise node["parameters"].error(
            f"{optional[0]} is optional and positional, but {required[0]} comes after it and is required",
            "leave out x-positional",
        )


# --- parameters -----------------------------------------------------------------------


def _parameters(path: str, node: Node) -> dict[str, list[Parameter]]:
    """The parameters by their place: path, query or header."""
    found: dict[str, list[Parameter]] = {place: [] for place in _PLACES}
    in_path = re.findall(r"\{([^{}]*)\}", path)
    for given in node["parameters"].elements() if "parameters" in node else ():
        parameter = given.follow()
        place = parameter["in"].text()
        if place not in found:
            raise parameter["in"].error(
                f"a parameter in the {place} is not supported", f"use one of {', '.join(_PLACES)}"
            )
        if place == "path" and (found["query"] or found["header"]):
            raise given.error("a path parameter after another parameter", "put the path parameters first")
        value = _parameter(parameter, place)
        if place == "path" and value.name not in in_path:
            raise given.error(f"the path {path} has no {{{value.name}}}", "add it to the path, or leave it out")
        found[place].append(value)
    named = [one.name for one in found["path"]]
    for name in in_path:
        if named.count(name) != 1:
            raise node.error(
                f"the path parameter {{{name}}} is described {named.count(name)} times", "describe it once"
            )
        if in_path.count(name) != 1:
            raise node.error(f"{{{name}}} occurs {in_path.count(name)} times in the path", "rename one of them")
    return found


def _parameter(node: Node, place: str) -> Parameter:
    node.allow(
        "name",
        "in",
        "required",
        "description",
        "schema",
        "example",
        "deprecated",
        "x-generations",
        *(("style", "explode", "x-positional") if place == "query" else ()),
    )
    name, schema = node["name"], node["schema"]
    _check_name(name, place)
    kind, limits = _parameter_type(node, place)
    required = node.flag("required")
    if place == "path" and (not required or kind.kind not in ("string", "integer")):
        raise node.error(
            "a path parameter that is optional, or neither a string nor an integer",
            "write `required: true` and a schema of type string or integer",
        )
    if place == "header" and required:
        raise node["required"].error("a required header parameter is not supported", "make it optional")
    if "example" not in node:
        raise node.error("no example", "add `example`, a value for the code in the docs")
    check_example(node["example"], schema)
    return Parameter(
        name=name.text(),
        python=argument_name(name, name.text()),
        description=sentence(node),
        type=kind,
        limits=limits,
        required=required,
        deprecated=node.flag("deprecated"),
        default=read_default(schema),
        example=node["example"].value,
        generations=read_generations(node),
        positional=place == "query" and (required or node.flag("x-positional")),
    )


def _check_name(name: Node, place: str) -> None:
    text = name.text()
    if place == "path" and not re.fullmatch(r"\w+", text):
        raise name.error(
            f"a path parameter can't be named {text!r}", "choose a name of letters, digits and underscores"
        )
    if place == "header" and (not re.fullmatch(r"[A-Za-z0-9-]+", text) or text.lower() in _OWN_HEADERS):
        raise name.error(
            f"{text!r} can't be the name of a header parameter",
            "choose a name of letters, digits and hyphens that is not a header of every request",
        )


def _parameter_type(node: Node, place: str) -> tuple[Type, Limits]:
    schema = node["schema"]
    if is_reference(schema):
        raise schema.error("a parameter that is a model", "use a plain type")
    if place == "query" and schema.value.get("type") == "array":
        return _list_in_query(node)
    for key in ("style", "explode"):
        if key in node:
            raise node[key].error(f"`{key}` of a parameter that is not a list", "leave it out")
    kind, limits, nullable = read_schema(schema)
    if place != "path" and kind.kind not in _PLAIN:
        raise schema.error(
            f"{kind.declared} in a {place} is not supported",
            "use a string, a number, a boolean, a date or, in a query, a list of strings or integers",
        )
    if place != "path" and replace(limits, enum=None, minimum=None, maximum=None) != Limits():
        raise schema.error(f"the client can't check lengths and patterns in a {place}", "leave them out")
    if nullable:
        raise schema["type"].error("null can't be sent outside of a body", "leave null out")
    return kind, limits


def _list_in_query(node: Node) -> tuple[Type, Limits]:
    """The type of a list that is sent separated by commas, and its elements' limits."""
    schema = node["schema"]
    schema.allow("type", "items", "description", "default")
    style = [node[key].value if key in node else None for key in ("style", "explode")]
    if style != ["form", False]:
        raise node.error(
            "a list in a query that is not separated by commas", "write `style: form` and `explode: false`"
        )
    kind, limits, nullable = read_schema(schema["items"])
    if kind.kind not in ("string", "integer") or nullable or replace(limits, enum=None) != Limits():
        raise schema["items"].error(
            f"elements of kind {kind.kind} with these limits are not supported in a query",
            "use strings or integers, with nothing but an enum",
        )
    return Type("list", item=kind), limits


# --- responses ------------------------------------------------------------------------


def _responses(node: Node) -> tuple[Success, list[Failure]]:
    """The response to a call that succeeds, and those that report an error."""
    successes: list[Success] = []
    failures = []
    for status, given in node.items():
        if not re.fullmatch(r"[245][0-9][0-9]", status):
            raise given.error(
                f"the status {status} is not supported", "write one status from 200 to 299 or from 400 to 599"
            )
        if status >= "400":
            failures.append(_failure(int(status), given))
            continue
        successes.append(_success(int(status), given.follow()))
        if successes[-1].type != successes[0].type:
            raise given.error("two successful responses with different data", "return the same data in all of them")
    if not successes:
        raise node.error("no successful response", "add one with a status from 200 to 299")
    return successes[0], failures


def _success(status: int, node: Node) -> Success:
    node.allow("description", "headers", "content")
    if (status == 204) != ("content" not in node):
        raise node.error(
            f"status {status} {'with' if 'content' in node else 'without'} content",
            "use status 204 for a response without content, and only there",
        )
    headers = {name: _header(header) for name, header in node.entries("headers")}
    if "content" not in node:
        return Success(status, sentence(node), None, [], headers)
    media_type, media = one_media_type(node, (JSON, *_FILES, _EVENTS))
    media.allow("schema", "examples")
    kind, limits, nullable = read_schema(media["schema"])
    if media_type == _EVENTS:
        if kind != Type("string") or nullable or limits != Limits():
            raise media["schema"].error("events that are not plain text", "write `type: string`")
        return Success(status, sentence(node), Type("events"), read_examples(media), headers)
    if (kind.kind == "file") != (media_type in _FILES):
        raise media.error(
            f"the media type {media_type} with {kind.declared} is not supported",
            f"use {JSON} with a model or a list, or {' or '.join(_FILES)} with a binary string",
        )
    if nullable or limits != Limits() or kind.kind in ("datetime", "date"):
        raise media["schema"].error(
            "a response that has limits, may be null, or is a date is not supported",
            "return a model or a list, or any JSON (`x-any: true`)",
        )
    return Success(status, sentence(node), kind, read_examples(media), headers)


def _failure(status: int, given: Node) -> Failure:
    node = given.follow()
    node.allow("description", "headers", "content")
    for _, header in node.entries("headers"):
        _header(header)
    _, media = one_media_type(node, (JSON,))
    media.allow("schema", "examples")
    schema = media["schema"]
    if not is_reference(schema) or not schema.target().flag("x-internal"):
        raise schema.error("an error of its own form", "refer to the schema of all errors, which is x-internal")
    for _, example in media.entries("examples"):
        example.allow("summary", "value")
        check_example(example["value"], schema)
    _, pointer = given.document.sources.get(given.pointer, ("", ()))
    return Failure(status, sentence(node), pointer[:1] == (COMMON_RESPONSES,))


def _header(node: Node) -> str:
    """The description of a header; its type is checked, but not used."""
    node.allow("description", "schema", "example")
    kind, _, _ = read_schema(node["schema"])
    if kind.kind not in ("string", "integer"):
        raise node["schema"].error(f"a header that is {kind.declared} is not supported", "use a string or an integer")
    return sentence(node)

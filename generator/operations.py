"""Operations of the description -> operations of the intermediate form: parameters, bodies and answers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from generator.ir import Answer, Body, Example, Failure, Limits, Operation, Value
from generator.names import RESERVED_ARGUMENTS, RESERVED_METHODS, is_method_name, python_name
from generator.schemas import (
    check_example,
    is_reference,
    read_default,
    read_schema,
    read_value,
    sentence,
    sentences,
    summary,
)

if TYPE_CHECKING:
    from generator.node import Node

_FILES = ("application/zip", "application/octet-stream")
_JSON = "application/json"
_FORM = "multipart/form-data"


def read_operation(path: str, method: str, node: Node) -> Operation:
    """An operation.

    Args:
        path: The template of its path.
        method: The HTTP method, as it is written in the description.
        node: All that is said of it there.
    """
    node.allow("operationId", "summary", "description", "tags", "parameters", "requestBody", "responses", "deprecated")
    name = node["operationId"].text()
    if not is_method_name(name):
        raise node["operationId"].error(f"no method can be named {name}", "choose a name in small_letters")
    if name in RESERVED_METHODS or name.endswith("_with_http_info"):
        raise node["operationId"].error(f"{name} is the name of a method that there is already", "choose another name")
    body = _body(node["requestBody"].follow()) if "requestBody" in node else None
    parameters, query = _parameters(path, node)
    arguments = [one.python for one in (*parameters, *query, *(body.form if body else ()))]
    for argument in arguments:
        if arguments.count(argument) > 1:
            raise node.error(f"two parameters would be named {argument} in Python", "rename one of them")
    answer, failures = _answers(node["responses"])
    return Operation(
        id=name,
        method=method.upper(),
        path=path,
        summary=summary(node["summary"]),
        description=sentences(node),
        deprecated=node.flag("deprecated"),
        parameters=parameters,
        query=query,
        body=body,
        answer=answer,
        failures=failures,
    )


# --- parameters ---------------------------------------------------------------------------------------------------


def _parameters(path: str, node: Node) -> tuple[list[Value], list[Value]]:
    """The parameters of the path and those of the query."""
    found: dict[str, list[Value]] = {"path": [], "query": []}
    in_path = re.findall(r"\{([^{}]*)\}", path)
    for given in node["parameters"].elements() if "parameters" in node else ():
        parameter = given.follow()
        place = parameter["in"].text()
        if place not in found:
            raise parameter["in"].error(f"a parameter in the {place} is not supported", "use path or query")
        if place == "path" and found["query"]:
            raise given.error("a parameter of the path after one of the query", "put those of the path first")
        value = _parameter(parameter, place)
        if place == "path" and value.name not in in_path:
            raise given.error(f"no {{{value.name}}} stands in the path {path}", "add it there, or leave it out")
        found[place].append(value)
    named = [one.name for one in found["path"]]
    for name in in_path:
        if named.count(name) != 1:
            raise node.error(f"{{{name}}} of the path is described {named.count(name)} times", "describe it once")
        if in_path.count(name) != 1:
            raise node.error(f"{{{name}}} stands {in_path.count(name)} times in the path", "rename one of them")
    return found["path"], found["query"]


def _parameter(node: Node, place: str) -> Value:
    node.allow("name", "in", "required", "description", "schema", "example", "deprecated")
    name, schema = node["name"], node["schema"]
    if place == "path" and not re.fullmatch(r"\w+", name.text()):
        raise name.error(
            f"{name.text()!r} can't be the name of a parameter of a path",
            "choose a name of letters, digits and underscores",
        )
    if is_reference(schema):
        raise schema.error("a parameter that is a model", "use a plain type")
    kind, limits, nullable = read_schema(schema)
    required = node.flag("required")
    if place == "path" and (not required or kind.kind not in ("string", "integer")):
        raise node.error(
            "a parameter of the path that is optional, or neither a string nor an integer",
            "write `required: true` and a schema of type string or integer",
        )
    if place == "query" and required:
        raise node["required"].error("a parameter of the query that is required is not supported", "make it optional")
    if place == "query" and kind.kind not in ("string", "integer", "boolean"):
        raise schema.error(f"{kind.declared} in a query is not supported", "use a string, an integer or a boolean")
    if place == "query" and replace(limits, enum=None, minimum=None, maximum=None) != Limits():
        raise schema.error("the client can't check lengths and patterns of a query", "leave them out")
    if nullable:
        raise schema["type"].error("null can't be sent outside of a body", "leave null out")
    if "example" not in node:
        raise node.error("no example", "add `example`, a value that the code in the docs may use")
    check_example(node["example"], schema)
    return Value(
        name=name.text(),
        python=_python_name(name, name.text()),
        description=sentence(node),
        type=kind,
        limits=limits,
        required=required,
        deprecated=node.flag("deprecated"),
        default=read_default(schema),
        example=node["example"].value,
    )


def _python_name(node: Node, name: str) -> str:
    python = python_name(name, RESERVED_ARGUMENTS)
    if python is None:
        raise node.error(f"no Python name can be made of {name!r}", "choose one of letters and underscores")
    return python


# --- bodies -------------------------------------------------------------------------------------------------------


def _body(node: Node) -> Body:
    node.allow("required", "description", "content")
    if not node.flag("required"):
        raise node.error("a body that may be left out is not supported", "write `required: true`")
    media_type, media = _one_media_type(node, (_JSON, _FORM))
    description = sentence(node)
    if media_type == _FORM:
        values, note = _form(media)
        return Body(description, _examples(media), None, values, note)
    media.allow("schema", "examples")
    kind, _, nullable = read_schema(media["schema"])
    if kind.kind not in ("model", "object") or nullable:
        raise media["schema"].error(
            "a JSON body that is no object", "refer to a model, or allow any object (additionalProperties: true)"
        )
    return Body(description, _examples(media), kind)


def _form(media: Node) -> tuple[tuple[Value, ...], str]:
    """The fields and files of a form, and what is said of them all."""
    media.allow("schema", "examples", "encoding")
    for _, encoding in media.entries("encoding"):
        encoding.allow("contentType")
    schema = media["schema"]
    if is_reference(schema) or schema["type"].value != "object":
        raise schema.error("a form that is not an object written out", "write type object and properties")
    # Which fields go together: that is for the server to check, and for the description to say.
    schema.allow("type", "description", "properties", "anyOf", "dependentRequired")
    for choice in schema["anyOf"].elements() if "anyOf" in schema else ():
        choice.allow("required")
    if ("anyOf" in schema or "dependentRequired" in schema) and "description" not in schema:
        raise schema.error("it is not said in words which fields go together", "add a description")
    values = []
    for name, field in schema["properties"].items():
        value = read_value(field, name, _python_name(field, name))
        if value.type.kind not in ("string", "file") or value.nullable:
            raise field.error(f"{value.type.declared} in a form is not supported", "use a string, or a binary string")
        values.append(value)
    return tuple(values), sentence(schema) if "description" in schema else ""


def _one_media_type(node: Node, supported: tuple[str, ...]) -> tuple[str, Node]:
    media_types = dict(node["content"].items())
    if len(media_types) != 1:
        raise node["content"].error(
            f"{len(media_types)} media types where one is expected", f"offer one of {', '.join(supported)}"
        )
    [(media_type, media)] = media_types.items()
    if media_type not in supported:
        raise media.error(f"the media type {media_type} is not supported here", f"use one of {', '.join(supported)}")
    return media_type, media


def _examples(media: Node) -> list[Example]:
    found = []
    for name, node in media["examples"].items():
        node.allow("summary", "value")
        check_example(node["value"], media["schema"])
        found.append(Example(name, summary(node["summary"]), node["value"].value))
    if not found:
        raise media["examples"].error("no example", "add one")
    return found


# --- answers ------------------------------------------------------------------------------------------------------


def _answers(node: Node) -> tuple[Answer, list[Failure]]:
    """The answer of success, and those that report an error."""
    successes: list[Answer] = []
    failures = []
    for status, given in node.items():
        if not re.fullmatch(r"[245][0-9][0-9]", status):
            raise given.error(
                f"the status {status} is not supported", "write one status from 200 to 299 or from 400 to 599"
            )
        if status >= "400":
            failures.append(_failure(int(status), given.follow()))
            continue
        successes.append(_success(int(status), given.follow()))
        if successes[-1].type != successes[0].type:
            raise given.error("two answers of success with different data", "let all of them answer the same")
    if not successes:
        raise node.error("no answer of success", "add one with a status from 200 to 299")
    return successes[0], failures


def _success(status: int, node: Node) -> Answer:
    node.allow("description", "headers", "content")
    if (status == 204) != ("content" not in node):
        raise node.error(
            f"status {status} {'with' if 'content' in node else 'without'} content", "204 is empty, and no other is"
        )
    headers = {name: _header(header) for name, header in node.entries("headers")}
    if "content" not in node:
        return Answer(status, sentence(node), None, [], headers)
    media_type, media = _one_media_type(node, (_JSON, *_FILES))
    media.allow("schema", "examples")
    kind, limits, nullable = read_schema(media["schema"])
    if (kind.kind == "file") != (media_type in _FILES):
        raise media.error(
            f"the media type {media_type} with {kind.declared} is not supported",
            f"use {_JSON} with a model or a list, or {' or '.join(_FILES)} with a binary string",
        )
    if nullable or limits != Limits() or kind.kind == "datetime":
        raise media["schema"].error(
            "an answer that has limits, may be null, or is a date is not supported", "answer a model or a list"
        )
    return Answer(status, sentence(node), kind, _examples(media), headers)


def _failure(status: int, node: Node) -> Failure:
    node.allow("description", "headers", "content")
    for _, header in node.entries("headers"):
        _header(header)
    _, media = _one_media_type(node, (_JSON,))
    media.allow("schema", "examples")
    schema = media["schema"]
    if not is_reference(schema) or not schema.target().flag("x-internal"):
        raise schema.error("an error of its own form", "refer to the schema of all errors, which is x-internal")
    for _, example in media.entries("examples"):
        example.allow("summary", "value")
        check_example(example["value"], schema)
    return Failure(status, sentence(node))


def _header(node: Node) -> str:
    """The description of a header; its type is checked, but nothing is made of it."""
    node.allow("description", "schema", "example")
    kind, _, _ = read_schema(node["schema"])
    if kind.kind not in ("string", "integer"):
        raise node["schema"].error(f"a header that is {kind.declared} is not supported", "use a string or an integer")
    return sentence(node)

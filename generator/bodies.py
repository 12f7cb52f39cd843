"""Request bodies of the description -> bodies of the intermediate form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.ir import Limits, Type
from generator.ir_api import Body, Example
from generator.names import RESERVED_ARGUMENTS, python_name
from generator.schemas import check_example, is_reference, read_schema, read_value, sentence, summary

if TYPE_CHECKING:
    from generator.ir import Value
    from generator.node import Node

JSON = "application/json"
FORM = "multipart/form-data"
_TEXT = "text/plain"
_RAW = "application/octet-stream"
_ZIP = "application/zip"
_PARTS = ("string", "integer", "number", "boolean", "datetime", "date", "file")


def read_body(node: Node) -> Body:
    """Reads the body of a request."""
    node.allow("required", "description", "content")
    required, description = node.flag("required"), sentence(node)
    content = dict(node["content"].items())
    text = content.pop(_TEXT, None) if JSON in content else None
    examples: list[Example] = []
    if text is not None:
        media = content[JSON]
        text.allow("schema", "examples")
        if text["schema"].value != {"type": "string"}:
            raise text["schema"].error("plain text that is not a string", "write `type: string`")
        examples = [*read_examples(media), *read_examples(text)]
    media_type, media = one_media_type(node, (JSON, FORM, _RAW), content)
    if media_type == FORM:
        if not required:
            raise node.error("an optional form is not supported", "write `required: true`")
        values, note, archives = _form(media)
        return Body(description, read_examples(media), None, True, False, values, note, archives)
    media.allow("schema", "examples")
    if media_type == _RAW:
        kind, limits, nullable = read_schema(media["schema"])
        if kind.kind != "file" or nullable or limits != Limits():
            raise media["schema"].error("a raw body that is not a file", "write `type: string` and `format: binary`")
    else:
        kind = _json_type(media["schema"])
    if text is None:
        examples = read_examples(media)
    return Body(description, examples, kind, required, text is not None)


def _json_type(schema: Node) -> Type:
    """The type of a JSON body: a model, an object, a map, a list, any JSON, or one
    value or a list of it.
    """
    if "oneOf" in schema.mapping():
        return _union(schema)
    kind, _, nullable = read_schema(schema)
    if kind.kind not in ("model", "object", "map", "list", "any") or nullable:
        raise schema.error(
            "a JSON body that is neither an object nor a list",
            "refer to a model, write a list or a free object, or allow any JSON (`x-any: true`)",
        )
    return kind


def _union(schema: Node) -> Type:
    schema.allow("oneOf", "description")
    choices = list(schema["oneOf"].elements())
    kinds = [read_schema(choice)[0] for choice in choices]
    if len(kinds) != 2 or kinds[0].kind not in ("model", "object") or kinds[1] != Type("list", item=kinds[0]):
        raise schema["oneOf"].error(
            "alternatives other than one value and a list of it",
            "write a reference to a model, and an array whose items refer to it",
        )
    return Type("union", item=kinds[0])


def _form(media: Node) -> tuple[tuple[Value, ...], str, tuple[str, ...]]:
    """The fields and files of a form, the description of the form, and the names of the
    files that must be zip archives.
    """
    media.allow("schema", "examples", "encoding")
    archives = []
    for name, encoding in media.entries("encoding"):
        encoding.allow("contentType")
        if encoding["contentType"].value == _ZIP:
            archives.append(name)
    schema = media["schema"]
    if is_reference(schema) or schema["type"].value != "object":
        raise schema.error("a form that is not an object written out", "write type object and properties")
    # The server checks which fields go together; the description says so.
    schema.allow("type", "description", "properties", "required", "anyOf", "dependentRequired")
    for choice in schema["anyOf"].elements() if "anyOf" in schema else ():
        choice.allow("required")
    if ("anyOf" in schema or "dependentRequired" in schema) and "description" not in schema:
        raise schema.error("the text doesn't say which fields go together", "add a description")
    required = {one.value: one for one in schema["required"].elements()} if "required" in schema else {}
    values = []
    for name, field in schema["properties"].items():
        value = read_value(field, name, argument_name(field, name), name in required)
        if value.type.kind not in _PARTS or value.nullable:
            raise field.error(
                f"{value.type.declared} in a form is not supported",
                "use a string, a number, a boolean, a date or a binary string",
            )
        if name in required and value.type.kind != "file":
            raise required[name].error("a required field that is not a file is not supported", "make it optional")
        values.append(value)
    for name, one in required.items():
        if name not in schema["properties"]:
            raise one.error(f"{name!r} is required, but is not a property", "add it, or don't require it")
    return tuple(values), sentence(schema) if "description" in schema else "", tuple(archives)


def argument_name(node: Node, name: str) -> str:
    """The name of an argument in Python."""
    python = python_name(name, RESERVED_ARGUMENTS)
    if python is None:
        raise node.error(f"no Python name can be derived from {name!r}", "choose one of letters and underscores")
    return python


def one_media_type(node: Node, supported: tuple[str, ...], content: dict[str, Node] | None = None) -> tuple[str, Node]:
    """The only media type of a body or response.

    Args:
        node: The body or response.
        supported: The media types that are supported there.
        content: The media types to consider. Default: all.
    """
    media_types = dict(node["content"].items()) if content is None else content
    if len(media_types) != 1:
        raise node["content"].error(
            f"{len(media_types)} media types where one is expected", f"offer one of {', '.join(supported)}"
        )
    [(media_type, media)] = media_types.items()
    if media_type not in supported:
        raise media.error(f"the media type {media_type} is not supported here", f"use one of {', '.join(supported)}")
    return media_type, media


def read_examples(media: Node) -> list[Example]:
    """The examples of a media type, each of which must match the schema."""
    found = []
    for name, node in media["examples"].items():
        node.allow("summary", "value")
        check_example(node["value"], media["schema"])
        found.append(Example(name, summary(node["summary"]), node["value"].value))
    if not found:
        raise media["examples"].error("no example", "add one")
    return found

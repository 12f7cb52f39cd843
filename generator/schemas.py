"""Schemas of the description -> types, limits and models of the intermediate form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from generator.ir import ABSENT, Field, Limits, Model, Type, Value
from generator.names import RESERVED_FIELDS, RESERVED_MODELS, is_class_name, python_name
from generator.node import Node

GENERATIONS = ("v2.1", "v2")
_COMMON = ("type", "description", "default", "deprecated")
_KEYWORDS = {
    "string": ("format", "minLength", "maxLength", "pattern", "enum"),
    "integer": ("minimum", "maximum", "format", "enum"),
    "number": ("minimum", "maximum", "format"),
    "boolean": (),
    "array": ("items",),
    "object": ("additionalProperties",),
}
_FORMATS = {
    "string": ("uuid", "date-time", "date", "binary"),
    "integer": ("int32", "int64"),
    "number": ("float", "double"),
}


def sentences(node: Node, key: str = "description") -> str:
    """A description, which is required everywhere."""
    return node[key].text()


def sentence(node: Node) -> str:
    """A description that goes into a table or a list, and so is one paragraph."""
    text = sentences(node)
    if "\n\n" in text or re.search(r"\n\s*[-*] ", text):
        raise node["description"].error(
            "several paragraphs or a list, where one paragraph is expected",
            "write one paragraph (begin the YAML value with >-)",
        )
    return " ".join(text.split())


def summary(node: Node) -> str:
    """A summary: a few words in one line, without a full stop."""
    text = node.text()
    if "\n" in text or text.endswith("."):
        raise node.error("a summary of several lines, or with a full stop", "write a few words in one line")
    return text


def is_reference(node: Node) -> bool:
    """Whether it refers to a component."""
    return "$ref" in node


def read_kind(node: Node) -> tuple[str, bool]:
    """The one type that a schema names, and whether null is allowed beside it."""
    given = node["type"].value
    kinds = given if isinstance(given, list) else [given]
    nullable = isinstance(given, list) and "null" in kinds
    if nullable:
        kinds = [kind for kind in kinds if kind != "null"]
    if len(kinds) != 1 or kinds[0] not in _KEYWORDS:
        raise node["type"].error(
            f"the type {given!r} is not supported",
            f"write one of {', '.join(_KEYWORDS)}, or a list of one of them and null",
        )
    return kinds[0], nullable


def read_schema(node: Node, extensions: tuple[str, ...] = ()) -> tuple[Type, Limits, bool]:
    """The type of a schema, its limits, and whether null is allowed.

    Args:
        node: The schema.
        extensions: Keywords beginning with ``x-`` that may stand there.
    """
    if is_reference(node):
        node.allow("$ref", "description", "deprecated", *extensions)
        target = node.target()
        if target.flag("x-internal"):
            raise node["$ref"].error(
                f"{target.pointer[-1]} is internal, so there is no model of it",
                "refer to a model, or take x-internal away",
            )
        return Type("model", target.pointer[-1]), Limits(), False
    if "anyOf" in node:
        return _model_or_null(node, extensions)
    if "x-any" in node:
        node.allow("x-any", "description", "default", "deprecated", *extensions)
        if not node.flag("x-any"):
            raise node["x-any"].error("`x-any` that is not true", "leave it out, and write a type")
        return Type("any"), Limits(), False
    for key in ("oneOf", "allOf", "not"):
        if key in node:
            node.allow()  # Before the missing type is reported.
    kind, nullable = read_kind(node)
    node.allow(*_COMMON, *_KEYWORDS[kind], *extensions)
    form = node["format"].value if "format" in node else ""
    if form and form not in _FORMATS[kind]:
        raise node["format"].error(
            f"the format {form!r} is not supported for type {kind}",
            f"leave it out, or use one of {', '.join(_FORMATS[kind])}",
        )
    limits = Limits(
        min_length=_number(node, "minLength"),
        max_length=_number(node, "maxLength"),
        minimum=_number(node, "minimum", whole=kind == "integer"),
        maximum=_number(node, "maximum", whole=kind == "integer"),
        enum=_enum(node, nullable),
        pattern=_pattern(node),
        pattern_words=_pattern_words(node),
    )
    if kind == "array":
        return Type("list", item=_item(node["items"])), limits, nullable
    if kind == "object":
        return _object(node), limits, nullable
    if form in ("date-time", "date", "binary"):
        if limits != Limits():
            raise node.error(
                f"limits of a string of format {form} are not supported",
                "leave out the lengths, the pattern and the enum",
            )
        return Type({"date-time": "datetime", "date": "date", "binary": "file"}[form]), limits, nullable
    return Type(kind, format=form if kind == "string" else ""), limits, nullable


def _model_or_null(node: Node, extensions: tuple[str, ...]) -> tuple[Type, Limits, bool]:
    """The type of a schema that is a model or null."""
    choices = list(node["anyOf"].elements())
    if len(choices) != 2 or not is_reference(choices[0]) or choices[1].value != {"type": "null"}:
        raise node["anyOf"].error(
            "alternatives other than a model and null", 'write anyOf with a reference to a model and {type: "null"}'
        )
    node.allow("anyOf", "description", "deprecated", *extensions)
    kind, limits, _ = read_schema(choices[0])
    return kind, limits, True


def _number(node: Node, key: str, whole: bool = True) -> Any:
    found = node.get(key)
    if found is None:
        return None
    kinds = (int,) if whole else (int, float)
    if isinstance(found.value, bool) or not isinstance(found.value, kinds):
        raise found.error(f"a number is expected, not {found.value!r:.60}", "write a number of the schema's type")
    return found.value


def _enum(node: Node, nullable: bool) -> tuple[str | int, ...] | None:
    found = node.get("enum")
    if found is None:
        return None
    values = [element.value for element in found.elements()]
    kind = int if node["type"].value in ("integer", ["integer", "null"]) else str
    choices = [value for value in values if isinstance(value, kind) and not isinstance(value, bool)]
    if not choices or len(choices) + values.count(None) != len(values) or len(set(values)) != len(values):
        words = "integers" if kind is int else "strings"
        raise found.error(f"not a list of different {words}: {values!r:.80}", f"list {words}, each once")
    if any(re.search(r"""['"\\]""", str(choice)) for choice in choices):
        raise found.error("a choice with a quote or a backslash is not supported", "leave out the enumeration")
    if (None in values) != nullable:
        raise found.error(
            "null is allowed by the type or by the enumeration, but not by both", "name null in both, or in neither"
        )
    return tuple(choices)


def _pattern(node: Node) -> str | None:
    found = node.get("pattern")
    if found is None:
        return None
    try:
        re.compile(found.text())
    except re.error as error:
        raise found.error(f"not a valid regular expression: {error}", "write one that Python reads too") from None
    return found.text()


def _pattern_words(node: Node) -> str | None:
    found = node.get("x-pattern-words")
    if found is None:
        return None
    if "pattern" not in node:
        raise found.error("there is no pattern that these words could tell of", "add the pattern, or leave them out")
    return found.text()


def _item(node: Node) -> Type:
    kind, limits, nullable = read_schema(node)
    if kind.kind in ("list", "datetime", "date", "file"):
        raise node.error(
            f"a list whose elements are of kind {kind.kind} is not supported",
            "give the element a name under components.schemas and refer to it, or use a plain type",
        )
    if nullable or limits != Limits():
        raise node.error("elements of a list that have limits or may be null are not supported", "describe them")
    return kind


_FREE_OBJECT = {"type": "object", "additionalProperties": True}


def _object(node: Node) -> Type:
    rest = node.get("additionalProperties")
    if rest is None:
        raise node.error(
            "an object without properties or additionalProperties",
            "refer to a model, or write additionalProperties: true (any keys), {type: string} or a free object",
        )
    if rest.value is True:
        return Type("object")
    if rest.value == {"type": "string"}:
        return Type("map")
    if rest.value == _FREE_OBJECT:
        return Type("map", item=Type("object"))
    raise rest.error(
        "additionalProperties of this form are not supported",
        "write true, {type: string}, or {type: object, additionalProperties: true}",
    )


def read_default(node: Node) -> Any:
    """The default of a schema; ABSENT when there is none."""
    default = node.get("default")
    if default is None:
        return ABSENT
    check_example(default, node)
    return default.value


def check_example(value: Node, schema: Node) -> None:
    """Rejects an example or a default that breaks its schema."""
    components = {"components": schema.document.content["components"]}
    error = best_match(Draft202012Validator({**schema.mapping(), **components}).iter_errors(value.value))
    if error is not None:
        place = Node(value.document, (*value.pointer, *map(str, error.absolute_path)), None)
        raise place.error(f"the value breaks its schema: {error.message:.200}", "correct the value or the schema")


def read_generations(node: Node, within: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The generations of the API that have something; empty if all do.

    Args:
        node: The operation, parameter, property or schema.
        within: The generations that have the operation or the model that it is part of.
    """
    found = node.get("x-generations")
    if found is None:
        return ()
    names = tuple(element.value for element in found.elements())
    if names not in [(one,) for one in GENERATIONS]:
        raise found.error(
            f"{list(names)!r:.80} is not one generation of the API",
            f"list one of {', '.join(GENERATIONS)}, or leave it out for both",
        )
    return () if names == within else names


def read_value(node: Node, name: str, python: str, required: bool) -> Value:
    """A field of a form, whose schema holds its description."""
    kind, limits, nullable = read_schema(node, ("x-generations",))
    deprecated, default = node.flag("deprecated"), read_default(node)
    return Value(
        name,
        python,
        sentence(node),
        kind,
        limits,
        required,
        nullable,
        deprecated,
        default,
        generations=read_generations(node),
    )


# --- models ---------------------------------------------------------------------------


def read_model(name: str, node: Node) -> Model:
    """A model, from a schema under components."""
    if not is_class_name(name) or name in RESERVED_MODELS or name.endswith(("Error", "Exception", "Warning")):
        raise node.error(f"a model can't be named {name}", "choose a name in CapitalLetters that ubiops doesn't use")
    if node["type"].value != "object" or not node["properties"].mapping():
        raise node.error("a schema with a name that is no object with properties", "write it out where it is used")
    node.allow("type", "description", "required", "properties", "example", "x-generations", "x-internal")
    properties = dict(node["properties"].items())
    required = [element.value for element in node["required"].elements()] if "required" in node else []
    for missing in (one for one in required if one not in properties):
        raise node["required"].error(f"{missing!r} is required, but is no property", "add it, or don't require it")
    names: dict[str, str] = {}
    for key, field in properties.items():
        python = python_name(key, RESERVED_FIELDS)
        if python is None:
            raise field.error(f"no Python name can be derived from {key!r}", "choose a name that begins with a letter")
        if python in names.values():
            raise field.error(f"{key!r} would be named {python} in Python, as another field is", "rename one of them")
        names[key] = python
    generations = read_generations(node)
    fields = []
    for key, field in properties.items():
        found = _field(field, key, names, properties, key in required)
        fields.append(replace(found, generations=read_generations(field, generations)))
    for one in fields:
        if one.python == "date" and any(other.type.kind == "date" for other in fields):
            raise properties[one.name].error(
                "a field named date beside one that is a date is not supported",
                "describe the other one as plain text",
            )
    return Model(name, sentences(node), fields, generations=generations)


_FIELD_EXTENSIONS = ("x-generations", "x-sensitive", "x-sensitive-unless-false", "x-declared-type", "x-pattern-words")


def _field(node: Node, name: str, names: dict[str, str], properties: dict[str, Node], required: bool) -> Field:
    kind, limits, nullable = read_schema(node, _FIELD_EXTENSIONS)
    if kind.kind == "file":
        raise node.error("a file can't stand in a model", "put files into a multipart/form-data body")
    secret = None
    flag = node.get("x-sensitive-unless-false")
    if flag is not None:
        if flag.text() not in properties or properties[flag.text()].mapping().get("type") != "boolean":
            raise flag.error(
                f"{flag.text()!r} is no boolean of the same object", "name the boolean property that tells"
            )
        if node.flag("x-sensitive"):
            raise flag.error(
                "a value that is always a secret, and also one unless another field is false", "keep one of the two"
            )
        secret = names[flag.text()]
    return Field(
        name,
        names[name],
        sentence(node),
        kind,
        limits,
        required,
        nullable,
        node.flag("deprecated"),
        read_default(node),
        declared=node["x-declared-type"].text() if "x-declared-type" in node else kind.declared,
        sensitive=node.flag("x-sensitive"),
        secret_unless=secret,
    )

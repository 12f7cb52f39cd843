"""The intermediate form of values and models: plain data, with every decision on types made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generator.names import module_name

ABSENT: Any = object()
"""The default of a value that has none; None is JSON's null."""

_READ = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "datetime": "datetime",
    "date": "date",
    "object": "dict[str, Any]",
    "any": "Any",
    "file": "Response",
    "events": "EventStream",
}
_WRITE = {
    **_READ,
    "datetime": "datetime | str",
    "date": "date | str",
    "object": "Mapping[str, Any]",
    "file": "FileValue",
}
_DECLARED = {**_READ, "object": "object", "any": "object", "file": "file", "events": "events"}
_CHECKS = {
    "string": "check_string",
    "integer": "check_integer",
    "number": "check_number",
    "boolean": "check_boolean",
    "datetime": "check_datetime",
    "object": "check_object",
    "map": "check_string_map",
    "model": "check_model",
}
_LIST_CHECKS = {"string": "check_strings", "integer": "check_integers", "model": "check_models"}


@dataclass(frozen=True)
class Type:
    """The type of a value.

    Attributes:
        kind: string, integer, number, boolean, datetime, date, object (a JSON object with any keys), map (of strings
            or objects), any (any JSON value), file, events (server-sent events), model, list or union.
        model: The model's name, if it is one.
        item: The type of a list's elements, of a map's values (None for strings), or of the single value of a union,
            which is one value or a list of such values.
        format: The format of a string, such as uuid; empty if it has none.
    """

    kind: str
    model: str = ""
    item: Type | None = None
    format: str = ""

    @property
    def declared(self) -> str:
        """The type as ``openapi_types`` names it, such as ``list[DeploymentList]`` and ``dict(str, str)``."""
        if self.kind == "map":
            return f"dict(str, {self.item.declared if self.item else 'str'})"
        if self.kind == "union" and self.item:
            return self.item.declared
        return self.model or (f"list[{self.item.declared}]" if self.item else _DECLARED[self.kind])

    @property
    def grammar(self) -> str:
        """The type as an ``Operation`` names it: ``any`` differs from ``object``, and a union shows both forms."""
        if self.kind == "union" and self.item:
            return f"{self.item.grammar} | list[{self.item.grammar}]"
        if self.kind == "list" and self.item:
            return f"list[{self.item.grammar}]"
        return "any" if self.kind == "any" else self.declared

    @property
    def read(self) -> str:
        """The annotation of such a value in a response."""
        if self.kind == "map":
            return f"dict[str, {self.item.read if self.item else 'str'}]"
        return self.model or (f"list[{self.item.read}]" if self.item else _READ[self.kind])

    @property
    def write(self) -> str:
        """The annotation of such a value in a request."""
        if self.model:
            return f"{self.model} | Mapping[str, Any]"
        if self.kind == "map":
            return f"Mapping[str, {self.item.write if self.item else 'str'}]"
        if self.kind == "union" and self.item:
            return f"{self.item.write} | Sequence[{self.item.write}]"
        return f"Sequence[{self.item.write}]" if self.item else _WRITE[self.kind]

    @property
    def models(self) -> tuple[str, ...]:
        """The models in it."""
        return (self.model,) if self.model else self.item.models if self.item else ()

    @property
    def nested(self) -> bool:
        """Whether a copy of it must be a deep one."""
        return self.kind in ("any", "list", "map", "model", "object", "union")

    @property
    def check(self) -> str | None:
        """The function that checks it before it is sent; None if there is none for it."""
        return _LIST_CHECKS.get(self.item.kind) if self.kind == "list" and self.item else _CHECKS.get(self.kind)


@dataclass(frozen=True)
class Limits:
    """The rules for a value; None where there is no rule."""

    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[str | int, ...] | None = None
    pattern: str | None = None
    pattern_words: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The rules as keyword arguments of a check."""
        rules = {**self.__dict__}
        if self.pattern and self.pattern.endswith("$") and not self.pattern.endswith("\\$"):
            # In Python, but not in a description, `$` lets a line break at the end pass.
            rules["pattern"] = self.pattern[:-1] + r"\Z"
        return {name: rule for name, rule in rules.items() if rule is not None}


@dataclass(frozen=True)
class Value:
    """A field, or a parameter of a path, a query or a form.

    Attributes:
        name: What it is called in JSON or in the request.
        python: What it is called in Python.
        default: What the API takes when it is not given; ABSENT when that is not known.
        example: An example of it; ABSENT when there is none.
    """

    name: str
    python: str
    description: str
    type: Type
    limits: Limits
    required: bool
    nullable: bool = False
    deprecated: bool = False
    default: Any = ABSENT
    example: Any = ABSENT


@dataclass(frozen=True)
class Field(Value):
    """A field of a model.

    Attributes:
        declared: Its type in `openapi_types`.
        secret_unless: The Python name of the boolean field that must be False for the value to be shown; None if it is
            always shown.
    """

    declared: str = ""
    secret_unless: str | None = None

    @property
    def attribute(self) -> str:
        """The annotation of the attribute of a model that is read."""
        return f"{self.type.read} | None" if self.nullable else self.type.read

    @property
    def written(self) -> str:
        """The annotation of the attribute of a model that is sent, and of the constructor's argument."""
        return self.type.write if self.required else f"{self.type.write} | Null | None"

    @property
    def reading(self) -> str:
        """The expression that reads it from the object ``data``."""
        value = f'data["{self.name}"]'
        if self.type.kind == "datetime":
            return f"read_datetime({value})"
        if self.reader:
            function, model = self.reader
            return f"{function}({model}, {value})"
        return value

    @property
    def reader(self) -> tuple[str, str] | None:
        """The function that reads the models in it, and their class; None if there are none in it."""
        if self.type.model:
            return "read_model", self.type.model
        if self.type.item and self.type.item.model:
            return "read_models", self.type.item.model
        return None

    @property
    def checking(self) -> str:
        """The statement that checks it."""
        arguments = [f"self.{self.python}", "where", repr(self.python), *self.type.models]
        if self.required:
            arguments.append("required=True")
        arguments += [f"{name}={rule!r}" for name, rule in self.limits.arguments.items()]
        if self.secret_unless and self.type.kind == "string":
            arguments.append("secret=True")
        return f"{self.type.check}({', '.join(arguments)})"


@dataclass
class Model:
    """An object of the API that has a name.

    Attributes:
        is_request: Whether it is sent; otherwise it only comes back.
        sent_by: The ids of the operations that take it.
        returned_by: The ids of the operations that answer it.
        part_of: The names of the models that hold it.
        example: An example of it, the one with the most fields.
    """

    name: str
    description: str
    fields: list[Field]
    is_request: bool = False
    sent_by: list[str] = field(default_factory=list)
    returned_by: list[str] = field(default_factory=list)
    part_of: list[str] = field(default_factory=list)
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The module that it is in."""
        return module_name(self.name)

    @property
    def models(self) -> list[str]:
        """The models that it holds itself."""
        return sorted({name for item in self.fields for name in item.type.models})

    @property
    def required(self) -> list[str]:
        """The Python names of the fields that must be given."""
        return [item.python for item in self.fields if item.required]

    @property
    def nested(self) -> list[str]:
        """The JSON names of the fields of which a copy must be a deep one."""
        return [item.name for item in self.fields if item.type.nested]

    @property
    def late(self) -> dict[str, int]:
        """The Python names of the fields whose models are built when they are first asked for, and the bit of each."""
        names = [] if self.is_request else [item.python for item in self.fields if item.reader]
        return {name: 1 << index for index, name in enumerate(names)}

    @property
    def sensitive(self) -> dict[str, str]:
        """The fields that may be secret, each with the one that tells whether it is."""
        return {item.python: item.secret_unless for item in self.fields if item.secret_unless}

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names in JSON."""
        return {item.name: item for item in self.fields}

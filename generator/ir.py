"""The intermediate form of values and models: plain data, with all types decided."""

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


@dataclass(frozen=True)
class Type:
    """The type of a value.

    Attributes:
        kind: string, integer, number, boolean, datetime, date, object (a JSON object
            with any keys), map (of strings or objects), any (any JSON value), file,
            events (server-sent events), model, list or union.
        model: The model's name, if it is one.
        item: The type of a list's elements, of a map's values (None for strings), or of
            the single value of a union, which is one value or a list of such values.
        format: The format of a string, such as uuid; empty if it has none.
    """

    kind: str
    model: str = ""
    item: Type | None = None
    format: str = ""

    @property
    def declared(self) -> str:
        """The type as ``openapi_types`` names it, such as ``dict(str, str)``."""
        if self.kind == "map":
            return f"dict(str, {self.item.declared if self.item else 'str'})"
        if self.kind == "union" and self.item:
            return self.item.declared
        return self.model or (f"list[{self.item.declared}]" if self.item else _DECLARED[self.kind])

    @property
    def grammar(self) -> str:
        """The type as an ``Operation`` names it, with ``any`` and unions."""
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
            # In Python, but not in a description, `$` matches before a final newline.
            rules["pattern"] = self.pattern[:-1] + r"\Z"
        return {name: rule for name, rule in rules.items() if rule is not None}


@dataclass(frozen=True)
class Value:
    """A field, or a parameter of a path, a query or a form.

    Attributes:
        name: Its name in JSON or in the request.
        python: Its name in Python.
        default: The API's default; ABSENT if that is not known.
        example: An example; ABSENT if there is none.
        generations: The generations of the API that have it; empty if all that have the
            operation or the model do.
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
    generations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field(Value):
    """A field of a model.

    Attributes:
        declared: Its type in `openapi_types`.
        sensitive: Whether the value is always a secret.
        secret_unless: The Python name of the boolean field that must be False for the
            value to be shown; None if there is no such field.
    """

    declared: str = ""
    sensitive: bool = False
    secret_unless: str | None = None

    @property
    def attribute(self) -> str:
        """The annotation in a model that is only received."""
        return f"{self.type.read} | None" if self.nullable and self.type.kind != "any" else self.type.read

    @property
    def written(self) -> str:
        """The annotation in a model that is sent."""
        choices = self.limits.enum
        text = f"Literal[{', '.join(map(repr, choices))}]" if choices else self.type.write
        if not self.required:
            return f"{text} | Null | None"
        return f"{text} | Null" if self.nullable else text

    def declaration(self, sent: bool) -> str:
        """The call that declares the field in a model.

        Args:
            sent: Whether the model is sent; otherwise no rule matters.
        """
        arguments = [] if self.required and sent else ["default=None"]
        if self.name != self.python:
            arguments.append(f"key={self.name!r}")
        # Choices are in the annotation and need no other rules.
        if sent and not self.limits.enum:
            arguments += [f"{name}={rule!r}" for name, rule in self.limits.arguments.items()]
        if self.sensitive:
            arguments.append("sensitive=True")
        if self.secret_unless:
            arguments.append(f"sensitive_unless_false={self.secret_unless!r}")
        if self.declared and self.declared != self.type.declared:
            arguments.append(f"declared={self.declared!r}")
        return f"field({', '.join(arguments)})"


@dataclass
class Model:
    """A named object of the API.

    Attributes:
        is_request: Whether it is sent; otherwise it is only received.
        sent_by: The ids of the operations that accept it.
        returned_by: The ids of the operations that return it.
        part_of: The names of the models that contain it.
        example: The example of it that has the most fields.
        generations: The generations of the API that have it; empty for all.
    """

    name: str
    description: str
    fields: list[Field]
    is_request: bool = False
    sent_by: list[str] = field(default_factory=list)
    returned_by: list[str] = field(default_factory=list)
    part_of: list[str] = field(default_factory=list)
    example: dict[str, Any] = field(default_factory=dict)
    generations: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The module that it is in."""
        return module_name(self.name)

    @property
    def models(self) -> list[str]:
        """The models in its fields."""
        return sorted({name for item in self.fields for name in item.type.models})

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names in JSON."""
        return {item.name: item for item in self.fields}

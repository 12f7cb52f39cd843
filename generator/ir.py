"""The intermediate form: the API as plain data, with every decision on types made; templates only lay it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generator.names import exception_name, module_name

ABSENT: Any = object()
"""The default of a value that has none; None is JSON's null."""

_READ = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "datetime": "datetime",
    "object": "dict[str, Any]",
    "map": "dict[str, str]",
    "file": "Response",
}
_WRITE = {**_READ, "datetime": "datetime | str", "object": "Mapping[str, Any]", "map": "Mapping[str, str]"}
_DECLARED = {**_READ, "object": "object", "map": "dict(str, str)", "file": "file"}
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
        kind: string, integer, number, boolean, datetime, object (of anything), map (text to text), file, model or list.
        model: The model's name, when it is one.
        item: The type of the elements, when it is a list.
        format: The format of a string, such as uuid; empty when it has none.
    """

    kind: str
    model: str = ""
    item: Type | None = None
    format: str = ""

    @property
    def declared(self) -> str:
        """The type as the API names it, such as ``list[DeploymentList]`` and ``dict(str, str)``."""
        return self.model or (f"list[{self.item.declared}]" if self.item else _DECLARED[self.kind])

    @property
    def read(self) -> str:
        """The annotation of such a value in an answer."""
        return self.model or (f"list[{self.item.read}]" if self.item else _READ[self.kind])

    @property
    def write(self) -> str:
        """The annotation of such a value in a request."""
        if self.model:
            return f"{self.model} | Mapping[str, Any]"
        return f"Sequence[{self.item.write}]" if self.item else _WRITE[self.kind]

    @property
    def models(self) -> tuple[str, ...]:
        """The models in it."""
        return (self.model,) if self.model else self.item.models if self.item else ()

    @property
    def nested(self) -> bool:
        """Whether a copy of it must be a deep one."""
        return self.kind in ("list", "map", "model", "object")

    @property
    def check(self) -> str | None:
        """The function that checks it before it is sent; None when there is none for it."""
        return _LIST_CHECKS.get(self.item.kind) if self.item else _CHECKS.get(self.kind)


@dataclass(frozen=True)
class Limits:
    """The rules for a value; None where there is no rule."""

    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[str, ...] | None = None
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


@dataclass(frozen=True)
class Example:
    """An example of a body or an answer."""

    name: str
    summary: str
    value: Any


@dataclass(frozen=True)
class Body:
    """What is sent with a request.

    Attributes:
        type: A model or an object, sent as JSON; None when it is a form.
        form: The plain fields and the files of a form.
        note: What the form itself says, such as which fields go together; empty when there is nothing.
    """

    description: str
    examples: list[Example]
    type: Type | None = None
    form: tuple[Value, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """What comes back when all is well.

    Attributes:
        type: The type of the data; None when there is nothing.
        headers: Names and descriptions of its headers.
    """

    status: int
    description: str
    type: Type | None
    examples: list[Example]
    headers: dict[str, str]


@dataclass(frozen=True)
class Failure:
    """An answer that reports an error."""

    status: int
    description: str

    @property
    def exception(self) -> str:
        """The exception that it raises."""
        return exception_name(self.status)


@dataclass(frozen=True)
class Operation:
    """One method of the API.

    Attributes:
        method: The HTTP method, in capitals.
        path: The path's template.
        parameters: The parameters of the path, in the order in which the method takes them.
        query: The parameters of the query.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    parameters: list[Value]
    query: list[Value]
    body: Body | None
    answer: Answer
    failures: list[Failure]

    @property
    def data(self) -> Body | None:
        """The JSON body; None when there is none."""
        return self.body if self.body and self.body.type else None

    @property
    def form(self) -> list[Value]:
        """The plain fields of the form."""
        return [item for item in (self.body.form if self.body else ()) if item.type.kind != "file"]

    @property
    def files(self) -> list[Value]:
        """The files of the form."""
        return [item for item in (self.body.form if self.body else ()) if item.type.kind == "file"]

    @property
    def optional(self) -> list[Value]:
        """The keyword arguments: those of the query, and those of the form in its own order."""
        return [*self.query, *(self.body.form if self.body else ())]

    @property
    def downloads(self) -> bool:
        """Whether the answer is a file."""
        return self.answer.type is not None and self.answer.type.kind == "file"

    @property
    def returns(self) -> str:
        """The annotation of what the method returns."""
        return self.answer.type.read if self.answer.type else "None"

    @property
    def models(self) -> set[str]:
        """The models that the method takes or returns."""
        types = [self.answer.type, self.data.type if self.data else None]
        return {name for one in types if one for name in one.models}


@dataclass(frozen=True)
class Area:
    """An area of the API, which becomes a class.

    Attributes:
        name: The name of the class.
        module: The name of the area, which is the one of its module, its files and its page.
    """

    name: str
    module: str
    description: str
    operations: list[Operation]

    @property
    def models(self) -> list[str]:
        """The models that its methods take or return."""
        return sorted({name for operation in self.operations for name in operation.models})


@dataclass(frozen=True)
class Route:
    """Where an operation is found."""

    method: str
    path: str
    operation_id: str
    status: int


@dataclass(frozen=True)
class Api:
    """All of it."""

    server: str
    authorization: str
    areas: list[Area]
    models: dict[str, Model]
    routes: list[Route]

    @property
    def operations(self) -> dict[str, tuple[Area, Operation]]:
        """All operations by their ids, each with its area."""
        return {operation.id: (area, operation) for area in self.areas for operation in area.operations}

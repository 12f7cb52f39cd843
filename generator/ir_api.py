"""The intermediate form of operations and areas: plain data for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.ir import Value
from generator.names import exception_name

if TYPE_CHECKING:
    from generator.ir import Model, Type


@dataclass(frozen=True)
class Parameter(Value):
    """A parameter of a path, a query or a header.

    Attributes:
        positional: Whether a query parameter can be given by position.
    """

    positional: bool = False


@dataclass(frozen=True)
class Example:
    """An example of a body or a response."""

    name: str
    summary: str
    value: Any


@dataclass(frozen=True)
class Body:
    """The body of a request.

    Attributes:
        type: The type of the argument `data`: JSON, or a file for a raw body; None for
            a form.
        required: Whether `data` must be given.
        text: Whether a string is sent as plain text instead of JSON.
        form: The fields and files of a form.
        note: The description of the form as a whole, such as which fields go
            together; may be empty.
        archives: The names of the files of the form that must be zip archives.
    """

    description: str
    examples: list[Example]
    type: Type | None = None
    required: bool = True
    text: bool = False
    form: tuple[Value, ...] = ()
    note: str = ""
    archives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Success:
    """The response to a call that succeeds.

    Attributes:
        type: The type of the data; None if there is none.
        headers: Names and descriptions of its headers.
    """

    status: int
    description: str
    type: Type | None
    examples: list[Example]
    headers: dict[str, str]


@dataclass(frozen=True)
class Failure:
    """A response that reports an error.

    Attributes:
        common: Whether all operations have it.
    """

    status: int
    description: str
    common: bool

    @property
    def exception(self) -> str:
        """The exception that it raises."""
        return exception_name(self.status)


@dataclass(frozen=True)
class Operation:
    """One method of the API.

    Attributes:
        method: The HTTP method, in capitals.
        path: The path template.
        authorized: Whether the API token is sent.
        parameters: The path parameters, in the order of the method's arguments.
        query: The query parameters.
        headers: The header parameters.
        generations: The generations of the API that have it; empty for all.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    authorized: bool
    parameters: list[Parameter]
    query: list[Parameter]
    headers: list[Parameter]
    body: Body | None
    success: Success
    failures: list[Failure]
    generations: tuple[str, ...] = ()

    @property
    def data(self) -> Body | None:
        """The body that is the argument `data`; None if there is none."""
        return self.body if self.body and self.body.type else None

    @property
    def required_data(self) -> Body | None:
        """The body that is a positional argument."""
        return self.data if self.data and self.data.required else None

    @property
    def optional_data(self) -> Body | None:
        """The body that is a keyword argument."""
        return self.data if self.data and not self.data.required else None

    @property
    def form(self) -> list[Value]:
        """The plain fields of the form."""
        return [item for item in self._form if item.type.kind != "file"]

    @property
    def required_files(self) -> list[Value]:
        """The files of the form that must be given."""
        return [item for item in self._form if item.type.kind == "file" and item.required]

    @property
    def optional_files(self) -> list[Value]:
        """The other files of the form."""
        return [item for item in self._form if item.type.kind == "file" and not item.required]

    @property
    def files(self) -> list[Value]:
        """All files of the form, the required ones first."""
        return [*self.required_files, *self.optional_files]

    @property
    def _form(self) -> tuple[Value, ...]:
        return self.body.form if self.body else ()

    @property
    def positional(self) -> list[Value]:
        """The arguments before `data` that can be given by position: of the path, of
        the query, and required files.
        """
        return [*self.parameters, *(item for item in self.query if item.positional), *self.required_files]

    @property
    def keywords(self) -> list[Value]:
        """The keyword arguments before `data`: of the query and the headers."""
        return [*(item for item in self.query if not item.positional), *self.headers]

    @property
    def parts(self) -> list[Value]:
        """The keyword arguments after `data`: the optional fields and files of the
        form, in its own order.
        """
        return [item for item in self._form if not (item.type.kind == "file" and item.required)]

    @property
    def downloads(self) -> bool:
        """Whether the response is a file."""
        return self.success.type is not None and self.success.type.kind == "file"

    @property
    def streams(self) -> bool:
        """Whether the response is a stream of events."""
        return self.success.type is not None and self.success.type.kind == "events"

    @property
    def returns(self) -> str:
        """The annotation of the return value."""
        return self.success.type.read if self.success.type else "None"

    @property
    def models(self) -> set[str]:
        """The models that the method accepts or returns."""
        types = [self.success.type, self.data.type if self.data else None]
        return {name for one in types if one for name in one.models}


@dataclass(frozen=True)
class Area:
    """An area of the API, which becomes a class.

    Attributes:
        name: The name of the class.
        module: The name of the area, which is also that of its module, its page and its
            files in the description.
    """

    name: str
    module: str
    description: str
    operations: list[Operation]

    @property
    def models(self) -> list[str]:
        """The models that its methods accept or return."""
        return sorted({name for operation in self.operations for name in operation.models})


@dataclass(frozen=True)
class Route:
    """The method and path at which an operation is found."""

    method: str
    path: str
    operation_id: str
    status: int


@dataclass(frozen=True)
class Api:
    """The whole API.

    Attributes:
        routes: The routes, a literal segment always before a parameter in its place.
    """

    server: str
    authorization: str
    areas: list[Area]
    models: dict[str, Model]
    routes: list[Route]

    @property
    def operations(self) -> dict[str, tuple[Area, Operation]]:
        """All operations by their ids, each with its area."""
        return {operation.id: (area, operation) for area in self.areas for operation in area.operations}

    @property
    def common_failures(self) -> list[Failure]:
        """The errors that every operation can raise, by status."""
        found = {one.status: one for _, item in self.operations.values() for one in item.failures if one.common}
        return [found[status] for status in sorted(found)]

    @property
    def exported_areas(self) -> list[Area]:
        """The areas whose classes are in `ubiops` as well: those without a model of the
        same name.
        """
        return [area for area in self.areas if area.name not in self.models]

"""An operation of the API as data: what a method of ``CoreApi`` needs to know to make its call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from uuid import UUID

PathValue = Union[str, int, "UUID"]
"""What may stand for a segment of a path."""


class _Required:
    """The type of ``REQUIRED``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<required>"

    def __reduce__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()
"""The default of an argument that must be given, so that leaving it out and giving None are told in the same words."""


class QueryParameter:
    """A parameter of the query string, and what may stand for it."""

    __slots__ = ("enum", "maximum", "minimum", "name", "type")

    def __init__(
        self,
        name: str,
        type: str,
        enum: tuple[str, ...] | None = None,
        minimum: int | None = None,
        maximum: int | None = None,
    ) -> None:
        self.name = name
        self.type = type
        self.enum = enum
        self.minimum = minimum
        self.maximum = maximum


class Operation:
    """One operation of the API: what a method of ``CoreApi`` needs to know to make its call.

    Args:
        name: The operation's id, which is the method's name.
        method: The HTTP method.
        path: The path's template, such as ``/projects/{project_name}/deployments``.
        parameters: The names of the path's parameters, in the order in which the method takes them.
        query: The parameters of the query string.
        body: The name of the model of the JSON body, or ``object`` for any JSON object; None when there is none.
        form: The names of the plain fields of a multipart body.
        files: The names of the files of a multipart body.
        returns: The type of the answer as the API names it, such as ``list[DeploymentList]``; ``file`` for a download;
            None when there is nothing.
    """

    __slots__ = (
        "body",
        "files",
        "form",
        "method",
        "name",
        "order",
        "parameters",
        "path",
        "query",
        "returns",
        "template",
    )

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        parameters: tuple[str, ...] = (),
        query: tuple[QueryParameter, ...] = (),
        body: str | None = None,
        form: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
        returns: str | None = None,
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.parameters = parameters
        self.query = query
        self.body = body
        self.form = form
        self.files = files
        self.returns = returns
        places = [part.partition("}")[0] for part in path.split("{")[1:]]
        self.template = path.replace("%", "%%")
        for place in places:
            self.template = self.template.replace(f"{{{place}}}", "%s")
        # Where the path's n-th segment stands among the arguments; None when they come in the path's own order.
        order = tuple(parameters.index(place) for place in places)
        self.order = None if order == tuple(range(len(parameters))) else order

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"

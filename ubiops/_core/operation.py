"""Operations of the API as data, from which the methods of ``CoreApi`` make calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from uuid import UUID

PathValue = Union[str, int, "UUID"]
"""Types accepted for a path parameter."""


class _Required:
    """The type of ``REQUIRED``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<required>"

    def __reduce__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()
"""Default of a required argument, so that omitting it raises the same error as None."""


class Parameter:
    """A parameter of the query string, of a header or of a form.

    Args:
        name: The parameter's name in the request.
        type: The parameter's type: ``str``, ``int``, ``float``, ``bool``, ``date``,
            ``datetime``, ``object`` (no check), or ``list[...]`` of one of these, which
            is sent as one comma-separated value.
        python: The name of the method's argument, if it differs from ``name``.
        enum: The accepted values; for a list those of its items.
        minimum: The smallest accepted number.
        maximum: The largest accepted number.
        required: Whether the argument must be given.
    """

    __slots__ = ("enum", "maximum", "minimum", "name", "python", "required", "type")

    def __init__(
        self,
        name: str,
        type: str = "str",
        *,
        python: str | None = None,
        enum: tuple[str | int, ...] | None = None,
        minimum: float | None = None,
        maximum: float | None = None,
        required: bool = False,
    ) -> None:
        self.name = name
        self.type = type
        self.python = python or name
        self.enum = enum
        self.minimum = minimum
        self.maximum = maximum
        self.required = required

    def __repr__(self) -> str:
        return f"<Parameter {self.name}: {self.type}>"


class Operation:
    """An operation of the API: what a method of ``CoreApi`` needs to make its call.

    Types are written in one small grammar: a model's name, ``str``, ``int``, ``float``,
    ``bool``, ``date``, ``datetime``, ``object``, ``any``, ``file``, ``events``,
    ``list[T]``, ``dict(str, T)`` and, for bodies, the union ``T | list[T]``.

    Args:
        name: The operation's id, which is the method's name.
        method: The HTTP method.
        path: The path template, such as ``/projects/{project_name}/deployments``.
        parameters: The names of the path parameters, in the method's order.
        query: The parameters of the query string.
        headers: The header parameters.
        body: The type of the body: a JSON type (``object`` for a JSON object, ``any``
            for any JSON value), or ``file`` for raw bytes. None if there is no body.
        body_required: Whether the body must be given.
        text_body: Whether a string is sent as ``text/plain`` instead of JSON.
        form: The plain fields of a multipart body.
        files: The names of the files of a multipart body, the required ones first.
        required_files: The names of the files that must be given.
        archives: The names of the files that must be zip archives.
        returns: The type of the response: a JSON type (``object`` and ``any`` both
            stand for any JSON value), ``file`` for a download, ``events`` for
            server-sent events. None if nothing is returned.
        authorized: Whether the API token is sent.
        generations: The generations of the API that have the operation, such as ``v2``;
            empty if all do.
    """

    __slots__ = (
        "archives",
        "authorized",
        "body",
        "body_required",
        "files",
        "form",
        "generations",
        "headers",
        "method",
        "name",
        "order",
        "parameters",
        "path",
        "query",
        "required_files",
        "returns",
        "template",
        "text_body",
    )

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        *,
        parameters: tuple[str, ...] = (),
        query: tuple[Parameter, ...] = (),
        headers: tuple[Parameter, ...] = (),
        body: str | None = None,
        body_required: bool = True,
        text_body: bool = False,
        form: tuple[Parameter, ...] = (),
        files: tuple[str, ...] = (),
        required_files: tuple[str, ...] = (),
        archives: tuple[str, ...] = (),
        returns: str | None = None,
        authorized: bool = True,
        generations: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.parameters = parameters
        self.query = query
        self.headers = headers
        self.body = body
        self.body_required = body_required
        self.text_body = text_body
        self.form = form
        self.files = (*(file for file in required_files if file not in files), *files)
        self.required_files = required_files
        self.archives = archives
        self.returns = returns
        self.authorized = authorized
        self.generations = generations
        places = [part.partition("}")[0] for part in path.split("{")[1:]]
        self.template = path.replace("%", "%%")
        for place in places:
            self.template = self.template.replace(f"{{{place}}}", "%s")
        # The positions of the path's segments among the arguments; None if the orders
        # agree.
        order = tuple(parameters.index(place) for place in places)
        self.order = None if order == tuple(range(len(parameters))) else order

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"

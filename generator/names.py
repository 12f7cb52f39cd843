"""How things of the description are called in Python."""

from __future__ import annotations

import keyword
import re

# What a model has already, and what annotations in its class body mean: a field of such a name would hide it.
_OF_MODELS = frozenset(
    ("additional_properties", "attribute_map", "from_dict", "openapi_types", "self", "to_dict", "to_str")
)
_IN_ANNOTATIONS = frozenset(
    ("Any", "ClassVar", "Mapping", "Null", "Self", "Sequence", "bool", "classmethod", "datetime", "dict", "float")
) | frozenset(("int", "list", "str", "tuple"))
RESERVED_FIELDS = _OF_MODELS | _IN_ANNOTATIONS

OPTIONS = ("_preload_content", "_return_http_data_only", "_request_timeout", "_progress_bar", "async_req")
RESERVED_ARGUMENTS = frozenset(("data", "options", "self", *OPTIONS))

# What the base of the classes with methods has itself.
RESERVED_METHODS = frozenset(("api_client", "close"))

# Public names of `ubiops`, and names that the modules of models use: a model would hide them.
RESERVED_MODELS = frozenset(
    ("Any", "ApiClient", "ClassVar", "Configuration", "CoreApi", "Mapping", "Model", "Null", "RequestModel", "Response")
) | frozenset(("Self", "Sequence"))

# Classes and modules that ``ubiops.api`` has besides those of the areas.
RESERVED_AREAS = frozenset(("Api", "CoreApi"))

_STATUS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    413: "PayloadTooLargeError",
    429: "TooManyRequestsError",
}


def python_name(name: str, reserved: frozenset[str] = frozenset()) -> str | None:
    """The name of a field or an argument: in small letters with underscores, and never one that means something else.

    Args:
        name: Its name in JSON or in a request.
        reserved: Names that are taken; such a name gets an underscore at its end.

    Returns:
        The name, or None when no name can be made of it.
    """
    made = snake(re.sub(r"[^0-9A-Za-z_]", "_", name)).lstrip("_")
    if not made.isidentifier() or not made.isascii():
        return None
    return f"{made}_" if keyword.iskeyword(made) or made in reserved else made


def snake(name: str) -> str:
    """A name in small letters with underscores: ``DeploymentVersionPort`` is ``deployment_version_port``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return parted.lower()


def module_name(name: str) -> str:
    """The name of the module that holds a class."""
    made = snake(name)
    return f"{made}_" if keyword.iskeyword(made) else made


def class_name(tag: str) -> str | None:
    """The class that holds the methods of a tag: ``request schedules`` is ``RequestSchedules``; None if it has none."""
    words = re.findall(r"[0-9A-Za-z]+", tag)
    made = "".join(word[:1].upper() + word[1:] for word in words)
    return made if is_class_name(made) else None


def is_area_name(name: str) -> bool:
    """Whether a name may be the one of an area: of a tag, a file and a module."""
    return re.fullmatch(r"[a-z][0-9a-z]*(_[0-9a-z]+)*", name) is not None and not keyword.iskeyword(name)


def is_class_name(name: str) -> bool:
    """Whether a name may be the one of a class."""
    return re.fullmatch(r"[A-Z][0-9A-Za-z]*", name) is not None and not keyword.iskeyword(name)


def is_method_name(name: str) -> bool:
    """Whether a name may be the one of a method."""
    return re.fullmatch(r"[a-z][0-9a-z]*(_[0-9a-z]+)*", name) is not None and not keyword.iskeyword(name)


def exception_name(status: int) -> str:
    """The exception of ``ubiops`` for a status that is no success."""
    return "ServerError" if status >= 500 else _STATUS.get(status, "ApiRequestError")


def noun(model: str) -> str:
    """What to call one of these in an example: a ``DeploymentCreateResponse`` is a ``deployment``."""
    return snake(re.sub(r"(?:CreateResponse|Create|Update|Detail|List|Response)$", "", model) or model)

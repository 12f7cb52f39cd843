"""Python names for operations, models, fields and arguments."""

from __future__ import annotations

import keyword
import re

from generator.call_options import read_call_options

# The attributes of every model, and the names in annotations of its class body: a field
# of such a name would hide them.
_OF_MODELS = frozenset(
    ("additional_properties", "attribute_map", "from_dict", "openapi_types", "self", "to_dict", "to_json", "to_str")
)
_IN_ANNOTATIONS = frozenset(("bool", "datetime", "dict", "field", "float", "int", "list", "str"))
RESERVED_FIELDS = _OF_MODELS | _IN_ANNOTATIONS

RESERVED_ARGUMENTS = frozenset(("data", "options", "self", *read_call_options()))

# The attributes of the base class of all areas.
RESERVED_METHODS = frozenset(("api_client", "close"))

# Public names of `ubiops`, and names that the modules of models use: a model of such a
# name would hide them.
RESERVED_MODELS = frozenset(
    ("Any", "ApiClient", "Configuration", "CoreApi", "Literal", "Mapping", "Model", "ModelList", "Null")
) | frozenset(("RequestModel", "Response", "Sequence"))
# Written by hand, in ``ubiops.training``.
RESERVED_MODELS |= frozenset(
    (
        "ExperimentCreate",
        "ExperimentDetail",
        "ExperimentList",
        "ExperimentRunCreate",
        "ExperimentRunCreateResponse",
        "ExperimentRunDetail",
        "ExperimentRunList",
        "ExperimentRunUpdate",
        "ExperimentUpdate",
        "Training",
    )
)

# Classes and modules of ``ubiops.api`` besides those of the areas.
RESERVED_AREAS = frozenset(("Api", "CoreApi", "core_api")) | RESERVED_METHODS

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
    """The name of a field or an argument: lower case with underscores, and never a name
    with another meaning.

    Args:
        name: Its name in JSON or in a request.
        reserved: Names that are taken; an underscore is added to such a name.

    Returns:
        The name, or None if none can be derived.
    """
    made = snake(re.sub(r"[^0-9A-Za-z_]", "_", name)).lstrip("_")
    if not made.isidentifier() or not made.isascii():
        return None
    return f"{made}_" if keyword.iskeyword(made) or made in reserved else made


def snake(name: str) -> str:
    """A name in lower case with underscores: ``DeploymentVersionPort`` is
    ``deployment_version_port``.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return parted.lower()


def module_name(name: str) -> str:
    """The name of the module that holds a class."""
    made = snake(name)
    return f"{made}_" if keyword.iskeyword(made) else made


def class_name(area: str) -> str:
    """The class of an area: ``request_schedules`` becomes ``RequestSchedules``."""
    return "".join(word[:1].upper() + word[1:] for word in area.split("_"))


def is_class_name(name: str) -> bool:
    """Whether a name may be the one of a class."""
    return re.fullmatch(r"[A-Z][0-9A-Za-z]*", name) is not None and not keyword.iskeyword(name)


def is_lower_name(name: str) -> bool:
    """Whether a name may be the one of a method, or of an area: a tag, a file and a
    module.
    """
    return re.fullmatch(r"[a-z][0-9a-z]*(_[0-9a-z]+)*", name) is not None and not keyword.iskeyword(name)


def exception_name(status: int) -> str:
    """The exception of ``ubiops`` for a status that reports an error."""
    return "ServerError" if status >= 500 else _STATUS.get(status, "ApiRequestError")


def noun(model: str, *, plural: bool = False) -> str:
    """The name of a variable: a ``DeploymentCreateResponse`` is a ``deployment``.

    Args:
        model: The model's name.
        plural: Whether the variable holds a list of them.
    """
    made = re.sub(r"(?:List)?Paginated$", "Page", model)
    made = snake(re.sub(r"(?:CreateResponse|Create|Update|SingleDetail|Detail|List|Response)$", "", made) or made)
    if plural and not made.endswith("s"):
        ending = "es" if made.endswith("ch") else "s"
        made = f"{made[:-1]}ies" if re.search(r"[^aeiou]y$", made) else f"{made}{ending}"
    return f"{made}_" if keyword.iskeyword(made) else made

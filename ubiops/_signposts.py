"""What to say of a method, class or function that does not exist. Imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._core.suggestions import nearest
from ubiops._not_covered import METHODS, MODELS, UTILS
from ubiops.exceptions import ApiAttributeError

if TYPE_CHECKING:
    from collections.abc import Iterable

_TWIN = "_with_http_info"


def missing_method(cls: type, name: str) -> ApiAttributeError:
    """Returns the error for a method that ``CoreApi`` or the class of an area does not have."""
    message = f"{cls.__name__!r} object has no attribute {name!r}"
    if name.startswith("_"):
        # Python and its tools look for such names, and nobody reads the message.
        return _error(message, name)
    plain = name[: -len(_TWIN)] if name.endswith(_TWIN) else name
    if plain in METHODS:
        method, _, path = METHODS[plain].partition(" ")
        return _error(
            f"{message}: {plain} is part of the UbiOps API, but not of this client yet; make the call with "
            f"api_client.call_api({path!r}, {method!r}, ...)",
            name,
        )
    from ubiops.api.core_api import CoreApi

    if plain in _methods(CoreApi) and plain not in _methods(cls):
        return _error(f"{message}: it is a method of CoreApi", name)
    return _error(_near(message, name, _methods(cls)), name)


def missing_name(module: str, name: str, names: Iterable[str]) -> ApiAttributeError:
    """Returns the error for a name that a module does not have.

    Args:
        module: The name of the module.
        name: The name.
        names: The public names that the module has.
    """
    message = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):
        return _error(message, name)
    if name in (UTILS if module == "ubiops.utils" else MODELS):
        return _error(
            f"{message}: {name} is part of the official client, but not of this one yet; endpoints that have no "
            "method can be called with ubiops.ApiClient().call_api(...)",
            name,
        )
    return _error(_near(message, name, names), name)


def _methods(cls: type) -> list[str]:
    return [name for name in dir(cls) if not name.startswith("_") and not name.endswith(_TWIN)]


def _near(message: str, name: str, names: Iterable[str]) -> str:
    near = nearest(name, names)
    return f"{message}; did you mean {near!r}?" if near else message


def _error(message: str, name: str) -> ApiAttributeError:
    error = ApiAttributeError(message)
    error.name = name
    return error

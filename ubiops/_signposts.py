"""Messages for methods, classes and functions that do not exist. Imported only then."""

from __future__ import annotations

import opcode
import sys
from typing import TYPE_CHECKING

from ubiops._core.suggestions import nearest
from ubiops._not_covered import METHODS, MODELS, UTILS
from ubiops.exceptions import ApiAttributeError, ApiImportError

if TYPE_CHECKING:
    from collections.abc import Iterable

_TWIN = "_with_http_info"


def missing_method(cls: type, name: str) -> ApiAttributeError:
    """Returns the error for a missing method of ``CoreApi`` or the class of an area."""
    message = f"{cls.__name__!r} object has no attribute {name!r}"
    if name.startswith("_"):
        # Python and its tools look up such names, and no one reads the message.
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


def missing_name(module: str, name: str, names: Iterable[str]) -> ApiAttributeError | ApiImportError:
    """Returns the error for a name that a module does not have.

    Call it from the module's ``__getattr__``.

    Args:
        module: The name of the module.
        name: The name.
        names: The public names that the module has.
    """
    message = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):
        return _error(message, name)
    if name.startswith("wait_for_") and name in UTILS:
        message = (
            f"{name}() is not available in this version of ubiops, which does not have the operations that it needs; "
            f"this version has {', '.join(f'{one}()' for one in names if one.startswith('wait_for_'))}"
        )
    elif name in (UTILS if module.startswith("ubiops.utils") else MODELS):
        message += (
            f": {name} is part of the official client, but not of this one yet; endpoints that have no method can be "
            "called with ubiops.ApiClient().call_api(...)"
        )
    else:
        return _error(_near(message, name, names), name)
    # The statement that looked the name up: Python would replace an AttributeError with
    # an ImportError that doesn't say why the name is missing.
    caller = sys._getframe(2)
    if caller.f_lasti >= 0 and opcode.opname[caller.f_code.co_code[caller.f_lasti]] == "IMPORT_FROM":
        return ApiImportError(message)
    return _error(message, name)


def _methods(cls: type) -> list[str]:
    return [name for name in dir(cls) if not name.startswith("_") and not name.endswith(_TWIN)]


def _near(message: str, name: str, names: Iterable[str]) -> str:
    near = nearest(name, names)
    return f"{message}; did you mean {near!r}?" if near else message


def _error(message: str, name: str) -> ApiAttributeError:
    error = ApiAttributeError(message)
    error.name = name
    return error

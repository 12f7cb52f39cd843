"""The client library of the UbiOps API: create deployments and versions, upload code, watch it build.

::

    import ubiops

    with ubiops.CoreApi() as api:  # the token is read from UBIOPS_API_TOKEN
        for deployment in api.deployments_list("my-project"):
            print(deployment.name, deployment.labels)

Hardly anything but the errors is imported before it is used: ``import ubiops`` itself takes a few milliseconds.
"""

from __future__ import annotations

from ubiops import exceptions, models
from ubiops._version import __version__
from ubiops.exceptions import *  # noqa: F403 - it has its own __all__

# Type checkers know the name and take it as true. Importing it from typing would take longer than all else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ubiops import api as api
    from ubiops import emulator as emulator
    from ubiops import utils as utils
    from ubiops.api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.configuration import Configuration
    from ubiops.models import *  # noqa: F403 - it has its own __all__
    from ubiops.models._base import NULL
    from ubiops.response import Response

_MODULES = ("api", "emulator", "utils")
_PLACES = {
    "ApiClient": "ubiops.api_client",
    "Configuration": "ubiops.configuration",
    "CoreApi": "ubiops.api.core_api",
    "NULL": "ubiops.models._base",
    "Response": "ubiops.response",
    **dict.fromkeys(models.__all__, "ubiops.models"),
}

__all__ = ["NULL", "ApiClient", "Configuration", "CoreApi", "Response", "__version__"]
__all__ += exceptions.__all__
__all__ += models.__all__


if not TYPE_CHECKING:
    # Redacted from type checkers, which would take it to mean that every name exists.
    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"ubiops.{name}")
        place = _PLACES.get(name)
        if place is None:
            raise AttributeError(f"module 'ubiops' has no attribute {name!r}")
        value = getattr(import_module(place), name)
        # From now on it is found without coming here.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES, *_MODULES})

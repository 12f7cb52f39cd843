"""The Python client library of the UbiOps API.

::

    import ubiops

    with ubiops.CoreApi() as api:  # reads UBIOPS_API_TOKEN
        for deployment in api.deployments_list("my-project"):
            print(deployment.name, deployment.labels)

Everything except the exceptions is imported on first use, so ``import ubiops`` takes a
few milliseconds. ``__init__.pyi`` lists the names for type checkers and editors.
"""

from __future__ import annotations

from ubiops import exceptions
from ubiops._version import __version__ as __version__
from ubiops.exceptions import *  # noqa: F403 - it has its own __all__

_MODULES = ("aio", "api", "emulator", "models", "options", "utils")
_PLACES = {
    "ApiClient": "ubiops.api_client",
    "Configuration": "ubiops.configuration",
    "NULL": "ubiops.models._base",
    "Response": "ubiops.response",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "__all__":
        value: object = _public_names()
    elif name in _MODULES:
        return import_module(f"ubiops.{name}")
    elif name in _PLACES:
        value = getattr(import_module(_PLACES[name]), name)
    else:
        # Where a model and an area have the same name, it stands for the model.
        for package in () if name.startswith("_") else ("ubiops.models", "ubiops.api"):
            module = import_module(package)
            if name in module.__all__:
                value = getattr(module, name)
                break
        else:
            raise AttributeError(f"module 'ubiops' has no attribute {name!r}")
    # Found without this function from now on.
    globals()[name] = value
    return value


def _public_names() -> list[str]:
    from ubiops import api, models

    return sorted({"__version__", *_PLACES, *api.__all__, *models.__all__, *exceptions.__all__})


def __dir__() -> list[str]:
    return sorted({*globals(), *_public_names(), *_MODULES})

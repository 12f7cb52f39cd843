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

import sys

from ubiops import exceptions
from ubiops._version import __version__ as __version__
from ubiops.exceptions import *  # noqa: F403 - it has its own __all__

_MODULES = (
    "aio",
    "api",
    "api_client",
    "configuration",
    "emulator",
    "events",
    "exceptions",
    "hooks",
    "models",
    "options",
    "response",
    "rest",
    "training",
    "utils",
)
_PLACES = {
    "ApiClient": "ubiops.api_client",
    "Configuration": "ubiops.configuration",
    "ExperimentCreate": "ubiops.training",
    "ExperimentDetail": "ubiops.training",
    "ExperimentList": "ubiops.training",
    "ExperimentRunCreate": "ubiops.training",
    "ExperimentRunCreateResponse": "ubiops.training",
    "ExperimentRunDetail": "ubiops.training",
    "ExperimentRunList": "ubiops.training",
    "ExperimentRunUpdate": "ubiops.training",
    "ExperimentUpdate": "ubiops.training",
    "ModelList": "ubiops.models._list",
    "NULL": "ubiops.models._base",
    "Response": "ubiops.response",
    "Training": "ubiops.training",
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
            from ubiops._signposts import missing_name

            raise missing_name("ubiops", name, dir(sys.modules[__name__]))
    # Found without this function from now on.
    globals()[name] = value
    return value


def _public_names() -> list[str]:
    from ubiops import api, models

    return sorted({"__version__", *_PLACES, *api.__all__, *models.__all__, *exceptions.__all__})


def __dir__() -> list[str]:
    return sorted({*_public_names(), *_MODULES, *(name for name in globals() if name.startswith("__"))})

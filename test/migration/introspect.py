"""Prints the public names of the client of this interpreter as JSON: areas and methods
with their positional parameters, models with their fields, exceptions and helpers.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil

import ubiops
import ubiops.api
import ubiops.exceptions
import ubiops.utils

AREAS = {
    module.name: sorted({name.replace("_with_http_info", "") for name in vars(area) if not name.startswith("_")})
    for module in pkgutil.iter_modules(ubiops.api.__path__)
    if not module.name.startswith("_") and module.name != "core_api"
    for area in vars(importlib.import_module(f"ubiops.api.{module.name}")).values()
    if inspect.isclass(area) and area.__module__ == f"ubiops.api.{module.name}"
}
METHODS = {
    name: [
        parameter.name
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self"
    ]
    for name, method in inspect.getmembers(ubiops.CoreApi, inspect.isroutine)
    if not name.startswith("_") and not name.endswith("_with_http_info")
}
MODELS = {
    name: list(getattr(ubiops, name).openapi_types)
    for name in dir(ubiops)
    if isinstance(getattr(getattr(ubiops, name), "openapi_types", None), dict)
}
EXCEPTIONS = {
    name: [base.__name__ for base in found.__mro__]
    for name, found in inspect.getmembers(ubiops.exceptions, inspect.isclass)
    if issubclass(found, Exception)
}
UTILS = [name for name in dir(ubiops.utils) if not name.startswith("_") and name != "ubiops"]
PACKAGE = [name for name in dir(ubiops) if not name.startswith("_") and name not in MODELS and name != "ubiops"]

if __name__ == "__main__":
    found = {
        "areas": AREAS,
        "methods": METHODS,
        "models": MODELS,
        "exceptions": EXCEPTIONS,
        "utils": UTILS,
        "package": PACKAGE,
    }
    print(json.dumps(found))

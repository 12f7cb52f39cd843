"""Prints the public surface of the client of this interpreter as JSON.

The interpreter of an official client runs it, so it imports nothing of this repository.
It finds out by introspection, and by calling methods with a client that records what it
is asked for.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys

import ubiops
import ubiops.api
import ubiops.exceptions
import ubiops.utils

TWIN = "_with_http_info"


def parameters_of(function):
    """Returns the positional parameters, the keywords, and whether there are others."""
    try:
        parameters = [one for one in inspect.signature(function).parameters.values() if one.name not in ("self", "cls")]
    except (TypeError, ValueError):
        return None
    kinds = inspect.Parameter
    named = (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    return {
        "positional": [one.name for one in parameters if one.kind in named],
        "keywords": sorted(one.name for one in parameters if one.kind is kinds.KEYWORD_ONLY),
        "required": [one.name for one in parameters if one.kind in named and one.default is one.empty],
        "any": any(one.kind is kinds.VAR_KEYWORD for one in parameters),
    }


def options_of(method):
    """Returns the keyword options of a method, as its documentation lists them."""
    documentation = inspect.getdoc(method) or ""
    return sorted(set(re.findall(r"^:param (?:[^:]+ )?(\w+):", documentation, re.MULTILINE)))


def members_of(cls):
    """Returns the public members of a class, with the parameters of its methods."""
    found = {}
    for name in dir(cls):
        if name.startswith("_") and name != "__init__":
            continue
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "__func__", member)
        found[name] = parameters_of(function) if inspect.isroutine(function) else None
    return found


def area_classes():
    """Returns the classes of the areas by the names of their modules."""
    return {
        module.name: area
        for module in pkgutil.iter_modules(ubiops.api.__path__)
        if not module.name.startswith("_") and module.name != "core_api"
        for area in vars(importlib.import_module(f"ubiops.api.{module.name}")).values()
        if inspect.isclass(area) and area.__module__ == f"ubiops.api.{module.name}"
    }


def methods_of(cls):
    return {
        name: {**parameters_of(method), "options": options_of(method)}
        for name, method in inspect.getmembers(cls, inspect.isroutine)
        if not name.startswith("_")
    }


def fields_of(model):
    """Returns a model's fields with their types and JSON names, and how it is made."""
    return {
        "types": dict(model.openapi_types),
        "keys": dict(model.attribute_map),
        "positional": positional_of(model),
        "members": sorted(name for name in dir(model) if not name.startswith("_") and name not in model.openapi_types),
    }


def positional_of(model):
    """Returns the fields that a model accepts by position."""
    names = parameters_of(model.__init__)["positional"] or list(model.openapi_types)
    for count in range(len(names), 0, -1):
        try:
            model(*[None] * count)
        except TypeError:
            continue
        except ValueError:
            pass
        return names[:count]
    return []


def is_model(name):
    return isinstance(getattr(getattr(ubiops, name), "openapi_types", None), dict)


def modules_of(package):
    """Returns the public names of each public module, with their parameters."""
    found = {}
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if any(part.startswith("_") for part in module.name.split(".")) or "emulator" in module.name:
            continue
        try:
            loaded = importlib.import_module(module.name)
        except Exception as error:
            print(f"{module.name}: {error}", file=sys.stderr)
            continue
        found[module.name] = {
            name: describe(getattr(loaded, name))
            for name in dir(loaded)
            if not name.startswith("_") and (defined_in(loaded, name) or name in getattr(loaded, "__all__", ()))
        }
    return found


def defined_in(module, name):
    return getattr(getattr(module, name), "__module__", None) == module.__name__


def describe(value):
    """Returns the parameters of a function or of a class's constructor; None for
    others."""
    if inspect.isroutine(value):
        return parameters_of(value)
    if inspect.isclass(value) and not issubclass(value, BaseException):
        return parameters_of(value.__init__)
    return None


def everything():
    names = [name for name in dir(ubiops) if not name.startswith("_") and name != "ubiops"]
    models = [name for name in names if is_model(name)]
    exceptions = inspect.getmembers(ubiops.exceptions, inspect.isclass)
    areas = area_classes()
    configuration = ubiops.Configuration()
    return {
        "package": [name for name in names if name not in models],
        "areas": {
            name: sorted({one.replace(TWIN, "") for one in vars(area) if not one.startswith("_")})
            for name, area in areas.items()
        },
        "area_classes": {name: area.__name__ for name, area in areas.items()},
        "area_attributes": sorted(
            name for name in areas if hasattr(ubiops.CoreApi(ubiops.ApiClient(configuration)), name)
        ),
        "methods": {name: one for name, one in methods_of(ubiops.CoreApi).items() if not name.endswith(TWIN)},
        "twins": {
            name: one for area in areas.values() for name, one in methods_of(area).items() if name.endswith(TWIN)
        },
        "models": {name: fields_of(getattr(ubiops, name)) for name in models},
        "exceptions": {
            name: {"bases": [base.__name__ for base in found.__mro__], "init": parameters_of(found.__init__)}
            for name, found in exceptions
            if issubclass(found, Exception)
        },
        "client": members_of(ubiops.ApiClient),
        "configuration": {
            **members_of(ubiops.Configuration),
            **{name: None for name in vars(configuration) if name[0] != "_"},
        },
        "utils": [name for name in dir(ubiops.utils) if not name.startswith("_") and name != "ubiops"],
        "modules": modules_of(ubiops),
    }


if __name__ == "__main__":
    print(json.dumps(everything()))

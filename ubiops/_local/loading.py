"""Loads the code of a deployment package."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from ubiops._local.errors import LocalRunError, RequestFunctionError
from ubiops.exceptions import ApiFileNotFoundError, ApiTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULE = "deployment"


def find_code(directory: Any) -> str:
    """Returns the absolute path of a package's ``deployment.py``.

    Raises:
        ubiops.ApiTypeError: The directory is not a path.
        ubiops.ApiFileNotFoundError: There is no such folder, or no such file in it.
    """
    if not isinstance(directory, (str, os.PathLike)):
        raise ApiTypeError(f"deployment_directory must be a path, got {type(directory).__name__}")
    folder = os.path.abspath(os.fspath(directory))
    if not os.path.isdir(folder):
        raise ApiFileNotFoundError(f"there is no folder {folder!r}")
    path = os.path.join(folder, "deployment.py")
    if not os.path.isfile(path):
        raise ApiFileNotFoundError(f"{folder!r} is not a deployment package: it has no deployment.py")
    return path


@contextlib.contextmanager
def loaded(path: str) -> Iterator[type[Any]]:
    """Loads a ``deployment.py`` anew, and gives its class ``Deployment``.

    Until the end of the context, modules are also looked up in the package's folder and
    in its folder ``libraries``, as on the platform.

    Raises:
        LocalRunError: The code can't be loaded.
        RequestFunctionError: There is no class ``Deployment``.
    """
    folder = os.path.dirname(path)
    places = [place for place in (folder, os.path.join(folder, "libraries")) if place not in sys.path]
    before = dict(sys.modules)
    sys.path += places
    try:
        yield _load(path)
    finally:
        for place in places:
            with contextlib.suppress(ValueError):
                sys.path.remove(place)
        _forget(before, folder)


def _load(path: str) -> type[Any]:
    loader = SourceFileLoader(_MODULE, path)
    spec = spec_from_file_location(_MODULE, path, loader=loader)
    assert spec is not None  # noqa: S101 - there is a loader
    module = module_from_spec(spec)
    sys.modules[_MODULE] = module
    try:
        loader.exec_module(module)
    except Exception as error:
        raise LocalRunError(f"Failed to load deployment package: {type(error).__name__}: {error}") from error
    found = getattr(module, "Deployment", None)
    if not isinstance(found, type):
        raise RequestFunctionError(f"{path!r} has no class Deployment")
    return found


def _forget(before: dict[str, Any], folder: str) -> None:
    """Forgets the modules of the package, so that the next run loads them anew and
    another package can have modules of the same names.
    """
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        inside = isinstance(file, str) and os.path.abspath(file).startswith(folder + os.sep)
        if inside and before.get(name) is not module:
            if name in before:
                sys.modules[name] = before[name]
            else:
                del sys.modules[name]

"""The API on your own machine, with real state: for trials, lessons and tests without account or network.

::

    import ubiops
    import ubiops.emulator

    with ubiops.emulator.start() as emulator:
        with ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
            print(api.deployments_list("my-project"))

It needs the extra ``ubiops[emulator]``. From a terminal: ``python -m ubiops.emulator``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubiops.emulator.clock import Clock
    from ubiops.emulator.server import Emulator, start

__all__ = ["Clock", "Emulator", "start"]

_PLACES = {"Clock": "clock", "Emulator": "server", "start": "server"}
_EXTRA = ("anyio", "h11", "jsonschema", "python_multipart", "referencing", "starlette", "uvicorn")


if not TYPE_CHECKING:
    # Hidden from type checkers, which would take it to mean that every name exists.
    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module 'ubiops.emulator' has no attribute {name!r}")
        try:
            value = getattr(importlib.import_module(f"ubiops.emulator.{_PLACES[name]}"), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRA:
                raise
            message = f"the emulator needs {error.name}, which is not installed: pip install 'ubiops[emulator]'"
            raise ModuleNotFoundError(message, name=error.name) from error
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})

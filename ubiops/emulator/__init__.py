"""A local UbiOps API with real state, to try it, teach it and test against it.

It needs neither an account nor a network::

    import ubiops.emulator

    with ubiops.emulator.start() as emulator:
        api = emulator.api()
        print(api.deployments_list("my-project"))

The emulator needs the extra ``ubiops[emulator]``. From a terminal, run
``python -m ubiops.emulator``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.server import Emulator, start

__all__ = ["Clock", "Emulator", "start"]

_MODULES = {"Clock": "core.clock", "Emulator": "server", "start": "server"}
_EXTRA = ("anyio", "cronsim", "h11", "jsonschema", "python_multipart", "referencing", "starlette", "uvicorn", "yaml")


if not TYPE_CHECKING:
    # Hidden from type checkers, which would conclude that every name exists.
    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module 'ubiops.emulator' has no attribute {name!r}")
        try:
            value = getattr(importlib.import_module(f"ubiops.emulator.{_MODULES[name]}"), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRA:
                raise
            message = f"the emulator needs {error.name}, which is not installed: pip install 'ubiops[emulator]'"
            raise ModuleNotFoundError(message, name=error.name) from error
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})

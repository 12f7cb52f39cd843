"""``run_local``, at the import path of the official client.

Importing this module sets ``ubiops.utils.run_local`` to it, so it can be called like
the function of that name.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ubiops._local.run import run_local

__all__ = ["run_local"]


class _Module(ModuleType):
    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return run_local(*arguments, **keywords)


sys.modules[__name__].__class__ = _Module

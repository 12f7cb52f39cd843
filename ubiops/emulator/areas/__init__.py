"""The areas of the API: one module or package for each, named as in the description.

An area registers its handlers with `ubiops.emulator.core.handlers.handler` and its
tables with `ubiops.emulator.core.migrations.migration` where it defines them. Importing
this package imports all areas, so a new one needs no entry in a list.

The rule is one module or package an area. An area starts as a module and becomes a
package of small modules before it grows beyond 350 lines. Areas import from `core`. If
an area needs another one, the import goes one way only.
"""

from __future__ import annotations

import importlib
import pkgutil

from ubiops.emulator.core.migrations import registered_migrations

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)

MIGRATIONS = registered_migrations()

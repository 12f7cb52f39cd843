"""Joins the parts of the runtime to an emulator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ubiops.emulator.areas.deployments import builds
from ubiops.emulator.runtime.background import WorkQueue
from ubiops.emulator.runtime.builder import LocalBuilder
from ubiops.emulator.runtime.packages import Packages
from ubiops.emulator.runtime.runner import LocalRunner

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator.core.backend import Backend

CAN_RUN = os.name == "posix"
"""Whether code can be run on this system."""


def attach(backend: Backend, folder: Path) -> LocalRunner | None:
    """Gives a backend its runner, builder and background work, as its settings say.

    Args:
        backend: The emulator.
        folder: Its data folder.
    """
    background = WorkQueue()
    backend.background = background
    backend.services += [background, Resumption(backend)]
    if not backend.settings.run_code:
        return None
    runtime = folder / "runtime"
    # Other users of this machine can't read what was uploaded.
    runtime.mkdir(mode=0o700, exist_ok=True)
    packages = Packages(runtime)
    builder = LocalBuilder(backend, packages, runtime / "environments", backend.settings.install)
    runner = LocalRunner(backend, packages, builder, folder)
    builder.prepare_process = runner.slots.standby.prepare
    backend.builder = builder
    backend.installer = builder if backend.settings.install else None
    backend.runner = runner
    backend.services += [builder, runner]
    return runner


class Resumption:
    """A service that takes up builds that were interrupted."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def start(self) -> None:
        """Takes them up."""
        builds.resume(self._backend)

    def stop(self) -> None:
        """Does nothing."""

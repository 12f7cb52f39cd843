"""Inspects a deployment package as a build does, without running it.

The client validates packages with the same code. Here they come from anyone who can
reach the emulator, so a child process with limits inspects them.
"""

from __future__ import annotations

import threading

from ubiops._packages.build import Inspection
from ubiops._packages.inspector import Inspector

__all__ = ["Inspection", "Inspections", "inspect"]

_INSPECTOR = Inspector()
inspect = _INSPECTOR.inspect


class Inspections:
    """A service that ends the child processes together with the last emulator."""

    _running = 0
    _lock = threading.Lock()

    def start(self) -> None:
        """Counts an emulator. The first package starts the first child process."""
        with self._lock:
            Inspections._running += 1

    def reset(self) -> None:
        """Keeps the child processes: they have no state."""

    def stop(self) -> None:
        """Ends the child processes if no other emulator runs."""
        with self._lock:
            Inspections._running -= 1
            if Inspections._running == 0:
                _INSPECTOR.close()

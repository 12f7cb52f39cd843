"""How much a package may hold."""

from __future__ import annotations

MAXIMUM_ENTRIES = 200_000
MAXIMUM_CODE_SIZE = 4 * 1024**2
"""The largest file with code that is read."""
MAXIMUM_SETTINGS_SIZE = 1024**2
"""The largest requirements.txt or ubiops.yaml that is read."""
MAXIMUM_PACKAGE = 2 * 1024**3
"""The largest package that the platform accepts."""
LARGE_FILE = 512 * 1024**2
"""The size from which on a file in a folder is worth a warning."""

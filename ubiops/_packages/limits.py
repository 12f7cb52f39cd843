"""Limits for packages."""

from __future__ import annotations

MAXIMUM_ENTRIES = 200_000
MAXIMUM_CODE_SIZE = 4 * 1024**2
"""The largest file with code that is read."""
MAXIMUM_MODULES_SIZE = 16 * 1024**2
"""The maximum amount of code that is read to follow imports."""
MAXIMUM_REQUIREMENTS_SIZE = 1024**2
MAXIMUM_SETTINGS_SIZE = 128 * 1024
"""The largest ubiops.yaml that is read."""
MAXIMUM_PROBLEMS = 100
"""The maximum number of problems that are collected."""
MAXIMUM_PACKAGE = 2 * 1024**3
"""The largest package that the platform accepts."""
LARGE_FILE = 512 * 1024**2
"""The size above which a file in a folder causes a warning."""


def readable(size: int) -> str:
    """Returns a number of bytes in a unit that suits it."""
    if size < 1024:
        return f"{size} bytes"
    amount = float(size)
    for unit in ("KB", "MB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:,.1f} {unit}".replace(".0 ", " ")
    return f"{amount / 1024:,.1f} GB".replace(".0 ", " ")

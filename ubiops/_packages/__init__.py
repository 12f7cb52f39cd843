"""Deployment packages: listing a folder, packing it, and checking what it holds.

Nothing here knows of HTTP or of the emulator, and no code of a package is ever run.
"""

from __future__ import annotations

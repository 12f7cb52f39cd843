"""The version of this library, in its only place."""

from __future__ import annotations

__version__ = "5.0.0.dev0"

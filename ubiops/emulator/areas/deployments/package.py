"""Inspects a deployment package as a build does, without running it.

The client validates packages with the same code.
"""

from __future__ import annotations

from ubiops._packages.build import Inspection, inspect

__all__ = ["Inspection", "inspect"]

"""Deployment packages: listing, packing and validating them.

This package depends on neither HTTP nor the emulator, and never runs a package's code.
"""

from __future__ import annotations

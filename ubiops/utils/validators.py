"""The validators, at the import path of the official client."""

from __future__ import annotations

from ubiops.utils.validate import validate_requirements_file

__all__ = ["validate_requirements_file"]

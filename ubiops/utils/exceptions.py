"""Errors of the helpers, where the official client has them. They are in ``ubiops``, too."""

from __future__ import annotations

from ubiops.exceptions import StatusError, WaitTimeoutError

__all__ = ["StatusError", "WaitTimeoutError"]

"""The errors of waiting, at the import path of the official client.

``ubiops.exceptions`` defines them.
"""

from __future__ import annotations

from ubiops.exceptions import StatusError, WaitTimeoutError

__all__ = ["StatusError", "WaitTimeoutError"]

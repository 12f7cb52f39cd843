"""The errors of waiting, at the import path of the official client.

``ubiops.exceptions`` defines them.
"""

from __future__ import annotations

from ubiops.exceptions import StatusError, UbiOpsException, WaitTimeoutError

__all__ = ["StatusError", "UbiOpsException", "WaitTimeoutError"]

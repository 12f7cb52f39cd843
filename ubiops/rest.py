"""The import path of ``RESTClient``, which is defined in ``ubiops._transport``."""

from __future__ import annotations

from ubiops._transport.pool import RESTClient
from ubiops._transport.response import RawResponse

__all__ = ["RESTClient", "RESTClientObject", "RawResponse"]

RESTClientObject = RESTClient
"""The name of the class in the official client."""

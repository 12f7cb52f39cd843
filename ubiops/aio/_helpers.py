"""What the helpers for the async client share."""

from __future__ import annotations

from typing import Any

from ubiops.aio.client import ApiClient
from ubiops.aio.core_api import CoreApi
from ubiops.exceptions import ApiTypeError


def async_api_of(client: object, caller: str) -> Any:
    """Returns the methods of an async client that a helper was given.

    They have the signatures of ``CoreApi``, but return awaitables.

    Raises:
        ubiops.ApiTypeError: It is something else, such as a blocking client.
    """
    if isinstance(client, CoreApi):
        return client
    if isinstance(client, ApiClient):
        return CoreApi(client)
    what = f"{type(client).__module__}.{type(client).__name__}"
    raise ApiTypeError(f"{caller}(): 'client' must be an ubiops.aio.ApiClient or an ubiops.aio.CoreApi, got {what}")

"""The client that a helper was given."""

from __future__ import annotations

from typing import Any

from ubiops.aio.client import ApiClient
from ubiops.aio.core_api import CoreApi
from ubiops.exceptions import ApiTypeError


def async_api_of(client: ApiClient | CoreApi, caller: str) -> CoreApi:
    """Returns the methods of a client that a helper was given.

    Raises:
        ubiops.ApiTypeError: It is something else, such as a blocking client.
    """
    if isinstance(client, CoreApi):
        return client
    # Any area of the API will do as well.
    found: Any = getattr(client, "api_client", client)
    if isinstance(found, ApiClient):
        return CoreApi(found)
    what = f"{type(client).__module__}.{type(client).__name__}"
    raise ApiTypeError(f"{caller}() of ubiops.aio takes an ubiops.aio.ApiClient or CoreApi for 'client', got {what}")

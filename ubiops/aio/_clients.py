"""The clients that functions of ``ubiops.aio.utils`` accept."""

from __future__ import annotations

from ubiops.aio.client import ApiClient
from ubiops.aio.core_api import CoreApi
from ubiops.exceptions import ApiTypeError


def core_api_of(client: object, caller: str) -> CoreApi:
    """Returns the methods of an async client.

    Raises:
        ubiops.ApiTypeError: It is something else, such as a blocking client.
    """
    if isinstance(client, CoreApi):
        return client
    # Any area of the API will do as well.
    found = getattr(client, "api_client", client)
    if isinstance(found, ApiClient):
        return CoreApi(found)
    what = f"{type(client).__module__}.{type(client).__name__}"
    raise ApiTypeError(f"{caller}(): 'client' must be an ApiClient or a CoreApi of ubiops.aio, got {what}")

"""The async client of the UbiOps API, for asyncio.

::

    import asyncio
    import ubiops.aio

    async def main(): async with ubiops.aio.CoreApi() as api: # the token is read from
        UBIOPS_API_TOKEN for deployment in await api.deployments_list("my-project"):
        print(deployment.name, deployment.labels)

    asyncio.run(main())

Every method of ``ubiops.CoreApi`` is here too, and is awaited. Models, errors, retries,
limits and ``Configuration`` are those of the blocking client. Cancel a task to cancel
its call.
"""

from __future__ import annotations

from ubiops.aio.client import ApiClient
from ubiops.aio.core_api import CoreApi
from ubiops.aio.response import EventStream, Response

__all__ = ["ApiClient", "CoreApi", "EventStream", "Response"]

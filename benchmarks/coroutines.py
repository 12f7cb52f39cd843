"""The contestants with coroutines: this client's async half, httpx and aiohttp.

httpx and aiohttp do what the floor does: they send the request and parse the JSON.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import payloads
from contestants import TOKEN

if TYPE_CHECKING:
    from collections.abc import Coroutine

PATH = f"/projects/{payloads.PROJECT}/deployments/image-classifier"
HEADERS = {"Accept": "application/json", "Authorization": TOKEN}


class _Loop:
    """An event loop that lives as long as the contestant."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine to its end."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """Closes the client and the event loop."""
        self.run(self.end())
        self._loop.close()

    async def end(self) -> None:
        """Closes the client's connections."""


class This(_Loop):
    """The async client of this library."""

    def __init__(self, host: str) -> None:
        super().__init__()
        import ubiops
        import ubiops.aio

        configuration = ubiops.Configuration(host=host, api_key={"Authorization": TOKEN})
        self._client: Any = ubiops.aio.ApiClient(configuration)
        self._api: Any = ubiops.aio.CoreApi(self._client)

    async def get(self) -> Any:
        return (await self._api.deployments_get(payloads.PROJECT, "image-classifier")).name

    async def end(self) -> None:
        await self._client.close()


class Httpx(_Loop):
    """httpx, with its default limits."""

    def __init__(self, host: str) -> None:
        super().__init__()
        import httpx  # pyright: ignore[reportMissingImports]

        self._url = host + PATH
        self._client: Any = httpx.AsyncClient(timeout=60)

    async def get(self) -> Any:
        return (await self._client.get(self._url, headers=HEADERS)).json()["name"]

    async def end(self) -> None:
        await self._client.aclose()


class Aiohttp(_Loop):
    """aiohttp, with its default limits."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._url = host + PATH
        self._session: Any = None

    async def get(self) -> Any:
        if self._session is None:
            import aiohttp  # pyright: ignore[reportMissingImports]

            # A session has to be created inside the event loop.
            self._session = aiohttp.ClientSession()
        async with self._session.get(self._url, headers=HEADERS) as response:
            return (await response.json())["name"]

    async def end(self) -> None:
        if self._session is not None:
            await self._session.close()


CONTESTANTS = {"async": This, "httpx": Httpx, "aiohttp": Aiohttp}

"""Both clients of a contract server behind one blocking interface."""

from __future__ import annotations

import asyncio
from typing import Any

from contract.operations import GENERATIONS
from contract.server import ContractServer

TOKEN = "0123456789abcdef"


def _configuration(host: str) -> Any:
    import ubiops

    return ubiops.Configuration(host=host, api_key={"Authorization": f"Token {TOKEN}"}, proxy="")


class BlockingCaller:
    """Makes calls with the blocking client."""

    def __init__(self, server: ContractServer) -> None:
        import ubiops

        self.apis = {
            generation: ubiops.CoreApi(ubiops.ApiClient(_configuration(server.host(generation))))
            for generation in GENERATIONS
        }

    def method(self, generation: str, name: str) -> Any:
        """Returns a method of the client for one generation of the API."""
        return getattr(self.apis[generation], name)

    def read_file(self, response: Any) -> bytes:
        """Returns the content of a response."""
        with response:
            return bytes(response.read())

    def read_events(self, stream: Any) -> list[Any]:
        """Returns the events of a stream."""
        with stream:
            return list(stream)

    def __enter__(self) -> BlockingCaller:
        return self

    def __exit__(self, *error: object) -> None:
        for api in self.apis.values():
            api.close()


class AsyncCaller:
    """Makes calls with the async client, in an event loop of its own."""

    def __init__(self, server: ContractServer) -> None:
        import ubiops.aio

        self.loop = asyncio.new_event_loop()
        self.apis = {
            generation: ubiops.aio.CoreApi(ubiops.aio.ApiClient(_configuration(server.host(generation))))
            for generation in GENERATIONS
        }

    def method(self, generation: str, name: str) -> Any:
        """Returns a method of the client for one generation of the API."""
        found = getattr(self.apis[generation], name)
        return lambda *arguments, **options: self.loop.run_until_complete(found(*arguments, **options))

    def read_file(self, response: Any) -> bytes:
        """Returns the content of a response."""

        async def read() -> bytes:
            async with response:
                return bytes(await response.read())

        return self.loop.run_until_complete(read())

    def read_events(self, stream: Any) -> list[Any]:
        """Returns the events of a stream."""

        async def read() -> list[Any]:
            async with stream:
                return [event async for event in stream]

        return self.loop.run_until_complete(read())

    def __enter__(self) -> AsyncCaller:
        return self

    def __exit__(self, *error: object) -> None:
        for api in self.apis.values():
            self.loop.run_until_complete(api.close())
        self.loop.close()

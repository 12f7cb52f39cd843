"""The async client behind the interface of the blocking one, for shared tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import ubiops
import ubiops.aio
from ubiops._client import read_options
from ubiops._core.request import Options

PATIENCE = 60.0
"""Seconds after which a call is cancelled, so that a failing test ends."""


class Loop:
    """An event loop that runs in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.start(work).result(PATIENCE)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


class BridgedClient(ubiops.ApiClient):
    """A blocking client whose calls are made by an async one.

    Args:
        loop: Where they run.
        configuration: The settings of both.
    """

    def __init__(self, loop: Loop, configuration: ubiops.Configuration, pool_threads: int = 1) -> None:
        super().__init__(configuration, pool_threads=pool_threads)
        self._loop = loop
        self._async = ubiops.aio.ApiClient(configuration)

    @property
    def rest_client(self) -> Any:
        return self._async.rest_client

    def close(self) -> None:
        self._loop.run(self._async.close())

    def execute(self, operation: Any, arguments: Any, options: Any, **values: Any) -> Any:
        call = read_options(operation, options, self.configuration)
        options = {name: value for name, value in options.items() if name != "async_req"}
        if call.background:
            self._prepare(operation, arguments, call, **values)
        return self._call(call, lambda client: client.execute(operation, arguments, options, **values))

    def call_api(self, *arguments: Any, async_req: Any = None, **options: Any) -> Any:
        call = Options({"async_req": async_req}, self.configuration._timeouts)
        return self._call(call, lambda client: client.call_api(*arguments, **options))

    def _call(self, call: Options, make: Callable[[ubiops.aio.ApiClient], Coroutine[Any, Any, Any]]) -> Any:
        client = self._async
        client._default_headers, client._cookie = self._default_headers, self._cookie
        client._event_hooks = self._event_hooks

        async def run() -> Any:
            result = await make(client)
            if isinstance(result, tuple):
                return tuple(self._blocking(item) for item in result)
            return self._blocking(result)

        return Handle(self._loop.start(run())) if call.background else self._loop.run(run())

    def _blocking(self, value: Any) -> Any:
        if isinstance(value, ubiops.aio.EventStream):
            return BridgedStream(self._loop, value)
        return BridgedResponse(self._loop, value) if isinstance(value, ubiops.aio.Response) else value


class Handle:
    """What ``async_req=True`` returns."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def get(self, timeout: float | None = None) -> Any:
        return self._future.result(timeout)

    def wait(self, timeout: float | None = None) -> None:
        self._future.exception(timeout)

    def ready(self) -> bool:
        return bool(self._future.done())


class BridgedResponse:
    """A blocking response over an async one."""

    def __init__(self, loop: Loop, inner: ubiops.aio.Response) -> None:
        self._loop = loop
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        # The attributes that are the same in both: status, headers, getfilename and so
        # on.
        return getattr(self._inner, name)

    @property
    def _raw(self) -> Any:
        return self._inner._inner._raw

    def read(self, amt: int | None = None) -> Any:
        return self._loop.run(self._inner.read(amt))

    def stream(self, amt: int | None = 1 << 18) -> Iterator[bytes]:
        blocks: Any = self._inner.stream(amt)

        async def next_block() -> Any:
            async for block in blocks:
                return block
            return None

        try:
            while (block := self._loop.run(next_block())) is not None:
                yield block
        finally:
            self._loop.run(blocks.aclose())

    def iter_content(self, chunk_size: int | None = 1 << 18) -> Iterator[bytes]:
        return self.stream(chunk_size)

    def __iter__(self) -> Iterator[bytes]:
        return self.stream()

    @property
    def data(self) -> bytes:
        content: bytes = self._loop.run(self._inner.content())
        return content

    content = data

    @property
    def text(self) -> Any:
        return self._loop.run(self._inner.text())

    def json(self) -> Any:
        return self._loop.run(self._inner.json())

    def save(self, *arguments: Any, **options: Any) -> Any:
        return self._loop.run(self._inner.save(*arguments, **options))

    def close(self) -> None:
        self._loop.run(self._inner.close())

    def __enter__(self) -> BridgedResponse:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class BridgedStream:
    """A blocking event stream over an async one."""

    def __init__(self, loop: Loop, inner: ubiops.aio.EventStream) -> None:
        self._loop = loop
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __iter__(self) -> Iterator[Any]:
        events = self._inner.__aiter__()

        async def next_event() -> Any:
            async for event in events:
                return event
            return None

        while (event := self._loop.run(next_event())) is not None:
            yield event

    def __enter__(self) -> BridgedStream:
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.run(self._inner.close())

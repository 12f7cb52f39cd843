"""Compares transports for the async client: worker threads over urllib3, httpx and
aiohttp.

Run ``python -m benchmarks.asynchronous`` where httpx and aiohttp are installed. Each
contestant runs in processes of its own against one server on loopback, in interleaved
rounds; the best round counts. httpx and aiohttp only send the request and parse the
JSON, while this client also checks, redacts, retries and builds the model.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROUNDS = 5
CALLS = 1000
PATH = "/v2.1/projects/p/deployments/d"
BODY = json.dumps({"id": "1", "name": "d", "project": "p", "creation_date": "2024-05-12T16:15:11Z"}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
TOKEN = "Token of-the-benchmark"  # noqa: S105 - a made-up token
CONTESTANTS = ("threads", "threads, max_concurrency=1000", "httpx", "aiohttp")


class Server(asyncio.Protocol):
    """Responds to each request, after the delay that its port stands for."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            self._received = self._received.partition(b"\r\n\r\n")[2]
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._respond)
            else:
                self._respond()

    def _respond(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(HEAD + BODY)


async def serve() -> None:
    """Serves until standard input ends; prints the ports without and with a delay."""
    loop = asyncio.get_running_loop()
    ports = []
    for delay in (0.0, 0.1):
        server = await loop.create_server(lambda delay=delay: Server(delay), "127.0.0.1", 0, backlog=2048)  # type: ignore[misc]
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def contestant(name: str, port: int) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]:
    """Returns how a contestant makes a call, and how it is closed."""
    origin = f"http://127.0.0.1:{port}"
    headers = {"Accept": "application/json", "Authorization": TOKEN}
    if name == "httpx":
        import httpx  # pyright: ignore[reportMissingImports]

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        client = httpx.AsyncClient(headers=headers, limits=limits, timeout=300, trust_env=False)

        async def get_httpx() -> Any:
            return (await client.get(origin + PATH)).json()

        return get_httpx, client.aclose
    if name == "aiohttp":
        import aiohttp  # pyright: ignore[reportMissingImports]

        session = aiohttp.ClientSession(headers=headers)

        async def get_aiohttp() -> Any:
            async with session.get(origin + PATH) as response:
                return await response.json()

        return get_aiohttp, session.close
    import ubiops.aio

    settings = ubiops.Configuration(host=f"{origin}/v2.1", api_key={"Authorization": TOKEN}, proxy="")
    limit = 1000 if "1000" in name else None
    api: Any = ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings, max_concurrency=limit))
    return (lambda: api.deployments_get("p", "d")), api.close


async def measure(name: str, ports: list[int]) -> dict[str, float]:
    """Measures one contestant: a call, many calls at once, and the memory they take."""
    found = {}
    get, close = await contestant(name, ports[0])
    await get()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(200):
            await get()
        best = min(best, (time.perf_counter() - started) / 200)
    found["one call, µs"] = best * 1e6
    for label, port in zip(("1,000 at once, ms", "1,000 at once, server takes 100 ms, ms"), ports):
        await close()
        get, close = await contestant(name, port)
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            await asyncio.gather(*(get() for _ in range(CALLS)))
            best = min(best, time.perf_counter() - started)
        found[label] = best * 1e3
    found["memory, MB"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    await close()
    return found


def main() -> None:
    """Measures all contestants and prints a table."""
    python = [sys.executable, "-m", "benchmarks.asynchronous"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen([*python, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - for the type checker
        ports = server.stdout.readline().strip()
        figures: dict[str, list[dict[str, float]]] = {}
        for _ in range(ROUNDS):
            for name in CONTESTANTS:
                done = subprocess.run(
                    [*python, name, ports], env=environment, capture_output=True, text=True, check=True
                )
                figures.setdefault(name, []).append(json.loads(done.stdout))
        server.kill()
    labels = list(figures[CONTESTANTS[0]][0])
    print(f"| | {' | '.join(labels)} |\n|---|{'---:|' * len(labels)}")
    for name in CONTESTANTS:
        best = (min(figure[label] for figure in figures[name]) for label in labels)
        print(f"| {name} | {' | '.join(f'{value:,.0f}' for value in best)} |")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    elif sys.argv[1:]:
        print(json.dumps(asyncio.run(measure(sys.argv[1], json.loads(sys.argv[2])))))
    else:
        main()

"""The HTTP server of an emulator, which runs in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ubiops.emulator.core.errors import StartError
from ubiops.emulator.core.paths import ABORT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ubiops.emulator.core.backend import Backend

SECONDS_TO_STOP = 5
"""How long calls in progress may go on when the emulator is stopped."""
SECONDS_FOR_HEAD = 30
"""How long a client may take to send the head of a request."""
SECONDS_FOR_BODY = 120
"""How long a client may send nothing in the middle of a body."""
MAXIMUM_CONNECTIONS = 1000
# Descriptors for everything else: the database, files, pipes of child processes.
_OTHER_DESCRIPTORS = 100
_BACKLOG = 128
_SECONDS_BETWEEN_WARNINGS = 60

_log = logging.getLogger("ubiops.emulator")


class Protocol(H11Protocol):
    """One connection, whose client must not take forever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts a connection, if there are not too many."""
        super().connection_made(transport)
        self._since = self._received = self.loop.time()
        self.app = functools.partial(_serve, self.app, transport)
        # Its own warnings go to stderr without a time and the client's address.
        self.logger = _Quiet(self.logger)  # type: ignore[assignment]
        if len(self.connections) > maximum_connections():
            _warn_seldom("there are more than %d connections; new ones are closed", maximum_connections())
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Reads what the client sends."""
        self._received = self.loop.time()
        if self.conn.their_state is h11.IDLE and not self._has_begun():
            self._since = self._received
        super().data_received(data)

    def _has_begun(self) -> bool:
        """Returns whether a part of the head of a request has arrived."""
        return bool(self.conn.trailing_data[0])

    def close_if_late(self, now: float) -> None:
        """Closes the connection if the client takes too long to send a request."""
        late = False
        if self.conn.their_state is h11.IDLE:
            # Between requests, the timeout of idle connections applies.
            late = (self.cycle is None or self._has_begun()) and now - self._since > SECONDS_FOR_HEAD
        elif self.conn.their_state is h11.SEND_BODY:
            late = not self.flow.read_paused and now - self._received > SECONDS_FOR_BODY
        if late and not self.transport.is_closing():
            self.transport.abort()

    def _get_upgrade(self) -> bytes | None:
        # Requests to switch to another protocol are served as if they had none.
        return None

    def send_400_response(self, msg: str) -> None:
        """Responds to something that is not HTTP."""
        _log.info("%s:%s sent an invalid HTTP request", *(self.client or ("?", "?")))
        content = json.dumps({"error": "the request is not valid HTTP"}).encode("ascii")
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
            (b"connection", b"close"),
        ]
        with contextlib.suppress(h11.LocalProtocolError):
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=content),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


async def _serve(app: Any, transport: asyncio.Transport, scope: Scope, receive: Receive, send: Send) -> None:
    scope[ABORT] = transport.abort
    await app(scope, receive, send)


class _Quiet:
    """A logger that drops warnings."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def warning(self, *message: Any) -> None:
        """Drops a warning about what a client sent."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)


class Server(uvicorn.Server):
    """Uvicorn in a thread. The constructor returns when it accepts connections."""

    def __init__(self, app: ASGIApp, backend: Backend, listener: socket.socket, access_log: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=access_log,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                # As long as most proxies, so that clients rarely use a connection that
                # is about to close.
                timeout_keep_alive=75,
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(listener,), name="ubiops-emulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        failure = backend.failure or self._failure
        if failure:
            self._thread.join()
            raise StartError(f"the emulator could not be started: {failure!r}") from failure

    def _work(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self.serve(sockets=[listener]))
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to accept connections."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_handle_exception)
        # Python 3.9 ties it to the loop that runs where it is made.
        self._wake = asyncio.Event()
        await super().startup(sockets=sockets)
        self._ready.set()

    async def main_loop(self) -> None:
        """Does what is to be done once a second, until `stop` is called."""
        loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            for connection in list(self.server_state.connections):
                cast("Protocol", connection).close_if_late(loop.time())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finishes the calls in progress, or cancels them when they take too long.

        In place of uvicorn's, which waits in steps of 100 ms.
        """
        for listener in sockets or ():
            # Closing it would leave it open in processes that were forked meanwhile.
            # Some systems refuse this.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        deadline = time.monotonic() + SECONDS_TO_STOP
        pause = 0.0
        while (state.connections or state.tasks) and time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause + 0.001, 0.02)
        # Calls that took too long are cancelled and respond with 503. Clients that
        # don't read it are disconnected.
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        await self.lifespan.shutdown()

    def stop(self) -> None:
        """Stops the thread. Calls in progress get a few seconds to finish."""
        self.should_exit = True
        if self._loop is not None:
            # It is closed if the thread has ended by itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)
        self._thread.join()


def maximum_connections() -> int:
    """Returns how many connections there may be, by the limit of descriptors."""
    try:
        import resource
    except ImportError:
        return MAXIMUM_CONNECTIONS
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return MAXIMUM_CONNECTIONS
    # A connection with an upload or a download takes two.
    return max(10, min(MAXIMUM_CONNECTIONS, (limit - _OTHER_DESCRIPTORS) // 2))


_last_warning = -float("inf")


def _warn_seldom(message: str, *values: Any) -> None:
    """Logs a warning unless there was one a short time ago."""
    global _last_warning
    now = time.monotonic()
    if now - _last_warning > _SECONDS_BETWEEN_WARNINGS:
        _last_warning = now
        _log.warning(message, *values)


def _handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Logs an error of the event loop: that no connection can be accepted, seldom."""
    if "accept" in context.get("message", ""):
        _warn_seldom("no connection can be accepted: %s", context.get("exception"))
    else:
        loop.default_exception_handler(context)

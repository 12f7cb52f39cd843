"""A server on loopback that responds to each request as scripted, byte by byte."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Union

PATIENCE = 20.0
"""Seconds after which a server gives up, so that a failing test ends."""


ZIP_START = b"PK\x03\x04"
"""The first bytes of a zip archive: other files are not uploaded as one."""


class Gone(Exception):
    """The client closed its connection."""


@dataclass
class Request:
    """A request as it arrived, parsed by hand so that no library interprets it."""

    method: str
    target: str
    version: str
    lines: list[tuple[str, str]]
    body: bytes = b""
    connection: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.lines}


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, number: int, wire: Wire) -> None:
        self.sock = sock
        self.number = number
        self.wire = wire
        self.open = True
        self._buffer = b""

    def _receive(self) -> None:
        data = self.sock.recv(1 << 16)
        if not data:
            raise Gone
        self._buffer += data

    def wait(self) -> None:
        """Waits for the first byte of a request."""
        if not self._buffer:
            self._receive()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def read_head(self) -> Request:
        first, *rest = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
        pairs = [line.partition(":") for line in rest]
        request = Request(method, target, version, [(name, value.strip()) for name, _, value in pairs])
        request.connection = self.number
        self.wire.requests.append(request)
        return request

    def read_request(self) -> Request:
        request = self.read_head()
        if request.headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                request.body += self._exactly(size)
                self._until(b"\r\n")
            self._until(b"\r\n")
        else:
            request.body = self._exactly(int(request.headers.get("content-length", "0")))
        return request

    def drain(self) -> int:
        """Reads until the client closes the connection; returns the number of bytes."""
        total = len(self._buffer)
        self._buffer = b""
        block = bytearray(1 << 18)
        with contextlib.suppress(OSError):
            while amount := self.sock.recv_into(block):
                total += amount
        return total

    def skip_body(self, request: Request) -> int:
        """Reads a body with a Content-Length, and returns the length."""
        left = length = int(request.headers["content-length"])
        left -= len(self._buffer)
        self._buffer = b""
        block = bytearray(1 << 18)
        while left > 0:
            amount = self.sock.recv_into(block)
            if not amount:
                raise Gone
            left -= amount
        return length

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        """Closes the connection."""
        self.open = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """Resets the connection."""
        self.open = False
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Step = Union[bytes, Callable[[Peer], Any]]
"""What to do with a request."""


@dataclass
class Wire:
    """The server: each request takes the next step, over any number of connections. The
    last step is repeated.

    A step of bytes is the response to a request. Any other step is called with the
    connection when a request starts.
    """

    steps: Sequence[Step]
    context: ssl.SSLContext | None = None
    at_accept: Callable[[Peer, int], Any] | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0
        self._ended = 0
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def origin(self) -> str:
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"{self.origin}/v2.1"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._stopped:
                sock.close()
                return
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True)
            thread.start()
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]

    def _serve(self, sock: socket.socket, number: int) -> None:
        peer = Peer(sock, number, self)
        try:
            if self.at_accept is not None:
                self.at_accept(peer, number)
            if self.context is not None and peer.open:
                peer.sock = self.context.wrap_socket(sock, server_side=True)
            with self._lock:
                self._peers.append(peer)
            while peer.open:
                peer.wait()
                step = self._next()
                if isinstance(step, bytes):
                    peer.read_request()
                    peer.send(step)
                else:
                    step(peer)
        except (Gone, OSError):
            pass  # In many tests, the client closes its connection.
        except BaseException as error:
            self.failures.append(error)
        finally:
            with self._lock:
                if peer in self._peers:
                    self._peers.remove(peer)
                self._ended += 1
            peer.sock.close()
            sock.close()

    def _next(self) -> Step:
        with self._lock:
            step = self.steps[min(self._taken, len(self.steps) - 1)]
            self._taken += 1
            return step

    def hang_up(self) -> None:
        """Closes all idle connections, as servers do after a while."""
        with self._lock:
            peers = list(self._peers)
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait_until_left(self, connections: int = 1, kept: int = 0) -> None:
        """Waits until this many connections were opened and the client has closed them.

        The client may keep some of them open.
        """
        until = time.monotonic() + PATIENCE
        while self.connections < connections or self._ended < self.connections - kept:
            assert time.monotonic() < until, "the client keeps its connection"
            time.sleep(0.005)

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        self._accepting.join(PATIENCE)
        self._listener.close()
        self.hang_up()
        assert not any(thread.is_alive() for thread in (self._accepting, *self._threads)), "a scripted server hangs"
        for failure in self.failures:
            raise failure

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


WireFor = Callable[..., Wire]
"""The fixture ``wire``: starts a server with these steps."""


# --- responses ------------------------------------------------------------------------


def reply(status: int = 200, body: bytes | Any = b"{}", *headers: str, reason: str | None = None) -> bytes:
    """Returns a response with a Content-Length. Bodies other than bytes become JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {phrase(status) if reason is None else reason}", *headers]
    if not any(line.lower().startswith("content-type:") for line in headers):
        lines.append("Content-Type: application/json")
    if status != 204 and status != 304:
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Something"


def chunked(*chunks: bytes, status: int = 200, headers: Sequence[str] = (), end: bytes = b"0\r\n\r\n") -> bytes:
    """Returns a response in chunks."""
    head = [f"HTTP/1.1 {status} {phrase(status)}", "Transfer-Encoding: chunked", *headers]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body + end


def then_close(data: bytes = b"") -> Step:
    """Responds with these bytes, then closes the connection."""

    def step(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        peer.close()

    return step


def then_reset(data: bytes = b"") -> Step:
    """Responds with these bytes, then resets the connection."""

    def step(peer: Peer) -> None:
        peer.read_request()
        if data:
            peer.send(data)
            # The bytes must arrive before the reset.
            time.sleep(0.05)
        peer.reset()

    return step


def silence(peer: Peer) -> None:
    """Reads the request and never responds."""
    peer.read_request()
    peer.wait()


def then_silence(data: bytes) -> Step:
    """Responds with these bytes, and keeps the connection open."""

    def step(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        peer.wait()

    return step


def drip(start: bytes, endless: bytes, pause: float = 0.02, *, read: bool = True) -> Step:
    """Responds with ``start``, then repeats ``endless``, with a pause before each byte.

    Without ``read``, the request was read before.
    """

    def step(peer: Peer) -> None:
        if read:
            peer.read_request()
        peer.send(start)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for byte in endless:
                time.sleep(pause)
                peer.send(bytes((byte,)))

    return step


def tunnel(peer: Peer) -> None:
    """Does what a proxy does for CONNECT: it passes on all bytes, both ways."""
    head = peer.read_head()
    assert head.method == "CONNECT"
    host, _, port = head.target.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as behind:
        peer.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        ways = {peer.sock: behind, behind: peer.sock}
        with contextlib.suppress(OSError):
            while True:
                for one in select.select(list(ways), [], [], 20)[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        peer.close()
                        return
                    ways[one].sendall(data)


# --- clients --------------------------------------------------------------------------

TOKEN = "s3cr3t-t0ken-0f-the-test"


def call(client: Any, method: str = "GET", **options: Any) -> Any:
    """Makes a call with any method, whose response may be any JSON."""
    return client.call_api(
        "/things",
        method,
        body={"a": 1} if method in ("POST", "PUT", "PATCH") else None,
        response_type="object",
        _return_http_data_only=True,
        **options,
    )


def settings_for(host: str | Wire, **settings: Any) -> Any:
    """The configuration for a server, with the tests' token by default."""
    import ubiops

    settings.setdefault("api_key", {"Authorization": f"Token {TOKEN}"})
    settings.setdefault("proxy", "")
    return ubiops.Configuration(host=host if isinstance(host, str) else host.host, **settings)


@contextlib.contextmanager
def client_of(host: str | Wire, *, pool_threads: int = 1, loop: Any = None, **settings: Any) -> Iterator[Any]:
    """A client for a server: a blocking one, or an async one if there is a loop."""
    import ubiops

    configuration = settings_for(host, **settings)
    if loop is None:
        made = ubiops.ApiClient(configuration, pool_threads=pool_threads)
    else:
        from bridged import BridgedClient

        made = BridgedClient(loop, configuration, pool_threads)
    with made as client:
        yield client

"""A server of prepared responses: HTTP and TLS on loopback, with TCP_NODELAY.

Run as a script by the benchmarks. It reads commands from standard input, one line of
JSON each, and stops when standard input ends.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
from functools import cache
from typing import Any

import payloads
import trustme

LIFETIME = 2 * 60 * 60
"""Seconds after which the server stops in any case."""
IDLE = 120
"""Seconds after which an idle connection is closed."""
BLOCK = 1 << 20

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_ZEROS = bytes(BLOCK)


class Counts:
    """Counts what was received since the last call of `take`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.connections = self.requests = self.body_bytes = 0

    def add(self, connections: int = 0, requests: int = 0, body_bytes: int = 0) -> None:
        with self._lock:
            self.connections += connections
            self.requests += requests
            self.body_bytes += body_bytes

    def take(self) -> dict[str, int]:
        with self._lock:
            taken = {"connections": self.connections, "requests": self.requests, "body_bytes": self.body_bytes}
            self.connections = self.requests = self.body_bytes = 0
            return taken


def _response(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _stream(events: list[bytes]) -> bytes:
    """Returns a response in chunks, one for each event."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


@cache
def response_to(method: str, path: str) -> bytes:
    """Returns the response to a request; ``items-1000`` lists 1,000 items."""
    path = path.partition("?")[0]
    count = re.search(r"/projects/items-(\d+)/", path)
    items = int(count.group(1)) if count else 0
    if method == "POST" and path.endswith("/requests"):
        return _response(payloads.dump(payloads.request_result()))
    if method == "POST" and path.endswith("/requests/batch"):
        return _response(payloads.dump([payloads.request_created(index) for index in range(len(payloads.BATCH))]))
    if method == "POST" and path.endswith("/requests/stream"):
        return _stream(payloads.events())
    if path.endswith("/requests"):
        return _response(payloads.dump([payloads.request(index) for index in range(items)]))
    if method == "POST":
        new = payloads.REVISION if path.endswith("/revisions") else payloads.deployment_detail()
        return _response(payloads.dump(new), "201 Created")
    if path.endswith("/deployments/details/versions"):
        return _response(payloads.dump([payloads.version_detail(index) for index in range(items)]))
    if path.endswith("/versions"):
        return _response(payloads.dump([payloads.version(index) for index in range(items)]))
    if path.endswith("/deployments"):
        return _response(payloads.dump([payloads.deployment(index) for index in range(items)]))
    return _response(payloads.dump(payloads.deployment_detail()))


class Connection:
    """The connection of a client, served by one thread."""

    def __init__(self, sock: Any, counts: Counts) -> None:
        self._sock = sock
        self._counts = counts
        self._buffer = bytearray(BLOCK)

    def serve(self) -> None:
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = self._sock.recv(65536)
                if not more:
                    return
                data += more
            head, _, data = data.partition(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            length = _LENGTH.search(head)
            if length:
                data = self._drain(data, int(length.group(1)))
            elif _CHUNKED.search(head):
                data = self._drain_chunks(data)
            self._counts.add(requests=1)
            download = re.search(r"/revisions/size-(\d+)/download$", path)
            if download:
                self._send_zeros(int(download.group(1)))
            else:
                self._sock.sendall(response_to(method, path))

    def _drain(self, data: bytes, length: int) -> bytes:
        left = length - len(data)
        while left > 0:
            got = self._sock.recv_into(self._buffer, min(left, BLOCK))
            if not got:
                raise ConnectionError("the body ended early")
            left -= got
        self._counts.add(body_bytes=length)
        return data[length:]

    def _drain_chunks(self, data: bytes) -> bytes:
        total, tail = len(data), data[-5:]
        while tail != b"0\r\n\r\n":
            got = self._sock.recv_into(self._buffer)
            if not got:
                raise ConnectionError("the body ended early")
            total += got
            tail = (tail + bytes(self._buffer[max(0, got - 5) : got]))[-5:]
        self._counts.add(body_bytes=total)
        return b""

    def _send_zeros(self, size: int) -> None:
        self._sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n"
            b'Content-Disposition: attachment; filename="package.zip"\r\n'
            b"Content-Length: %d\r\n\r\n" % size
        )
        for start in range(0, size, BLOCK):
            self._sock.sendall(memoryview(_ZEROS)[: min(BLOCK, size - start)])


def _serve(sock: socket.socket, context: ssl.SSLContext | None, counts: Counts) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(IDLE)
        with context.wrap_socket(sock, server_side=True) if context else sock as ready:
            counts.add(connections=1)
            Connection(ready, counts).serve()
    except OSError:
        # Every client disconnects at the end.
        pass
    finally:
        sock.close()


def _listen(context: ssl.SSLContext | None, counts: Counts) -> int:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_serve, args=(sock, context, counts), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def main() -> None:
    """Serves requests until standard input ends."""
    ending = threading.Timer(LIFETIME, os._exit, (1,))
    ending.daemon = True
    ending.start()
    counts = Counts()
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        ca = os.path.join(folder, "ca.pem")
        authority.cert_pem.write_to_path(ca)
        ports = {"http": _listen(None, counts), "https": _listen(context, counts), "ca": ca}
        print(json.dumps(ports), flush=True)
        for _ in sys.stdin:
            print(json.dumps(counts.take()), flush=True)


if __name__ == "__main__":
    main()

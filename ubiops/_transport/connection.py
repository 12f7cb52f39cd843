"""urllib3's connections with what it lacks: one connect timeout for all addresses,
early responses, attempts that can be aborted, and truncated TLS connections that are
noticed."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import time
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import wait_for_read

from ubiops._transport.attempt import Attempt, remaining
from ubiops._transport.head import HTTPResponse

PRIVATE_NAMES = (
    (HTTPConnection, "_new_conn"),
    (urllib3.HTTPSConnectionPool, "_validate_conn"),
)
"""All of urllib3's private names that this package relies on. Both have been stable
since 1.x; urllib3's own SOCKS support overrides the first in the same way."""

SMALL_BODY = 1 << 16
"""Maximum size of a body that is sent in one segment with the headers.

Up to this size, copying the body takes less time than sending a second segment.
"""

# Probes start after a minute of silence, so that no router drops the connection while a
# build or a long request is being awaited.
_KEEPALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))
        if hasattr(socket, name)
    ),
]
_default_options: Any = HTTPConnection.default_socket_options
SOCKET_OPTIONS = [*_default_options, *_KEEPALIVE]


class RequestHeaders(dict):  # type: ignore[type-arg]
    """Headers that carry the attempt to the connection that the pool picks for it."""

    def __init__(self, headers: Any, attempt: Attempt) -> None:
        super().__init__(headers)
        self.attempt = attempt

    def copy(self) -> RequestHeaders:
        return RequestHeaders(self, self.attempt)


class _Connection:
    """Mixin for both connection classes: detects early responses and can be aborted."""

    sock: Any
    port: Any
    timeout: float | None
    socket_options: Any
    _is_tls = False

    def __init__(self, host: str, *args: Any, **options: Any) -> None:
        super().__init__(host, *args, **options)  # type: ignore[call-arg]
        # urllib3 removes the dot at the end that makes a name absolute for resolvers.
        self._name_to_resolve = host.strip("[]")
        self._attempt: Attempt | None = None
        self._connecting = False
        self._connect_deadline: float | None = None
        self._handle: socket.socket | None = None
        self._tunnel_response: HTTPResponse | None = None

    def _make_response(
        self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> HTTPResponse:
        """Returns the response to what was sent last."""
        if self._connecting:
            # The proxy's response to CONNECT.
            deadline = self._connect_deadline
            self._tunnel_response = HTTPResponse(sock, debuglevel, method, url, attempt=Attempt(), deadline=deadline)
            return self._tunnel_response
        attempt = self._attempt or Attempt()
        attempt.sending = False
        response = HTTPResponse(sock, debuglevel, method, url, attempt=attempt, deadline=attempt.deadline)
        attempt.response = response
        return response

    # http.client calls this with the socket, whether it is a class or not.
    response_class: Any = property(lambda self: self._make_response)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        self._start(headers.attempt)
        url = headers.attempt.target or url
        super().request(method, url, body=body, headers=headers, **options)  # type: ignore[misc]

    def request_chunked(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        # urllib3 1.26 calls this for a body without length.
        self._start(headers.attempt)
        url = headers.attempt.target or url
        super().request_chunked(method, url, body=body, headers=headers, **options)  # type: ignore[misc]

    def _start(self, attempt: Attempt) -> None:
        previous, self._attempt = self._attempt, attempt
        shut_down = previous is not None and previous.detach()
        attempt.sending = True
        if self.sock is not None:
            attempt.attach(self.sock)
            if shut_down:
                raise ConnectionResetError("the connection was shut down while it was idle")

    def connect(self) -> None:
        attempt = self._attempt
        if attempt is None:
            # urllib3 opens a tunnel before it passes the request. This happens when the
            # request is sent, so that it belongs to the attempt and can be aborted.
            return
        self._connect_deadline = None if self.timeout is None else time.monotonic() + self.timeout
        self._connecting = attempt.connected = True
        try:
            super().connect()  # type: ignore[misc]
            attempt.attach(self.sock)
            self.sock.settimeout(self.timeout)
            if self._is_tls and not isinstance(self.sock, ssl.SSLSocket):
                # TLS within TLS has a socket of urllib3's; see tls.py for the reason.
                self.sock.suppress_ragged_eofs = False
        except BaseException as error:
            attempt.detach()
            if isinstance(error, ConnectionError):
                # urllib3 would go on to read a response after such an error.
                raise OSError(error.strerror or str(error)) from error
            raise
        finally:
            self._connecting = False
            self._close_handle()
            if self._tunnel_response is not None:
                # Before 3.12, http.client leaves it open, and the socket with it.
                self._tunnel_response.close()
                self._tunnel_response = None

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._attempt is not None and not self._connecting:
            self._attempt = None

    def _new_conn(self) -> socket.socket:
        """Connects to the first reachable address.

        The connect timeout is divided among the addresses.
        """
        try:
            addresses = socket.getaddrinfo(self._name_to_resolve, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]
        failed: Exception = NewConnectionError(self, "the host has no address")  # type: ignore[arg-type]
        for left, address in zip(range(len(addresses), 0, -1), addresses):
            try:
                return self._connect_to(address, left)
            except OSError as error:  # noqa: PERF203 - the next address is tried
                timed_out = isinstance(error, socket.timeout)
                failed = (ConnectTimeoutError if timed_out else NewConnectionError)(self, str(error))  # type: ignore[arg-type]
                failed.__cause__ = error
        raise failed

    def _connect_to(self, address: Any, left: int) -> socket.socket:
        family, kind, protocol, _, where = address
        limit = remaining(self._connect_deadline, None)
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            if limit is not None:
                sock.settimeout(limit / left)
            handle = sock
            if self._is_tls:
                # The TLS handshake replaces the socket object; this one stays valid.
                handle = self._handle = sock.dup()
            if self._attempt is not None:
                self._attempt.attach(handle)
            sock.connect(where)
            sock.settimeout(remaining(self._connect_deadline, None))
        except BaseException:
            sock.close()
            self._close_handle()
            raise
        sys.audit("http.client.connect", self, self._name_to_resolve, self.port)
        return sock

    def _close_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = self._attempt
        if self._connecting or attempt is None:
            # CONNECT goes to the proxy and is not part of the request.
            super().send(data)  # type: ignore[misc]
            return
        head = attempt.held_head
        if head is not None:
            if not head:
                attempt.held_head = data
                return
            data, attempt.held_head = head + data, None
        sock: Any = self.sock
        # A TLS socket is readable for other reasons than a response: there, only a send
        # that fails shows that the server has responded.
        watched = attempt.streaming and sock.__class__ is socket.socket
        if watched and not attempt.sent and wait_for_read(sock, timeout=0):
            raise ConnectionResetError("the server closed the connection while it was idle")
        try:
            if len(data) <= SMALL_BODY and not attempt.streaming:
                attempt.sent = True
                super().send(data)  # type: ignore[misc]
            else:
                _send_large(attempt, sock, data, watched)
        except (ConnectionError, ssl.SSLError) as error:
            # urllib3 continues with reading the response, which may be there. Without
            # one it raises this error.
            attempt.unfinished = True
            raise BrokenPipeError(str(error)) from None


def _send_large(attempt: Attempt, sock: Any, data: Any, watched: bool) -> None:
    left = memoryview(data)
    # As much at a time as the socket accepts, so that the idle timeout applies to a
    # standstill and not to the whole block.
    while left:
        sock.settimeout(attempt.remaining())
        if watched and wait_for_read(sock, timeout=0) and not _is_informational(sock):
            raise BrokenPipeError("the server responded before the body was complete")
        attempt.sent = True
        left = left[sock.send(left) :]


def _is_informational(sock: socket.socket) -> bool:
    """Returns whether an informational (1xx) response is pending."""
    return re.match(rb"HTTP/1\.1 1", sock.recv(10, socket.MSG_PEEK)) is not None


class _HTTPConnection(_Connection, HTTPConnection):
    pass


class _HTTPSConnection(_Connection, HTTPSConnection):
    _is_tls = True


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = _HTTPSConnection

    def _validate_conn(self, conn: Any) -> None:
        """Does nothing. urllib3 would connect here, before it passes the request, and
        warn at every connection whose certificate is not verified."""


POOL_CLASSES = {"http": _HTTPPool, "https": _HTTPSPool}

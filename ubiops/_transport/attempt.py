"""The state of one attempt at a request, which another thread can abort."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops._core.timeouts import Timeouts
    from ubiops._transport.proxies import Proxy


class Aborted(OSError):
    """The attempt was aborted. Never leaves this package."""


class Attempt:
    """One attempt at a request: its limits, its progress, and how to abort it.

    Pass a new one to ``RESTClient.send`` to be able to abort that call from another
    thread. An attempt serves one call.
    """

    __slots__ = (
        "_lock",
        "_sock",
        "aborted",
        "connected",
        "deadline",
        "ends_with_connection",
        "held_head",
        "method",
        "origin",
        "proxy",
        "responded",
        "response",
        "sending",
        "sent",
        "streaming",
        "target",
        "timeouts",
        "unfinished",
    )

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sock: Any = None
        self.aborted = False
        """Whether ``abort`` was called."""
        self.method = ""
        """The request's method."""
        self.origin = ""
        """Scheme, host and port of the server."""
        self.target: str | None = None
        """What is requested, if urllib3 may not know it because it logs it."""
        self.proxy: Proxy | None = None
        """The proxy on the way to it."""
        self.timeouts: Timeouts | None = None
        """The call's timeouts."""
        self.deadline: float | None = None
        """Monotonic deadline of the whole call."""
        self.streaming = False
        """Whether the body is sent in blocks. The server may respond before its end.
        """
        self.held_head: bytes | None = None
        """Headers held back so that they can be sent with a small body in one segment;
        empty before they are known, None if nothing is held back."""
        self.connected = False
        """Whether this attempt opened the connection that it uses."""
        self.sending = False
        """Whether the request is being sent."""
        self.sent = False
        """Whether any byte of the request may have reached the server."""
        self.unfinished = False
        """Whether sending stopped early, so that the connection can't be reused."""
        self.responded = False
        """Whether the head of the response has arrived."""
        self.response: Any = None
        """The http.client response, from which the body is read."""
        self.ends_with_connection = False
        """Whether the end of the connection marks the end of the response's body."""

    def abort(self) -> None:
        """Makes the call fail soon, whatever it is waiting for.

        May be called from any thread and more than once.

        The socket is shut down, so that ``send`` or ``read`` raises at once and the
        connection is not reused. While a host name is being resolved, or a file to
        upload is being read, there is no socket to wait for: then the call fails after
        that. Does nothing once the response has been read.
        """
        with self._lock:
            self.aborted = True
            if self._sock is not None:
                _shut_down(self._sock)

    def attach(self, sock: Any) -> None:
        """Takes the socket that ``abort`` shuts down.

        Raises:
            Aborted: The attempt was aborted before.
        """
        while not isinstance(sock, socket.socket):
            sock = sock.socket  # TLS within TLS wraps the socket of the outer connection
        with self._lock:
            if self.aborted:
                raise Aborted("aborted")
            self._sock = sock

    def detach(self) -> bool:
        """Releases the socket for other attempts. Returns whether it was shut down."""
        with self._lock:
            self._sock = None
            return self.aborted

    @property
    def truncated(self) -> bool:
        """Whether a TLS connection ended without close_notify, as after an attack."""
        return getattr(self._sock, "truncated", False)

    @property
    def idle_timeout(self) -> float | None:
        """Seconds without progress after which sending and reading give up."""
        return None if self.timeouts is None else self.timeouts.read

    def translate(
        self, error: BaseException, handled: BaseException | None, headers: Mapping[str, str] | None = None
    ) -> BaseException:
        """Returns the error to raise for this attempt; see ``errors.translate``."""
        # Imported here because most programs never see a call fail.
        from ubiops._transport.errors import translate

        return translate(error, handled, self, headers)

    def remaining(self) -> float | None:
        """Seconds that the next step may take; None without a limit.

        Raises:
            socket.timeout: The deadline has passed.
        """
        return remaining(self.deadline, self.idle_timeout)


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # On the socket beneath TLS: SSLSocket.shutdown would make a reader in another
        # thread read encrypted bytes as data.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def remaining(deadline: float | None, idle_timeout: float | None) -> float | None:
    """Seconds until the earlier of a monotonic deadline and an idle timeout.

    Raises:
        socket.timeout: The deadline has passed.
    """
    if deadline is None:
        return idle_timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("the deadline has passed")
    return left if idle_timeout is None else min(left, idle_timeout)

"""One client's connections: a pool and its TLS settings, made at first use."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3.util import Retry, Timeout

from ubiops._core.messages import shown_url
from ubiops._core.timeouts import min_timeout
from ubiops._transport.attempt import Aborted, Attempt, remaining
from ubiops._transport.connection import POOL_CLASSES, SMALL_BODY, SOCKET_OPTIONS, RequestHeaders
from ubiops._transport.proxies import find_proxy, proxied_pool
from ubiops._transport.response import RawResponse
from ubiops._transport.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ubiops._core.timeouts import Timeouts
    from ubiops._transport.proxies import Proxy
    from ubiops.configuration import Configuration

__all__ = ["RESTClient", "RawResponse"]

_NO_RETRIES = Retry(total=False, redirect=False)
_READ_BLOCK = 1 << 16


class RESTClient:
    """The connections of one client: one pool and one TLS context, made at first use.

    Args:
        configuration: Where to connect to, and how. Its settings of TLS and proxies are
            read when the first connection is made.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._lock = threading.Lock()
        self._pool: Any = None
        self._origin = ""
        self._process = os.getpid()
        self._proxy: Proxy | None = None
        self._warned = False
        self._limits: tuple[Timeouts | None, Timeout] = (None, Timeout())

    @property
    def auto_retry_rate_limiting(self) -> bool:
        """Whether a rejected call is repeated when its limit allows it: the
        configuration's setting."""
        return self._configuration.auto_retry_rate_limiting

    @auto_retry_rate_limiting.setter
    def auto_retry_rate_limiting(self, value: bool) -> None:
        self._configuration.auto_retry_rate_limiting = value

    def send(
        self,
        method: str,
        origin: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[Any] | None,
        timeouts: Timeouts,
        deadline: float | None,
        attempt: Attempt | None = None,
    ) -> RawResponse:
        """Makes one attempt at a request, up to the response's head.

        Args:
            method: The HTTP method.
            origin: Scheme, host and port of the server.
            target: Path and query.
            headers: All headers, the token included.
            body: The bytes, or blocks that are read while they are being sent. The
                first block is read before anything is sent.
            timeouts: Seconds for connecting and between bytes.
            deadline: Monotonic deadline of the call.
            attempt: A new attempt, to be able to abort the call from another thread.

        Raises:
            ubiops.ApiConnectionError: There is no connection, or it broke.
            ubiops.ApiTimeoutError: A timeout or the deadline ran out.
            ubiops.ApiRequestError: The body can't be read, or is not as long as
                announced.
        """
        pool = self._pool
        if pool is None or self._process != os.getpid() or self._origin != origin:
            pool = self._open(origin, headers)
        handled = sys.exc_info()[1]
        if attempt is None:
            attempt = Attempt()
        attempt.method, attempt.origin, attempt.proxy = method, origin, self._proxy
        attempt.timeouts, attempt.deadline = timeouts, deadline
        # To a proxy, plain HTTP names the whole URL.
        requested = origin + target if self._proxy is not None and origin.startswith("http:") else target
        shown = shown_url(requested)
        attempt.target = requested if shown != requested else None
        blocks: Any = None
        content: Any = body
        if isinstance(body, bytes):
            # One segment, and one TLS record, instead of two.
            attempt.held_head = b"" if 0 < len(body) <= SMALL_BODY else None
        elif body is not None:
            attempt.streaming = True
            blocks = iter(body)
        try:
            if blocks is not None:
                content = itertools.chain((next(blocks, b""),), blocks)
            if deadline is None:
                known, limits = self._limits
                if timeouts is not known:
                    limits = Timeout(connect=timeouts.connect, read=timeouts.read)
                    self._limits = (timeouts, limits)
            else:
                left = remaining(deadline, None)
                limits = Timeout(connect=min_timeout(timeouts.connect, left), read=min_timeout(timeouts.read, left))
            if attempt.aborted:
                raise Aborted("aborted")
            response = pool.urlopen(
                method,
                # Logged by urllib3.
                shown,
                body=content,
                headers=RequestHeaders(headers, attempt),
                retries=_NO_RETRIES,
                redirect=False,
                assert_same_host=False,
                timeout=limits,
                preload_content=False,
                decode_content=False,
                enforce_content_length=True,
            )
            return RawResponse(response, attempt)
        except BaseException as error:
            failed = attempt.translate(error, handled, headers)
        finally:
            if blocks is not None and hasattr(blocks, "close"):
                blocks.close()
        # Outside of the handler, so that the frames of the original, whose locals hold
        # the token, are released.
        raise failed

    def close(self) -> None:
        """Closes the connections; the next request opens new ones."""
        self._reset_after_fork()
        with self._lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.close()

    def _reset_after_fork(self) -> None:
        if self._process != os.getpid():
            # A forked child does not touch its parent's connections: using them would
            # mix up the responses of both. A lock held by another parent thread would
            # never be released here.
            self._lock, self._pool, self._process = threading.Lock(), None, os.getpid()

    def _open(self, origin: str, headers: Mapping[str, str]) -> Any:
        self._reset_after_fork()
        with self._lock:
            if self._pool is None or self._origin != origin:
                if self._pool is not None:
                    self._pool.close()
                self._warn_of_risks(origin, headers)
                self._pool = self._make_pool(origin)
                self._origin = origin
            return self._pool

    def _make_pool(self, origin: str) -> Any:
        settings = self._configuration
        parts = urlsplit(origin)
        host = parts.hostname or ""
        options: dict[str, Any] = {
            "maxsize": settings.connection_pool_maxsize,
            "block": False,
            "socket_options": SOCKET_OPTIONS,
            "blocksize": _READ_BLOCK,
        }
        if parts.scheme == "https":
            options["ssl_context"] = tls_context(settings, host)
            options["assert_hostname"] = settings.assert_hostname if settings.verify_ssl else False
        self._proxy = find_proxy(settings, parts.scheme, host, parts.port)
        if self._proxy is not None:
            return proxied_pool(settings, self._proxy, parts.scheme, host, parts.port, options)
        pool: Any = POOL_CLASSES[parts.scheme]
        return pool(host, parts.port, **options)

    def _warn_of_risks(self, origin: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme == "https":
            if not self._configuration.verify_ssl:
                self._warn(
                    f"certificates of {host} are not verified (verify_ssl=False): "
                    "anyone on the network path can read the token"
                )
        elif not is_loopback(host) and any(name.lower() == "authorization" for name in headers):
            self._warn(
                f"the token goes to {host} without encryption (http): anyone on the network path can read it; use https"
            )

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(text, UserWarning, stacklevel=_frames_within() + 1)


def _frames_within() -> int:
    """Returns the ``stacklevel`` at which a warning points to the user's code."""
    frame = sys._getframe(1)
    count = 0
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("ubiops."):
        frame, count = frame.f_back, count + 1
    return count


def is_loopback(host: str) -> bool:
    """Returns whether a host is this machine."""
    if host in ("localhost", "::1") or host.endswith(".localhost"):
        return True
    numbers = host.split(".")
    return numbers[0] == "127" and len(numbers) == 4 and all(one.isdecimal() and len(one) < 4 for one in numbers)

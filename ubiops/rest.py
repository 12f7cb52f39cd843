"""The network: connections, TLS, proxies and time limits; the only module that talks to urllib3."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import os
import re
import socket
import ssl
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidChunkLength,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry, Timeout, wait_for_read
from urllib3.util.ssl_ import is_ipaddress

from ubiops._core.messages import printable
from ubiops._core.redact import SecretStr
from ubiops._core.timeouts import min_timeout
from ubiops._transport.head import parse_simple_head
from ubiops.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiRequestError,
    ApiTimeoutError,
    ApiValueError,
    OpenApiException,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops._core.retry import Failure
    from ubiops._core.timeouts import Timeouts
    from ubiops._io.multipart import MultipartBody
    from ubiops.configuration import Configuration

_SMALL = 1 << 16
"""Bytes of a body up to which it is copied behind the headers: that takes less than sending it by itself."""
_MOST_LINES = 1000
"""Lines of an answer before its body, interim answers such as 103 included."""
_FIRST_URLLIB3 = vars(urllib3)["__version__"].startswith("1.")
_NO_RETRIES = Retry(total=False, redirect=False)
# Probes begin after a minute of silence, so that a router in between does not forget an upload that is being built.
_KEEPALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))
        if hasattr(socket, name)
    ),
]


class _Attempt(threading.local):
    """What this thread's attempt needs to know inside of a connection, and what it learns there."""

    connect_until: float | None = None
    """The monotonic time when there must be a connection."""
    deadline: float | None = None
    """The monotonic time when the whole call must be over."""
    idle: float | None = None
    """Seconds without progress that are borne while a body goes out."""
    streaming = False
    """Whether a body is going out in blocks, which the server may answer before it is complete."""
    head: bytes | None = None
    """The headers that wait for a small body, to go out together with it; empty before they came."""
    sent = False
    """Whether any byte of the request may have reached the server."""
    unfinished = False
    """Whether the request stopped before its end, so that nothing else can follow it on its connection."""


_attempt = _Attempt()


class _Deadline(io.RawIOBase):
    """Reads from a socket until the call's deadline, however few bytes come at a time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float, idle: float | None) -> None:
        self._raw, self._sock, self._deadline, self._idle = raw, sock, deadline, idle

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_remaining(self._deadline, self._idle))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        super().close()
        self._raw.close()


def _remaining(deadline: float | None, idle: float | None) -> float | None:
    if deadline is None:
        return idle
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("the time limit ran out")
    return left if idle is None else min(left, idle)


class _HeadLines:
    """The lines of an answer's head, with whatever interim answers come before it: bounded, and not cut off."""

    def __init__(self, fp: Any) -> None:
        self._fp = fp
        self._count = 0
        self.close = fp.close
        self.flush = fp.flush

    def readline(self, limit: int) -> bytes:
        line: bytes = self._fp.readline(limit)
        # Nothing at all is another matter: then the server has closed the connection before it answered.
        if not line.endswith(b"\n") and len(line) < limit and (line or self._count):
            raise http.client.IncompleteRead(line)
        self._count += 1
        if self._count > _MOST_LINES:
            raise http.client.HTTPException(f"there are more than {_MOST_LINES} lines before the body")
        return line


class _HTTPResponse(http.client.HTTPResponse):
    """Where the whole call has a limit, reads no longer than that; and reads usual heads in less time."""

    fp: Any
    headers: Any
    msg: Any

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: Any = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._plain = debuglevel == 0
        # What a proxy says of a tunnel is a part of connecting.
        until = _attempt.deadline if _attempt.connect_until is None else _attempt.connect_until
        if until is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_Deadline(raw, sock, until, _attempt.idle))

    def begin(self) -> None:
        # Nothing is taken from the connection before it is clear that the head is a usual one.
        head = parse_simple_head(self.fp.peek()) if self._plain else None
        if head is None:
            self._begin_slowly()
            return
        self.fp.read(head.size)
        self.version, self.code, self.status, self.reason = 11, head.status, head.status, head.reason
        self.headers = self.msg = http.client.HTTPMessage()
        for name, value in head.headers:
            self.headers.set_raw(name, value)
        self.chunked, self.will_close, self.length = False, _attempt.unfinished, head.length

    def _begin_slowly(self) -> None:
        fp = self.fp
        self.fp = lines = _HeadLines(fp)
        try:
            super().begin()
            # http.client knows only 100 (Continue); what follows the others would be taken for the next answer.
            while 101 < self.status < 200:
                self.headers = self.msg = None
                super().begin()
        finally:
            if self.fp is lines:
                self.fp = fp
        coding = self.getheader("Transfer-Encoding", "identity")
        if not self.chunked and coding.lower() != "identity":
            # http.client would give out what is coded, or take the rest of it for the next answer.
            raise http.client.HTTPException(f"the body's transfer encoding is {coding!r}, and only chunked is read")
        if self.status == 101 or _attempt.unfinished:
            self.will_close = True


class _Watched:
    """What both kinds of connection do beyond urllib3's: tell whether anything was sent, and hear early answers."""

    sock: Any
    port: int
    timeout: float | None
    _dns_host: str

    def connect(self) -> None:
        # What a proxy is told to open the tunnel is no part of the request.
        head, _attempt.head = _attempt.head, None
        _attempt.connect_until = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            super().connect()  # type: ignore[misc]
        finally:
            _attempt.connect_until = None
            _attempt.sent = False
        _attempt.head = head

    def _new_conn(self) -> Any:
        """A connection to one of the host's addresses, which share the time: no silent one takes all of it."""
        host, limit, until = self._dns_host, self.timeout, _attempt.connect_until
        try:
            addresses = socket.getaddrinfo(host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]
        failed: Exception | None = None
        try:
            for left, (*_, address) in zip(range(len(addresses), 0, -1), addresses):
                self._dns_host = str(address[0])
                if until is not None:
                    self.timeout = (_remaining(until, None) or 0) / left
                try:
                    sock = super()._new_conn()  # type: ignore[misc]
                except (ConnectTimeoutError, NewConnectionError) as error:
                    failed = error
                else:
                    sock.settimeout(_remaining(until, None))
                    return sock
        finally:
            self._dns_host, self.timeout = host, limit
        raise failed or NewConnectionError(self, "the host has no address")  # type: ignore[arg-type]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        head = _attempt.head
        if head is not None:
            if not head:
                _attempt.head = data
                return
            data, _attempt.head = head + data, None
        sock: Any = self.sock
        # Over TLS a socket is readable for other reasons than an answer, so that only a failing send tells.
        watched = _attempt.streaming and sock.__class__ is socket.socket
        if watched and not _attempt.sent and wait_for_read(sock, timeout=0):
            raise ConnectionResetError("the server closed the connection while it was idle")
        try:
            if len(data) <= _SMALL and not _attempt.streaming:
                _attempt.sent = True
                super().send(data)  # type: ignore[misc]
            else:
                self._send_large(sock, data, watched)
        except (ConnectionError, ssl.SSLError) as error:
            # urllib3 goes on to read the answer that may be there; without one it raises what happened.
            _attempt.unfinished = True
            raise BrokenPipeError(str(error)) from None

    def _send_large(self, sock: Any, data: Any, watched: bool) -> None:
        left = memoryview(data)
        # As much at a time as the connection takes: the limit is one for standing still, however large the block is.
        while left:
            sock.settimeout(_remaining(_attempt.deadline, _attempt.idle))
            if watched and wait_for_read(sock, timeout=0) and not _interim(sock):
                raise BrokenPipeError("the server answered before the body was complete")
            _attempt.sent = True
            left = left[sock.send(left) :]


def _interim(sock: socket.socket) -> bool:
    """Whether what can be read is a word in between, such as 100 (Continue), which nobody asked for."""
    return re.match(rb"HTTP/1\.1 1", sock.recv(10, socket.MSG_PEEK)) is not None


class _HTTPConnection(_Watched, HTTPConnection):
    response_class = _HTTPResponse


class _HTTPSConnection(_Watched, HTTPSConnection):
    response_class = _HTTPResponse


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = _HTTPSConnection

    def _validate_conn(self, conn: Any) -> None:
        # urllib3 would warn at each connection that is not verified; RESTClient does once.
        if conn.sock is None:
            conn.connect()


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class RawResponse:
    """A server's answer whose body has not been read yet; raises nothing but errors of this library."""

    __slots__ = ("_response", "headers", "reason", "status")

    def __init__(self, response: Any) -> None:
        self._response = response
        self.status: int = response.status
        self.reason: str = response.reason or http.client.responses.get(response.status, "")
        self.headers: Mapping[str, str] = response.headers

    def read(self, amount: int | None = None) -> bytes:
        """The next bytes of the body as they came; none at its end.

        Raises:
            ubiops.ApiConnectionError: The connection broke, or the body ended too early.
            ubiops.ApiTimeoutError: A time limit ran out.
        """
        handled = sys.exc_info()[1]
        try:
            data: bytes = self._response.read(amount)
            return data
        except BaseException as error:
            self.close()
            failed = translate(error, handled, sent=True)
        raise failed

    def close(self) -> None:
        """Gives the connection back if the body has been read, and closes it otherwise."""
        response = self._response
        if not response.closed:
            # What is left of the body would be taken for the next answer.
            response.close()
        response.release_conn()


class RESTClient:
    """The connections of one client: one pool and one TLS context, made when they are first used.

    Args:
        configuration: Where to, and how. What it says of TLS and proxies is read when the first connection is made.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._lock = threading.Lock()
        self._pool: Any = None
        self._origin = ""
        self._process = os.getpid()
        self._absolute = False
        self._warned = False
        self._limits: tuple[Timeouts | None, Timeout] = (None, Timeout())

    def send(
        self,
        method: str,
        origin: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | MultipartBody | None,
        timeouts: Timeouts,
        deadline: float | None,
    ) -> RawResponse:
        """Makes one attempt at a request.

        Args:
            method: The HTTP method.
            origin: Scheme, host and port of the server.
            target: Path and query.
            headers: All headers, the token included.
            body: What to send.
            timeouts: Seconds for the connection and between bytes.
            deadline: The monotonic time when the call must be over.

        Raises:
            ubiops.ApiConnectionError: There is no connection, or it broke.
            ubiops.ApiTimeoutError: A limit ran out.
            ubiops.ApiRequestError: The body could not be read as it was announced.
        """
        pool = self._pool
        if pool is None or self._process != os.getpid() or self._origin != origin:
            pool = self._open(origin, headers)
        handled = sys.exc_info()[1]
        state = _attempt
        # Of the call whose body is going out, when this one is made by the stream that the body is read from.
        outer = vars(state).copy() if state.streaming else None
        state.sent = state.unfinished = False
        state.deadline = deadline
        state.idle = timeouts.read
        state.streaming = body is not None and not isinstance(body, bytes)
        # One segment, and one record over TLS, instead of two.
        state.head = b"" if isinstance(body, bytes) and 0 < len(body) <= _SMALL else None
        try:
            if deadline is None:
                known, limits = self._limits
                if timeouts is not known:
                    limits = Timeout(connect=timeouts.connect, read=timeouts.read)
                    self._limits = (timeouts, limits)
            else:
                left = _remaining(deadline, None)
                limits = Timeout(connect=min_timeout(timeouts.connect, left), read=min_timeout(timeouts.read, left))
            return RawResponse(
                pool.urlopen(
                    method,
                    origin + target if self._absolute else target,
                    body=body,
                    headers=headers,
                    retries=_NO_RETRIES,
                    redirect=False,
                    assert_same_host=False,
                    timeout=limits,
                    preload_content=False,
                    decode_content=False,
                    enforce_content_length=True,
                )
            )
        except BaseException as error:
            failed = translate(error, handled, sent=state.sent)
        finally:
            state.streaming = False
            if outer is not None:
                vars(state).update(outer)
        # Outside of the handler, so that the frames of the original, whose locals hold the token, are let go.
        raise failed

    def close(self) -> None:
        """Closes the connections; the next request opens new ones."""
        self._forget_parent()
        with self._lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.close()

    def _forget_parent(self) -> None:
        if self._process != os.getpid():
            # A forked child lets its parent's connections alone: using them would mix up the answers of both. And a
            # lock that another thread of the parent held will never be let go of here.
            self._lock, self._pool, self._process = threading.Lock(), None, os.getpid()

    def _open(self, origin: str, headers: Mapping[str, str]) -> Any:
        self._forget_parent()
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
        usual: Any = HTTPConnection.default_socket_options
        options: dict[str, Any] = {
            "maxsize": settings.connection_pool_maxsize,
            "block": False,
            "socket_options": [*usual, *_KEEPALIVE],
            "blocksize": 1 << 16,
        }
        if parts.scheme == "https":
            options["ssl_context"] = tls_context(settings, parts.hostname or "")
            options["assert_hostname"] = settings.assert_hostname if settings.verify_ssl else False
        proxy = find_proxy(settings, parts.scheme, parts.hostname or "", parts.port)
        # To a proxy, plain HTTP names the whole address; within a tunnel it is as without a proxy.
        self._absolute = proxy is not None and parts.scheme == "http"
        if proxy is None:
            kind: Any = _POOLS[parts.scheme]
            return kind(parts.hostname, parts.port, **options)
        return _manager(settings, proxy, options).connection_from_host(parts.hostname, parts.port, parts.scheme)

    def _warn_of_risks(self, origin: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme == "https":
            if not self._configuration.verify_ssl:
                self._warn(
                    f"certificates of {host} are not verified (verify_ssl=False): anybody on the way can read the token"
                )
        elif not is_loopback(host) and any(name.lower() == "authorization" for name in headers):
            self._warn(f"the token goes to {host} without encryption (http): anybody on the way can read it; use https")

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(text, UserWarning, stacklevel=_frames_within() + 1)


def _frames_within() -> int:
    """How many frames up the user's own code is, which is what a warning is about."""
    frame = sys._getframe(1)
    count = 0
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("ubiops."):
        frame, count = frame.f_back, count + 1
    return count


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    if host in ("localhost", "::1") or host.endswith(".localhost"):
        return True
    numbers = host.split(".")
    return numbers[0] == "127" and len(numbers) == 4 and all(one.isdecimal() and len(one) < 4 for one in numbers)


# --- TLS ----------------------------------------------------------------------------------------------------------


def tls_context(settings: Configuration, host: str) -> ssl.SSLContext:
    """The TLS settings of a client for a host.

    Raises:
        ubiops.ApiValueError: A file of certificates can't be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        if settings.assert_hostname or (_FIRST_URLLIB3 and is_ipaddress(host)):
            # urllib3 compares with the given name itself; and 1.26 does so with addresses too.
            context.check_hostname = False
        source, path = _trusted(settings)
        try:
            if os.path.isdir(path):
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ApiValueError(f"the certificates to trust can't be read from {path!r} ({source}): {error}") from None
    if settings.cert_file:
        try:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ApiValueError(
                f"the client certificate can't be read from {settings.cert_file!r} (cert_file): {error}"
            ) from None
    return context


def _trusted(settings: Configuration) -> tuple[str, str]:
    if settings.ssl_ca_cert:
        return "ssl_ca_cert", os.fspath(settings.ssl_ca_cert)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if os.environ.get(name):
            return f"the variable {name}", os.environ[name]
    import certifi

    return "certifi", certifi.where()


# --- proxies ------------------------------------------------------------------------------------------------------


def find_proxy(settings: Configuration, scheme: str, host: str, port: int | None = None) -> str | None:
    """The address of the proxy for a host: the configuration's, else the environment's; None when there is none."""
    if settings.proxy is not None:
        return settings.proxy or None
    # Looked for by name first: the module that knows the rules takes longer to import than a request takes.
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib import request

    found = request.getproxies_environment()
    proxy = found.get(scheme) or found.get("all")
    if proxy and ":" not in host:
        # An exception may be one for a port.
        host = f"{host}:{port or (443 if scheme == 'https' else 80)}"
    # Typeshed does not know the function, which all of Python's own and many others' code calls.
    bypassed = getattr(request, "proxy_bypass_environment")(host, found)  # noqa: B009
    return None if not proxy or bypassed else SecretStr(proxy)


def _manager(settings: Configuration, proxy: str, options: dict[str, Any]) -> urllib3.ProxyManager:
    found = _split_proxy(proxy)
    if found is None:
        raise ApiValueError("the address of the proxy can't be used; it looks like 'http://user:password@host:port'")
    scheme, address, credentials = found
    headers = dict(settings.proxy_headers or {})
    if credentials:
        headers["Proxy-Authorization"] = credentials
    if _FIRST_URLLIB3:
        del options["blocksize"]
    context = tls_context(settings, urlsplit(address).hostname or "") if scheme == "https" else None
    if context is not None:
        options.setdefault("ssl_context", context)
    manager = urllib3.ProxyManager(address, proxy_headers=headers, proxy_ssl_context=context, **options)
    manager.pool_classes_by_scheme = _POOLS
    return manager


def _split_proxy(proxy: str) -> tuple[str, str, SecretStr] | None:
    """A proxy's scheme, its address and the header with its credentials; None when it has no usable address.

    What is wrong is not raised here, where the password stands open.
    """
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme, parts.hostname
    if scheme not in ("http", "https") or not host or not re.fullmatch(r"[\w.:%-]+", host, re.ASCII):
        return None
    credentials = ""
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = "Basic " + base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode()
    host = f"[{host}]" if ":" in host else host
    return scheme, f"{scheme}://{host}:{port or (443 if scheme == 'https' else 80)}", SecretStr(credentials)


# --- errors -------------------------------------------------------------------------------------------------------

# OpenSSL's codes for what is wrong with a certificate, and what the user can do about it.
_CERTIFICATE_HINTS = {
    9: "the certificate is not valid yet: check this machine's clock",
    10: "the certificate has expired: the server's operator has to renew it",
    18: "the certificate is self-signed: set configuration.ssl_ca_cert to a file that holds it, if you trust it",
    19: "the chain ends in a certificate that is not trusted: set configuration.ssl_ca_cert to your authority's file",
    20: "the authority is not known: set configuration.ssl_ca_cert (or SSL_CERT_FILE) to the file of your authority",
    62: "the certificate is for another name: check configuration.host",
    64: "the certificate is for another address: check configuration.host",
}


def translate(error: BaseException, handled: BaseException | None, *, sent: bool) -> BaseException:
    """An error of the network as one of this library, with what is needed to decide on a retry as its ``failure``.

    The original is not chained: its frames hold the request's headers. Errors that are not of the network, such as
    KeyboardInterrupt, come back as they are, without those frames.

    Args:
        error: What was raised.
        handled: The error that the caller's code was handling when it made the call, which is none of ours.
        sent: Whether any byte of the request may have reached the server.
    """
    # What lies behind an error of this library is the caller's, such as one of a stream that is sent.
    cause = error.__cause__ if isinstance(error, OpenApiException) else None
    chain = _chain(error, handled if cause is None else cause)
    failed = _translate(error, chain, sent)
    for one in chain:
        _let_go(one)
    if cause is not None:
        failed.__cause__ = cause
    return failed


def _translate(error: BaseException, chain: list[BaseException], sent: bool) -> BaseException:
    # Not imported before a request fails.
    from ubiops._core.retry import Failure

    if isinstance(error, OpenApiException):
        if isinstance(error, ApiException) and error._failure is None:
            _attach(error, Failure(str(error), sent=sent, transient=False))
        return error
    certificate = _find(chain, ssl.SSLCertVerificationError)
    hint: str | None
    if certificate is not None:
        message = getattr(certificate, "verify_message", "") or str(certificate)
        hint = _CERTIFICATE_HINTS.get(
            getattr(certificate, "verify_code", 0), "check configuration.host and ssl_ca_cert"
        )
        failed: ApiException = ApiConnectionError(0, f"the server's certificate is refused: {message}", hint=hint)
        return _attach(failed, Failure(str(failed), sent=False, transient=False))
    if isinstance(error, ssl.CertificateError) or (isinstance(error, SSLError) and "doesn't match" in str(error)):
        failed = ApiConnectionError(
            0, f"the server's certificate is refused: {_words(error, chain)}", hint=_CERTIFICATE_HINTS[62]
        )
        return _attach(failed, Failure(str(failed), sent=False, transient=False))
    tls = _find(chain, ssl.SSLError)
    if tls is not None and not sent and not isinstance(tls, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        hint = "the server speaks no TLS there: is its address an http:// one?" if "WRONG_VERSION" in str(tls) else None
        failed = ApiConnectionError(0, f"no TLS connection to the server: {_words(tls, chain)}", hint=hint)
        return _attach(failed, Failure(str(failed), sent=False, transient=False))
    words = _words(error, chain)
    if isinstance(error, ProxyError):
        hint = "check configuration.proxy or the variables HTTPS_PROXY and NO_PROXY"
        failed = ApiConnectionError(0, f"the proxy can't be used: {words}", hint=hint)
        # A proxy that says no, such as 407 for a wrong password, says it again.
        final = re.search(r": 4\d\d", words) is not None
        return _attach(failed, Failure(str(failed.reason), sent=False, transient=not final))
    # urllib3 wraps a timeout while sending as a broken connection.
    timed_out = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) or _find(chain, socket.timeout) is not None
    if timed_out and not isinstance(error, NewConnectionError):
        phase = "the answer" if sent else "a connection"
        failed = ApiTimeoutError(
            0,
            f"timed out while waiting for {phase}",
            hint="raise _request_timeout, or the configuration's connect_timeout and read_timeout",
        )
        return _attach(failed, Failure(f"timeout while waiting for {phase}", sent=sent))
    if isinstance(error, NewConnectionError):
        failed = ApiConnectionError(
            0, f"no connection to the server: {words}", hint="check configuration.host and the network"
        )
        return _attach(failed, Failure(f"no connection: {words}", sent=False))
    cut = _find(chain, http.client.IncompleteRead) or _find(chain, InvalidChunkLength)
    if cut is not None:
        failed = ApiConnectionError(0, f"the answer was cut off: {_words(cut, chain)}")
        return _attach(failed, Failure(str(failed.reason)))
    if isinstance(error, (HTTPError, OSError, http.client.HTTPException)):
        failed = ApiConnectionError(0, f"the connection broke: {words}")
        return _attach(failed, Failure(str(failed.reason), sent=sent))
    if isinstance(error, ValueError) and sent:
        failed = ApiConnectionError(0, f"the answer was cut off or is no HTTP: {words}")
        return _attach(failed, Failure(str(failed.reason)))
    if isinstance(error, (ValueError, TypeError)):
        failed = ApiRequestError(0, f"the request can't be sent: {type(error).__name__}")
        return _attach(failed, Failure(str(failed.reason), sent=sent, transient=False))
    return error


def _attach(error: ApiException, failure: Failure) -> ApiException:
    error._failure = failure
    return error


def _chain(error: BaseException, handled: BaseException | None) -> list[BaseException]:
    """An error and those that it wraps, in whichever of urllib3's ways, but none of the caller's."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one is not handled and not any(one is other for other in found):
            found.append(one)
            waiting += [
                *one.args,
                getattr(one, "original_error", None),
                getattr(one, "reason", None),
                one.__cause__,
                one.__context__,
            ]
    return found


def _let_go(error: BaseException) -> None:
    """Frees what the frames of an error hold: headers with the token, and sockets that would be closed much later."""
    trace = error.__traceback__
    while trace is not None:
        # Frames that still run refuse.
        with contextlib.suppress(RuntimeError):
            trace.tb_frame.clear()
        trace = trace.tb_next
    error.__traceback__ = error.__cause__ = error.__context__ = None


def _find(chain: list[BaseException], kind: type[BaseException]) -> BaseException | None:
    return next((one for one in chain if isinstance(one, kind)), None)


def _words(error: BaseException, chain: list[BaseException]) -> str:
    """The innermost reason of an error, in the words of the operating system where it has some."""
    for one in chain:
        if isinstance(one, socket.gaierror):
            return f"the name of the host can't be resolved ({one.strerror})"
        if isinstance(one, OSError) and one.strerror and not isinstance(one, ssl.SSLError):
            return one.strerror
    if isinstance(error, ProtocolError) and len(error.args) > 1 and isinstance(error.args[1], BaseException):
        error = error.args[1]
    return printable(str(error))[:300] or type(error).__name__

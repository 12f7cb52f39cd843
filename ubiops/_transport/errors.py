"""Turns errors of sockets, TLS, http.client and urllib3 into those of this library."""

from __future__ import annotations

import http.client
import logging
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, TypeVar

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidChunkLength,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from ubiops._core.retry import IDEMPOTENT, Failure
from ubiops._transport.causes import chain_of, clear_frames, describe, describe_chain, is_end
from ubiops._transport.tls import is_unexpected_end
from ubiops.exceptions import ApiConnectionError, ApiException, ApiRequestError, ApiTimeoutError, OpenApiException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ubiops._transport.attempt import Attempt

    Rule = Callable[["_Problem"], "ApiException | None"]

_E = TypeVar("_E", bound=BaseException)
_log = logging.getLogger("ubiops")

# OpenSSL's codes for what is wrong with a certificate, and how to fix it.
_CERTIFICATE_HINTS = {
    9: "the certificate is not valid yet: check this machine's clock",
    10: "the certificate has expired: the server's operator has to renew it",
    18: "the certificate is self-signed: set configuration.ssl_ca_cert to a file that holds it, if you trust it",
    19: "the chain ends in a certificate that is not trusted: set configuration.ssl_ca_cert to your authority's file",
    20: "the authority is not known: set configuration.ssl_ca_cert (or SSL_CERT_FILE) to the file of your authority",
    62: "the certificate is for another name: check configuration.host",
    64: "the certificate is for another address: check configuration.host",
}
_OTHER_NAME = 62
_TLS_ALERT = "\x15\x03"
_DEADLINE_SLACK = 0.05
"""Seconds before the deadline from which on a timeout is that of the deadline."""


def translate(
    error: BaseException, handled: BaseException | None, attempt: Attempt, headers: Mapping[str, str] | None = None
) -> BaseException:
    """Returns an error of this library for one of the network, classified for retries.

    The original is not chained, because its frames hold the request's headers; it is
    logged at DEBUG. An error that is not of the network, such as KeyboardInterrupt, is
    returned without its frames.

    Args:
        error: The error that was raised.
        handled: The error that the caller was handling when it made the call.
        attempt: The attempt that failed.
        headers: The request's headers, which the log must not show.
    """
    # The cause of an error of this library belongs to the caller, such as the error of
    # a stream that was being uploaded.
    cause = error.__cause__ if isinstance(error, OpenApiException) else None
    chain = chain_of(error, handled if cause is None else cause)
    if not isinstance(error, OpenApiException) and _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s %s failed: %s", attempt.method, attempt.origin, describe_chain(chain, headers or {}))
    failed = _translate(_Problem(error, chain, attempt))
    for one in chain:
        clear_frames(one)
    if cause is not None:
        failed.__cause__ = cause
    return failed


class _Problem:
    """An error with everything that the rules look at."""

    def __init__(self, error: BaseException, chain: list[BaseException], attempt: Attempt) -> None:
        self.error = error
        self.chain = chain
        self.attempt = attempt
        self.sent = attempt.sent

    def find(self, kind: type[_E]) -> _E | None:
        """Returns the outermost error of a kind."""
        return next((one for one in self.chain if isinstance(one, kind)), None)

    @property
    def text(self) -> str:
        return describe(self.error, self.chain)

    def failed(
        self,
        kind: type[ApiException],
        reason: str,
        hint: str | None = None,
        *,
        sent: bool | None = None,
        transient: bool = True,
    ) -> ApiException:
        """Makes the error.

        Args:
            kind: Its class.
            reason: What happened.
            hint: What to do about it.
            sent: Whether the request may have reached the server, if the attempt does
                not know it.
            transient: Whether a retry could succeed.
        """
        sent = self.sent if sent is None else sent
        if sent and self.attempt.method not in IDEMPOTENT:
            processed = f"the {self.attempt.method} may have been processed: check before you repeat it"
            hint = processed if hint is None else f"{processed}; {hint}"
        error = kind(0, reason, hint=hint)
        error._failure = Failure(reason, sent=sent, transient=transient)
        return error


def _translate(problem: _Problem) -> BaseException:
    error = problem.error
    if problem.attempt.aborted and isinstance(error, Exception):
        return problem.failed(ApiConnectionError, "the request was aborted", transient=False)
    if isinstance(error, OpenApiException):
        if isinstance(error, ApiException) and error._failure is None:
            error._failure = Failure(str(error), sent=problem.sent, transient=False)
        return error
    for rule in _RULES:
        failed = rule(problem)
        if failed is not None:
            return failed
    return error


# --- rules: the first that applies decides --------------------------------------------


def _certificate(problem: _Problem) -> ApiException | None:
    """The server's certificate does not pass verification."""
    refused = problem.find(ssl.SSLCertVerificationError)
    if refused is not None:
        message = getattr(refused, "verify_message", "") or str(refused)
        hint = _CERTIFICATE_HINTS.get(getattr(refused, "verify_code", 0), "check configuration.host and ssl_ca_cert")
    else:
        # urllib3 compares the name itself for assert_hostname, and 1.26 for addresses.
        error = problem.error
        if not isinstance(error, ssl.CertificateError) and not (
            isinstance(error, SSLError) and "doesn't match" in str(error)
        ):
            return None
        message, hint = problem.text, _CERTIFICATE_HINTS[_OTHER_NAME]
    return problem.failed(
        ApiConnectionError, f"the server's certificate was rejected: {message}", hint, sent=False, transient=False
    )


def _handshake(problem: _Problem) -> ApiException | None:
    """There is no TLS connection, for another reason than a lost connection."""
    error = problem.find(ssl.SSLError)
    if error is None or problem.sent or is_end(error):
        return None
    hint = "the server does not use TLS on this port: did you mean http://?" if "WRONG_VERSION" in str(error) else None
    return problem.failed(
        ApiConnectionError,
        f"no TLS connection to the server: {describe(error, problem.chain)}",
        hint,
        sent=False,
        transient=False,
    )


def _proxy(problem: _Problem) -> ApiException | None:
    """The proxy can't be reached, or rejects the tunnel."""
    if not isinstance(problem.error, ProxyError):
        return None
    text, proxy = problem.text, problem.attempt.proxy
    # A proxy that rejects it, such as with 407 for a wrong password, will do so again.
    final = re.search(r": 4\d\d", text) is not None
    return problem.failed(
        ApiConnectionError,
        f"the proxy {proxy.description if proxy else ''} can't be used: {text}",
        f"check {proxy.source if proxy else 'the proxy'}; NO_PROXY lists hosts to reach without a proxy",
        sent=False,
        transient=not final,
    )


def _timeout(problem: _Problem) -> ApiException | None:
    """A timeout or the call's deadline ran out."""
    error = problem.error
    # urllib3 reports a timeout while sending as a broken connection.
    timed_out = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) or problem.find(socket.timeout) is not None
    if not timed_out or isinstance(error, NewConnectionError):
        return None
    attempt = problem.attempt
    connect, read, total = attempt.timeouts or (None, None, None)
    doing = _doing(attempt)
    if attempt.deadline is not None and time.monotonic() > attempt.deadline - _DEADLINE_SLACK:
        limit = "" if total is None else f" of {total:g} s"
        return problem.failed(
            ApiTimeoutError, f"the call's deadline{limit} ran out while {doing}", "raise _request_timeout"
        )
    if not problem.sent:
        reason, name, limit = f"timed out after {_seconds(connect)} while {doing}", "connect_timeout", "connect"
    elif attempt.sending:
        reason, name, limit = f"no progress for {_seconds(read)} while {doing}", "read_timeout", "read"
    else:
        reason, name, limit = f"no data from the server for {_seconds(read)}", "read_timeout", "read"
    return problem.failed(
        ApiTimeoutError,
        reason,
        f"raise configuration.{name}, or the {limit} timeout in _request_timeout=(connect, read)",
    )


def _doing(attempt: Attempt) -> str:
    if not attempt.sent:
        return "connecting" if attempt.proxy is None else f"connecting through the proxy {attempt.proxy.description}"
    if attempt.sending:
        return "sending the request"
    return "reading the response" if attempt.responded else "waiting for the response"


def _seconds(limit: float | None) -> str:
    return "a while" if limit is None else f"{limit:g} s"


def _no_connection(problem: _Problem) -> ApiException | None:
    """The host has no address, or none of its addresses can be reached."""
    if not isinstance(problem.error, NewConnectionError):
        return None
    return problem.failed(
        ApiConnectionError,
        f"no connection to the server: {problem.text}",
        "check configuration.host and the network",
        sent=False,
    )


def _cut_off(problem: _Problem) -> ApiException | None:
    """The connection ended within the response."""
    attempt = problem.attempt
    cut = problem.find(http.client.IncompleteRead)
    unannounced = attempt.ends_with_connection and (attempt.truncated or any(map(is_unexpected_end, problem.chain)))
    if cut is None and not unannounced and problem.find(InvalidChunkLength) is None:
        return None
    if unannounced:
        text = "TLS did not announce its end (close_notify), so a part may be missing"
    elif cut is not None and cut.expected:
        text = f"{cut.expected} more bytes were expected"
    else:
        text = "its end is missing"
    return problem.failed(ApiConnectionError, f"the response was cut off: {text}", sent=True)


def _broken(problem: _Problem) -> ApiException | None:
    """Any other error of the connection."""
    if not isinstance(problem.error, (HTTPError, OSError, http.client.HTTPException)):
        return None
    return problem.failed(ApiConnectionError, f"the connection broke: {problem.text}", _tls_hint(problem))


def _tls_hint(problem: _Problem) -> str | None:
    """Returns a hint if the server may expect TLS: it closed a new connection, or sent
    something else than HTTP, before any response."""
    attempt = problem.attempt
    plain = attempt.origin.startswith("http://") and attempt.proxy is None
    if not plain or not attempt.connected or attempt.responded:
        return None
    strange: Any = problem.find(http.client.BadStatusLine)
    if strange is not None and strange.line.startswith(_TLS_ALERT):
        return "the server uses TLS on this port: did you mean https://?"
    if problem.sent and not attempt.streaming and (strange or problem.find(ConnectionError)):
        return "the server closed a new connection without a response: did you mean https://?"
    return None


def _malformed(problem: _Problem) -> ApiException | None:
    """http.client could not parse the response."""
    if not isinstance(problem.error, ValueError) or not problem.sent:
        return None
    return problem.failed(ApiConnectionError, f"the response was cut off or is not valid HTTP: {problem.text}")


def _unsendable(problem: _Problem) -> ApiException | None:
    """http.client rejected the request. Its message may quote a header."""
    if not isinstance(problem.error, (ValueError, TypeError)):
        return None
    name = type(problem.error).__name__
    return problem.failed(ApiRequestError, f"the request can't be sent: {name}", transient=False)


_RULES: tuple[Rule, ...] = (
    _certificate,
    _handshake,
    _timeout,
    _proxy,
    _no_connection,
    _cut_off,
    _broken,
    _malformed,
    _unsendable,
)

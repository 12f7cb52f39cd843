"""Chains of errors: what an error wraps, its root cause as text, and its frames."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import HTTPError, ProtocolError

from ubiops._core.messages import printable
from ubiops._transport.tls import is_unexpected_end

if TYPE_CHECKING:
    from collections.abc import Mapping


def chain_of(error: BaseException, handled: BaseException | None) -> list[BaseException]:
    """Returns the error and every exception it wraps, but none of the caller's."""
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


def clear_frames(error: BaseException) -> None:
    """Clears the frames of an error.

    They hold headers with the token, and sockets that would otherwise stay open longer.
    """
    trace = error.__traceback__
    while trace is not None:
        # clear() raises RuntimeError for frames that are still executing.
        with contextlib.suppress(RuntimeError):
            trace.tb_frame.clear()
        trace = trace.tb_next
    error.__traceback__ = error.__cause__ = error.__context__ = None


def describe(error: BaseException, chain: list[BaseException]) -> str:
    """Returns the root cause as text, preferring the operating system's message."""
    for one in chain:
        if isinstance(one, http.client.RemoteDisconnected):
            return "the server closed it without a response"
        if is_end(one):
            return "the server closed it"
        if isinstance(one, socket.gaierror):
            return f"the host name can't be resolved ({one.strerror})"
        if isinstance(one, OSError) and one.strerror and not isinstance(one, ssl.SSLError):
            return one.strerror
    if isinstance(error, ProtocolError) and len(error.args) > 1 and isinstance(error.args[1], BaseException):
        error = error.args[1]
    return printable(str(error))[:300] or type(error).__name__


def is_end(error: BaseException) -> bool:
    """Returns whether the other side ended a TLS connection."""
    return isinstance(error, ssl.SSLZeroReturnError) or is_unexpected_end(error)


def describe_chain(chain: list[BaseException], headers: Mapping[str, str]) -> str:
    """Returns types and texts of errors for the log, without secrets.

    The texts of ValueError and TypeError quote what was rejected, such as a header, and
    are left out.
    """
    parts = []
    for error in chain:
        name = type(error).__name__
        quotes = isinstance(error, (ValueError, TypeError)) and not isinstance(error, (OSError, HTTPError))
        text = "" if quotes else printable(str(error))[:300]
        parts.append(f"{name}: {text}" if text else name)
    text = " <- ".join(parts)
    for value in headers.values():
        # The whole value, and a token without the word before it.
        for secret in {value, value.rpartition(" ")[2]}:
            if len(secret) > 3:
                text = text.replace(secret, "***")
    return re.sub(r"//[^/@\s]*@", "//***@", text)

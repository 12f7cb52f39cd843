"""Refuses requests that no honest client of this emulator sends.

A page in a browser can send requests to this machine: under a name of its own that it
makes resolve to 127.0.0.1 (DNS rebinding), or across origins. As the emulator runs
uploaded code, such a page could run code here.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ubiops.emulator.responses import json_response
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:@/?#\[\]]+)(?::\d*)?", re.ASCII)
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Returns whether an address can only be reached from this machine.

    Names other than localhost may resolve to any.
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def check_hosts(names: Iterable[str]) -> frozenset[str]:
    """Returns names of hosts in the form in which they are compared.

    Raises:
        ApiTypeError: They are not several names.
        ApiValueError: One is not the name of a host.
    """
    if isinstance(names, str):
        raise ApiTypeError("allowed_hosts must be several names, such as a list; for a single one write [name]")
    found = set()
    for name in names:
        if not isinstance(name, str):
            raise ApiTypeError(f"allowed_hosts must be names of hosts, got {name!r:.80}")
        if not _NAME.fullmatch(name) and not _is_address(name.strip("[]")):
            raise ApiValueError(f"allowed_hosts: {name!r:.80} is not a host: give its name, without http:// and port")
        found.add(name.lower().strip("[]"))
    return frozenset(found)


class Guard:
    """Wraps the emulator's application and refuses what does not belong there.

    Args:
        app: The application.
        host: The address that it listens on. On loopback, only requests to a loopback
            address or an allowed host are served.
        allowed: Names of hosts under which it is reached as well. If there are any,
            requests to other hosts are refused on every address.
    """

    def __init__(self, app: ASGIApp, host: str, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed
        self._is_strict = is_loopback(host) or bool(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers: dict[bytes, bytes] = dict(scope["headers"])
            _read_absolute_target(scope, headers)
            refusal = self._refusal(headers)
            if refusal is not None:
                status, message = refusal
                # What follows on the connection may not be what it seems.
                await json_response(status, {"error": message}, {"Connection": "close"})(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        if b"content-length" in headers and b"transfer-encoding" in headers:
            return 400, "the request has both the headers Content-Length and Transfer-Encoding"
        if headers.get(b"expect", b"100-continue").lower() != b"100-continue":
            return 417, "the emulator does not support this expectation of the header Expect"
        host = headers.get(b"host", b"").decode("latin-1")
        name = _name_of(host)
        if self._is_strict and host and not self._is_allowed(name):
            return 403, (
                f"The emulator refuses requests to the host {host[:200]!r}, to be safe from web pages: call it at"
                f" 127.0.0.1, or start it with --allowed-host {name or 'NAME'}"
            )
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and not self._is_known_origin(origin, name):
            return 403, (
                f"The emulator refuses requests of the web page {origin[:200]!r}; to serve it, start it with"
                " --allowed-host and the name of its host"
            )
        return None

    def _is_allowed(self, name: str | None) -> bool:
        return name is not None and (is_loopback(name) or name in self._allowed)

    def _is_known_origin(self, origin: str, host: str | None) -> bool:
        try:
            name = urlsplit(origin.lower()).hostname
        except ValueError:
            return False
        return self._is_allowed(name) or (not self._is_strict and name is not None and name == host)


def _name_of(host: str) -> str | None:
    """Returns the name in a Host header, without the port; None if it is invalid."""
    found = _HOST.fullmatch(host.lower())
    return found[1].strip("[]") if found else None


def _read_absolute_target(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """Replaces a target such as ``http://localhost/v2.1`` by its path and host."""
    target: bytes = scope.get("raw_path") or b""
    found = _ABSOLUTE.match(target)
    if found is None:
        return
    headers[b"host"] = found[1]
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"host"] + [(b"host", found[1])]
    scope["raw_path"] = target[found.end() :] or b"/"
    # The server has decoded the path already.
    scope["path"] = _ABSOLUTE_TEXT.sub("", scope["path"], count=1) or "/"


_ABSOLUTE_TEXT = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

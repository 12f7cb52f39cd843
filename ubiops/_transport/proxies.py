"""Proxies: which one to use for a host, and a connection pool behind it."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import urllib3

from ubiops._core.redact import SecretStr
from ubiops._transport.connection import POOL_CLASSES
from ubiops._transport.tls import tls_context
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from ubiops.configuration import Configuration


class Proxy(NamedTuple):
    """A proxy and the place where it is configured."""

    url: str
    """Its URL, which may hold a password."""
    source: str
    """``configuration.proxy`` or the name of an environment variable."""

    @property
    def address(self) -> str | None:
        """Its URL without user name and password; None if it is not valid."""
        parts = _split_proxy(self.url)
        return parts[1] if parts else None

    @property
    def description(self) -> str:
        """Address and source, without the password."""
        return f"{self.address or 'the proxy'} (from {self.source})"


def find_proxy(settings: Configuration, scheme: str, host: str, port: int | None = None) -> Proxy | None:
    """Returns the configured proxy for a host, or that of the environment, or None."""
    if settings.proxy is not None:
        return Proxy(settings.proxy, "configuration.proxy") if settings.proxy else None
    # By name first: importing the module that knows the rules takes longer than a
    # request.
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib import request

    proxies = request.getproxies_environment()
    kind = scheme if proxies.get(scheme) else "all"
    proxy = proxies.get(kind)
    if not proxy:
        return None
    if ":" not in host:
        # NO_PROXY may name a port.
        host = f"{host}:{port or default_port(scheme)}"
    # Typeshed lacks this function, which Python itself and requests use.
    if getattr(request, "proxy_bypass_environment")(host, proxies):  # noqa: B009
        return None
    names = [name for name in os.environ if name.lower() == f"{kind}_proxy" and os.environ[name] == proxy]
    return Proxy(SecretStr(proxy), min(names, key=str.isupper, default=f"{kind}_proxy"))


def default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def proxied_pool(
    settings: Configuration, proxy: Proxy, scheme: str, host: str, port: int | None, options: dict[str, Any]
) -> Any:
    """Returns a pool of connections to a host through a proxy.

    Raises:
        ubiops.ApiValueError: The proxy's URL is not valid.
    """
    parts = _split_proxy(proxy.url)
    if parts is None:
        raise ApiValueError(
            f"the proxy's URL in {proxy.source} is not valid; it has the form 'http://user:password@host:port'"
        )
    proxy_scheme, address, credentials = parts
    headers = dict(settings.proxy_headers or {})
    if credentials:
        headers["Proxy-Authorization"] = credentials
    if vars(urllib3)["__version__"].startswith("1."):
        # 1.26 does not pass it on to the connections.
        del options["blocksize"]
    context = tls_context(settings, urlsplit(address).hostname or "") if proxy_scheme == "https" else None
    if context is not None:
        options.setdefault("ssl_context", context)
    manager = urllib3.ProxyManager(address, proxy_headers=headers, proxy_ssl_context=context, **options)
    manager.pool_classes_by_scheme = POOL_CLASSES
    return manager.connection_from_host(host, port, scheme)


def _split_proxy(proxy: str) -> tuple[str, str, SecretStr] | None:
    """Splits a proxy's URL into scheme, address without credentials, and the header
    with the credentials; returns None if it is not valid.

    The caller raises the error, so that no frame of the traceback holds the password.
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
    return scheme, f"{scheme}://{host}:{port or default_port(scheme)}", SecretStr(credentials)

"""The settings of a client in this environment, and where each comes from."""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from ubiops._core.hosts import DEFAULT_HOST
from ubiops._core.redact import SecretStr
from ubiops._transport.proxies import Proxy, find_proxy
from ubiops._transport.tls import trusted_certificates
from ubiops.configuration import HOST_VARIABLE, LOG_VARIABLE, TOKEN_VARIABLE, Configuration
from ubiops.exceptions import UbiOpsException

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = "default"
ARGUMENT = "argument --host"

# Settings that no environment variable has an influence on.
PLAIN = (
    "project",
    "verify_ssl",
    "connect_timeout",
    "read_timeout",
    "max_retries",
    "retry_deadline",
    "auto_retry_rate_limiting",
    "connection_pool_maxsize",
    "client_side_validation",
    "temp_folder_path",
    "debug",
)


class Setting(NamedTuple):
    """A setting, as it is shown. Its value never contains a secret."""

    name: str
    value: Any
    source: str


class Settings:
    """The effective settings.

    Args:
        host: The address that was given on the command line.

    Attributes:
        configuration: The configuration. If the address is not valid, it has the
            default one.
        host_text: The address as it was given; None if it is the default.
        host_source: Where the address comes from.
        host_problem: Why the address can't be used; None if it can.
        token: The token as it was given, which must not be shown; None without one.
        token_problem: Why the token can't be sent; None if it can.
        proxy: The proxy that requests use.
    """

    def __init__(self, host: str | None = None) -> None:
        from_environment = os.environ.get(HOST_VARIABLE, "").strip()
        self.host_text = host if host is not None else from_environment or None
        self.host_source = _source(host is not None, HOST_VARIABLE if from_environment else None)
        self.host_problem: str | None = None
        with warnings.catch_warnings():
            # A finding says so.
            warnings.filterwarnings("ignore", LOG_VARIABLE)
            try:
                # An empty argument is a mistake, such as a variable that is not set.
                self.configuration = Configuration(host=host if host != "" else " ")
            except UbiOpsException as error:
                self.host_problem = str(error)
                self.configuration = Configuration(host=DEFAULT_HOST)
        parts = urlsplit(self.configuration.host)
        self.scheme, self.hostname = parts.scheme, parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.proxy: Proxy | None = find_proxy(self.configuration, parts.scheme, self.hostname, parts.port)
        key = self.configuration.api_key.get("Authorization")
        self.token = None if key is None else SecretStr(key)
        self.token_problem: str | None = None
        self._token_shown: str | None = None
        try:
            header = self.configuration.get_api_key_with_prefix("Authorization")
        except UbiOpsException as error:
            self.token_problem = str(error)
        else:
            self._token_shown = None if header is None else re.sub(r" .*", " ***", header, flags=re.DOTALL)

    @property
    def token_source(self) -> str:
        """Where the token comes from."""
        return _source(False, None if self.token is None else TOKEN_VARIABLE)

    def all(self) -> Iterator[Setting]:
        """Yields all settings."""
        host = "not valid" if self.host_problem else self.configuration.host
        yield Setting("host", host, self.host_source)
        if self.token_problem:
            yield Setting("token", "not valid", self.token_source)
        else:
            yield Setting("token", self._token_shown, self.token_source)
        yield self._proxy()
        source, path = trusted_certificates(self.configuration)
        variable = source.rpartition(" ")[2]
        yield Setting("ssl_ca_cert", path, f"{DEFAULT}: {source}" if variable == source else _source(False, variable))
        for name in PLAIN:
            yield Setting(name, getattr(self.configuration, name), DEFAULT)
        yield self._logging()

    def _logging(self) -> Setting:
        from ubiops._core.logs import LEVELS

        level = os.environ.get(LOG_VARIABLE, "").strip().lower()
        shown = level if level in LEVELS else "not valid"
        return Setting("logging", shown if level else None, _source(False, LOG_VARIABLE if level else None))

    def _proxy(self) -> Setting:
        if self.proxy is None:
            proxies = getproxies_environment()
            exempt = proxies.get(self.scheme) or proxies.get("all")
            return Setting("proxy", None, _source(False, "NO_PROXY" if exempt else None))
        return Setting("proxy", self.proxy.address or "not valid", _source(False, self.proxy.source))


def _source(from_argument: bool, variable: str | None) -> str:
    if from_argument:
        return ARGUMENT
    return DEFAULT if variable is None else f"environment variable {variable}"

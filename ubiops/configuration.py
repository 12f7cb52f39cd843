"""Client configuration: host, credentials, timeouts, retries, TLS and proxies."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Any

from ubiops._core.api_keys import AUTHORIZATION, ApiKeys
from ubiops._core.headers import Headers, authorization
from ubiops._core.hosts import DEFAULT_HOST, normalize_host
from ubiops._core.redact import Redacted, redact, redact_items
from ubiops._core.timeouts import Timeouts, check_retries, check_seconds
from ubiops._official import OfficialSettings
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Never

TOKEN_VARIABLE = "UBIOPS_API_TOKEN"  # noqa: S105 - the name of a variable
HOST_VARIABLE = "UBIOPS_API_HOST"
LOG_VARIABLE = "UBIOPS_LOG"

# These end a path segment or start an escape: unencoded they would let a value change
# the request.
_NEVER_SAFE = frozenset("/\\?#%")


_SHOWN = (
    "host",
    "project",
    "api_key",
    "api_key_prefix",
    "verify_ssl",
    "ssl_ca_cert",
    "cert_file",
    "connect_timeout",
    "read_timeout",
    "max_retries",
)


class Configuration(OfficialSettings):
    """Client configuration: host, credentials, timeouts, retries, TLS and proxies.

    Args:
        host: The address of the API. ``https://`` is added if it has no scheme, and
            ``/v2.1`` if it has no version; a trailing slash is removed. Default: the
            variable ``UBIOPS_API_HOST``, else ``https://api.ubiops.com/v2.1``.
        api_key: ``{"Authorization": "Token <secret>"}``; the prefix is optional.
            Default: the variable ``UBIOPS_API_TOKEN``.
        api_key_prefix: ``{"Authorization": "Bearer"}`` to use another prefix than
            ``Token``.
        refresh_api_key_hook: Called with the configuration before each call, to renew
            ``api_key``.
        verify_ssl: Whether to verify the server's certificate. False lets anyone on the
            network path read and change everything, including the token. Default: True.
        ssl_ca_cert: The path of a file or a folder with the certificates to trust.
            Default: the variable ``SSL_CERT_FILE`` or ``REQUESTS_CA_BUNDLE``, else
            those of certifi.
        cert_file: The path of a client certificate.
        key_file: The path of the client certificate's key.
        assert_hostname: The name to expect in the server's certificate, if it differs
            from the host's.
        proxy: The address of a proxy, with a user name and a password if it needs them.
            An empty string uses none. Default: the variables ``HTTPS_PROXY``,
            ``HTTP_PROXY`` and ``NO_PROXY``.
        proxy_headers: Headers for the proxy.
        connection_pool_maxsize: Maximum number of idle connections to keep open, and
            the default ``max_concurrency`` of the async client. Default: 100.
        connect_timeout: Maximum time to wait for a connection, in seconds; None for no
            limit. Default: 10.
        read_timeout: Maximum time to wait for the next bytes of a response, in seconds;
            None for no limit. Default: 300.
        max_retries: Maximum number of retries of a request that is safe to repeat; 0
            turns retries off. Default: 3.
        retry_deadline: How long after its start a call may still be retried, in
            seconds. Default: 300.
        auto_retry_rate_limiting: Whether to wait and retry when the rate limit is
            exceeded (429). Default: True.
        client_side_validation: Whether to validate arguments before sending. Default:
            True.
        safe_chars_for_path_param: Characters that are not encoded in a path parameter.
            Default: none.
        temp_folder_path: The folder for downloads that are saved. Default: the working
            directory.
        debug: Whether the logger ``ubiops`` logs every request, to the standard error
            stream if logging is not configured. No other logger is changed. Setting
            the variable ``UBIOPS_LOG`` to ``debug`` or ``info`` does the same without
            changing the program. Default: False.
        token: The API token, in place of ``api_key``; the prefix is optional.
        project: The default ``project_name`` of every call. Default: none.

    Raises:
        ubiops.ApiValueError: The host is not a valid address, or a limit is not valid.
        ubiops.ApiTypeError: A value has the wrong type, or there is no such setting.

    Warns:
        ubiops.UnknownFieldWarning: An attribute is set that is not a setting.
    """

    _default: Configuration | None = None
    _unpickled = False

    def __init__(
        self,
        host: str | None = None,
        api_key: Mapping[str, str] | None = None,
        api_key_prefix: Mapping[str, str] | None = None,
        *,
        refresh_api_key_hook: Callable[[Configuration], None] | None = None,
        verify_ssl: bool = True,
        ssl_ca_cert: str | None = None,
        cert_file: str | None = None,
        key_file: str | None = None,
        assert_hostname: str | None = None,
        proxy: str | None = None,
        proxy_headers: Mapping[str, str] | None = None,
        connection_pool_maxsize: int = 100,
        connect_timeout: float | None = 10,
        read_timeout: float | None = 300,
        max_retries: int = 3,
        retry_deadline: float = 300,
        auto_retry_rate_limiting: bool = True,
        client_side_validation: bool = True,
        safe_chars_for_path_param: str = "",
        temp_folder_path: str | None = None,
        debug: bool = False,
        token: str | None = None,
        project: str | None = None,
        **unknown: Never,
    ) -> None:
        host, api_key, proxy, proxy_headers, token = (
            redact(host),
            redact_items(api_key),
            redact(proxy),
            redact_items(proxy_headers),
            redact(token),
        )
        if unknown:
            name = redact_items(unknown) and next(iter(unknown))
            unknown.clear()
            raise ApiTypeError(f"Configuration() got an unexpected keyword argument {name!r}; {_suggestion(name)}")
        if token is not None and api_key:
            raise ApiValueError("pass Configuration() either token or api_key, not both")
        self._logger = {"package_logger": logging.getLogger("ubiops"), "urllib3_logger": logging.getLogger("urllib3")}
        self._logger_file: str | None = None
        self._logger_format = "%(asctime)s %(levelname)s %(message)s"
        self._logger_handler: logging.Handler | None = None
        self.host = host or os.environ.get(HOST_VARIABLE, "").strip() or DEFAULT_HOST
        self.api_key = api_key or {}
        if token is not None:
            self.token = token
        elif not self._api_key:
            self._read_token()
        self.project = project
        self.api_key_prefix: dict[str, str] = dict(api_key_prefix or {})
        self.refresh_api_key_hook = refresh_api_key_hook
        self.verify_ssl = verify_ssl
        self.ssl_ca_cert = ssl_ca_cert
        self.cert_file = cert_file
        self.key_file = key_file
        self.assert_hostname = assert_hostname
        self.proxy = proxy
        self.proxy_headers = proxy_headers
        self.connection_pool_maxsize = connection_pool_maxsize
        self._last_authorization: tuple[str | None, str | None, str] = (None, None, "")
        self._timeouts = Timeouts(None, None, None)
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.max_retries = max_retries
        self.retry_deadline = retry_deadline
        self.auto_retry_rate_limiting = auto_retry_rate_limiting
        self.client_side_validation = client_side_validation
        self.safe_chars_for_path_param = safe_chars_for_path_param
        self.temp_folder_path = temp_folder_path
        self._debug = False
        if debug:
            self.debug = True
        elif os.environ.get(LOG_VARIABLE):
            from ubiops._core.logs import log_to_stderr

            log_to_stderr(os.environ[LOG_VARIABLE])

    def _read_token(self) -> None:
        if os.environ.get(TOKEN_VARIABLE, "").strip():
            self._api_key["Authorization"] = os.environ[TOKEN_VARIABLE].strip()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _MASKS:
            value = _MASKS[name](value)
        super().__setattr__(name, value)
        if name[:1] != "_" and name not in _SETTINGS and not hasattr(type(self), name):
            # A warning may become an error, whose traceback must not show what may be a
            # secret.
            del value
            from ubiops._core.suggestions import warn

            warn(f"Configuration has no setting {name!r}, so it is ignored; {_suggestion(name)}")

    # --- host, project, TLS and proxy ---

    @property
    def host(self) -> str:
        """The address of the API, with scheme and version, without a trailing slash."""
        return self._host

    @host.setter
    def host(self, value: str) -> None:
        value = redact(value)
        self._host = normalize_host(value)

    @property
    def project(self) -> str | None:
        """The default ``project_name`` of every call; None for none."""
        return self._project

    @project.setter
    def project(self, value: str | None) -> None:
        if value is not None and not isinstance(value, str):
            raise ApiTypeError(f"project must be the name of a project, got {type(value).__name__}: {value!r:.80}")
        if value == "":
            raise ApiValueError("project must not be empty; None stands for no default project")
        self._project = value

    @property
    def safe_chars_for_path_param(self) -> str:
        """Characters that are not encoded in a path parameter."""
        return self._safe_chars

    @safe_chars_for_path_param.setter
    def safe_chars_for_path_param(self, value: str) -> None:
        unsafe = [c for c in value if c in _NEVER_SAFE or not c.isprintable() or c.isspace() or not c.isascii()]
        if unsafe:
            raise ApiValueError(
                f"safe_chars_for_path_param can't contain {unsafe[0]!r}: a value could change the rest of the path"
            )
        self._safe_chars = value

    @property
    def verify_ssl(self) -> bool:
        """Whether to verify the server's certificate."""
        return self._verify_ssl

    @verify_ssl.setter
    def verify_ssl(self, value: bool) -> None:
        # Only False switches it off, and not another falsy value such as an empty
        # variable.
        if not isinstance(value, bool):
            raise ApiTypeError(f"verify_ssl must be True or False, got {type(value).__name__}: {value!r:.80}")
        self._verify_ssl = value

    @property
    def proxy(self) -> str | None:
        """The address of a proxy. An empty string uses none, None the environment's.

        It is masked in the repr.
        """
        return self._proxy

    @proxy.setter
    def proxy(self, value: str | None) -> None:
        value = redact(value)
        if value is not None and not isinstance(value, str):
            raise ApiTypeError("proxy must be an address such as 'http://user:password@host:port'")
        self._proxy = value

    @property
    def proxy_headers(self) -> Mapping[str, str] | None:
        """Headers for the proxy."""
        return self._proxy_headers

    @proxy_headers.setter
    def proxy_headers(self, value: Mapping[str, str] | None) -> None:
        value = redact_items(value)
        if isinstance(value, Redacted):
            raise ApiTypeError(f"proxy_headers must be a dict, got {value.kind}")
        self._proxy_headers = None if value is None else Headers(value)

    # --- credentials ------------------------------------------------------------------

    @property
    def api_key(self) -> dict[str, str]:
        """The secrets by identifier; the API token's is ``Authorization``.

        They are masked in the repr.
        """
        return self._api_key

    @api_key.setter
    def api_key(self, value: Mapping[str, str] | None) -> None:
        value = redact_items(value)
        if isinstance(value, Redacted):
            raise ApiTypeError(
                f'api_key must be a dict such as {{"Authorization": "Token <secret>"}}, got {value.kind}'
            )
        self._api_key = ApiKeys(value)

    @property
    def token(self) -> str | None:
        """The API token, the secret ``Authorization`` of ``api_key``, or None."""
        token: str | None = self._api_key.get(AUTHORIZATION)
        return token

    @token.setter
    def token(self, value: str | None) -> None:
        value = redact(value)
        if isinstance(value, Redacted):
            raise ApiTypeError(f"token must be a string, got {value.kind}")
        if value is None:
            self._api_key.pop(AUTHORIZATION, None)
        else:
            self._api_key[AUTHORIZATION] = value

    def get_api_key_with_prefix(self, identifier: str = "Authorization") -> str | None:
        """Returns a secret with its prefix, as the header contains it, or None.

        Args:
            identifier: The key in ``api_key``.

        Raises:
            ubiops.ApiValueError: The secret is empty or not valid in a header.
        """
        if self.refresh_api_key_hook is not None:
            self.refresh_api_key_hook(self)
        # Without the search for other spellings: this runs before each call.
        key = dict.get(self._api_key, identifier)
        if key is None:
            return None
        prefixes = self.api_key_prefix
        prefix = prefixes.get(identifier)
        if prefix is None and prefixes:
            prefix = next((one for name, one in prefixes.items() if name.lower() == identifier.lower()), None)
        known, known_prefix, value = self._last_authorization
        if key is not known or prefix != known_prefix:
            value = authorization(key, prefix)
            self._last_authorization = (key, prefix, value)
        return value

    # --- limits -----------------------------------------------------------------------

    @property
    def connect_timeout(self) -> float | None:
        """Seconds to wait for a connection; None for no limit."""
        return self._timeouts.connect

    @connect_timeout.setter
    def connect_timeout(self, value: float | None) -> None:
        self._timeouts = Timeouts(check_seconds(value, "connect_timeout"), self._timeouts.read, None)

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for the next bytes of a response; None for no limit."""
        return self._timeouts.read

    @read_timeout.setter
    def read_timeout(self, value: float | None) -> None:
        self._timeouts = Timeouts(self._timeouts.connect, check_seconds(value, "read_timeout"), None)

    @property
    def max_retries(self) -> int:
        """Maximum number of retries of a request that is safe to repeat."""
        return self._max_retries

    @max_retries.setter
    def max_retries(self, value: int) -> None:
        self._max_retries = check_retries(value, "max_retries")

    @property
    def retry_deadline(self) -> float:
        """How long after its start a call may still be retried, in seconds."""
        return self._retry_deadline

    @retry_deadline.setter
    def retry_deadline(self, value: float) -> None:
        seconds = check_seconds(value, "retry_deadline")
        if seconds is None:
            raise ApiValueError("retry_deadline must be a number of seconds; use max_retries=0 to turn retries off")
        self._retry_deadline = seconds

    # --- logging ----------------------------------------------------------------------

    @property
    def logger(self) -> dict[str, logging.Logger]:
        """The loggers of this library and of urllib3."""
        return self._logger

    @property
    def debug(self) -> bool:
        """Whether the logger ``ubiops`` logs every request.

        It logs to the standard error stream if logging is not configured, and only
        headers on an allowlist.
        """
        return self._debug

    @debug.setter
    def debug(self, value: bool) -> None:
        self._debug = bool(value)
        self._logger["package_logger"].setLevel(logging.DEBUG if value else logging.NOTSET)
        from ubiops._core.logs import add_handler, remove_handler

        if value:
            add_handler()
        else:
            remove_handler()

    @property
    def logger_file(self) -> str | None:
        """A file that the logger ``ubiops`` also writes to."""
        return self._logger_file

    @logger_file.setter
    def logger_file(self, value: str | None) -> None:
        logger = self._logger["package_logger"]
        if self._logger_handler is not None:
            logger.removeHandler(self._logger_handler)
            self._logger_handler.close()
            self._logger_handler = None
        self._logger_file = value
        if value:
            self._logger_handler = logging.FileHandler(value, delay=True, encoding="utf-8")
            self._logger_handler.setFormatter(logging.Formatter(self._logger_format))
            logger.addHandler(self._logger_handler)

    @property
    def logger_format(self) -> str:
        """The format of the lines in ``logger_file``."""
        return self._logger_format

    @logger_format.setter
    def logger_format(self, value: str) -> None:
        self._logger_format = value
        if self._logger_handler is not None:
            self._logger_handler.setFormatter(logging.Formatter(value))

    # --- copies -----------------------------------------------------------------------

    @classmethod
    def set_default(cls, default: Configuration | None) -> None:
        """Sets the configuration that is copied for clients created without one.

        Args:
            default: The configuration, which is copied; None restores the environment's
                variables.
        """
        cls._default = default.copy() if default is not None else None

    @classmethod
    def get_default_copy(cls) -> Configuration:
        """Returns a copy of the default configuration.

        It is the one that was set, or a new one from the environment's variables.
        """
        return cls._default.copy() if cls._default is not None else cls()

    def copy(self) -> Configuration:
        """Returns an independent copy, including the token."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._api_key = ApiKeys(self._api_key)
        other.api_key_prefix = dict(self.api_key_prefix)
        return other

    def __copy__(self) -> Configuration:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Configuration:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        # Secrets, and the state of this process.
        for name in (
            "_api_key",
            "_logger",
            "_logger_handler",
            "_logger_file",
            "_last_authorization",
            "refresh_api_key_hook",
        ):
            state.pop(name)
        state["_proxy"], state["_proxy_headers"] = _without_password(self.proxy, ""), None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._logger = {"package_logger": logging.getLogger("ubiops"), "urllib3_logger": logging.getLogger("urllib3")}
        self._logger_file, self._logger_handler, self.refresh_api_key_hook = None, None, None
        self._last_authorization = (None, None, "")
        self._unpickled = True
        self._api_key = ApiKeys()
        self._read_token()

    def __repr__(self) -> str:
        # A traceback also shows a configuration whose constructor failed.
        shown = {name: getattr(self, name, None) for name in _SHOWN}
        proxy = getattr(self, "proxy", None)
        if proxy:
            shown["proxy"] = _without_password(proxy)
        return f"Configuration({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_MASKS = {
    "api_key": redact_items,
    "host": redact,
    "proxy": redact,
    "proxy_headers": redact_items,
    "token": redact,
}
"""How to mask settings that may be secret while they are set."""
_INIT = Configuration.__init__.__code__
_SETTINGS = frozenset(_INIT.co_varnames[1 : _INIT.co_argcount + _INIT.co_kwonlyargcount])
"""The settings that are given to the constructor and can be set later."""


def _suggestion(name: str) -> str:
    """Returns the setting with the most similar name, or all settings, as words."""
    from ubiops._core.suggestions import suggest

    return suggest(name, sorted(_SETTINGS), otherwise="the settings are")


def _without_password(url: str | None, mask: str = "***@") -> str | None:
    """Returns an address with its user name and password masked."""
    return re.sub(r"^([a-z]+://)?.*@", rf"\1{mask}", url, flags=re.IGNORECASE | re.DOTALL) if url else url

"""TLS settings of a client's connections."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Any

import urllib3

from ubiops.exceptions import file_error

if TYPE_CHECKING:
    from ubiops.configuration import Configuration

_IS_URLLIB3_1 = vars(urllib3)["__version__"].startswith("1.")


def is_unexpected_end(error: BaseException) -> bool:
    """Returns whether a TLS connection ended without an announcement (close_notify)."""
    # Python 3.9 has no class for it with OpenSSL 3.
    return isinstance(error, ssl.SSLEOFError) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket that remembers whether the other side announced the end of its data.

    Without that announcement (close_notify) anyone on the network path may have cut
    the connection. Python treats both ends alike by default.
    """

    truncated = False

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        try:
            return super().read(len, buffer)
        except ssl.SSLError as error:
            if not is_unexpected_end(error):
                raise
            self.truncated = True
            return b"" if buffer is None else 0


class _TlsContext(ssl.SSLContext):
    sslsocket_class = _TlsSocket

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**options, "suppress_ragged_eofs": False})


def tls_context(settings: Configuration, host: str) -> ssl.SSLContext:
    """Returns the TLS settings for connections to a host.

    Raises:
        ubiops.ApiValueError: A certificate file can't be read.
    """
    context = _TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.9 sets this with OpenSSL 3.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        if settings.assert_hostname or (_IS_URLLIB3_1 and _is_address(host)):
            # urllib3 compares the given name itself; 1.26 does the same with addresses.
            context.check_hostname = False
        source, path = trusted_certificates(settings)
        try:
            if os.path.isdir(path):
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise file_error(
                f"the trusted certificates can't be read from {path!r} ({source}): {error}", error
            ) from None
    if settings.cert_file:
        try:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        except (OSError, ssl.SSLError) as error:
            raise file_error(
                f"the client certificate can't be read from {settings.cert_file!r} (cert_file): {error}", error
            ) from None
    return context


def _is_address(host: str) -> bool:
    # No top-level domain is a number.
    return ":" in host or host.rpartition(".")[2].isdecimal()


def trusted_certificates(settings: Configuration) -> tuple[str, str]:
    """Returns the path of the trusted certificates, after the name of its setting."""
    if settings.ssl_ca_cert:
        return "ssl_ca_cert", os.fspath(settings.ssl_ca_cert)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if os.environ.get(name):
            return f"the variable {name}", os.environ[name]
    import certifi

    return "certifi", certifi.where()

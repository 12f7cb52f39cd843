"""Settings that can't work, or look like a mistake."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ubiops._transport.pool import is_loopback
from ubiops.configuration import HOST_VARIABLE, LOG_VARIABLE, TOKEN_VARIABLE
from ubiops.exceptions import UbiOpsException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops._cli.settings import Settings

VERSIONS = ("v2.1", "v2")
"""The versions of the API."""

_VARIABLES = (HOST_VARIABLE, TOKEN_VARIABLE, "UBIOPS_JSON", LOG_VARIABLE)
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PREFIXES = re.compile(r"(?:(?:token|bearer)\s+)*", re.IGNORECASE)


class Finding(NamedTuple):
    """What is wrong with a setting.

    Attributes:
        setting: The setting.
        text: What is wrong, and what to do. It never contains a secret.
        fatal: Whether no call can succeed.
    """

    setting: str
    text: str
    fatal: bool = False


def find(settings: Settings) -> list[Finding]:
    """Returns what is wrong with the settings, the worst first."""
    found = [
        *_host(settings),
        *_token(settings),
        *_proxy(settings),
        *_certificates(settings),
        *_logging(),
        *_variables(),
    ]
    return sorted(found, key=lambda finding: not finding.fatal)


def unknown_version(host: str) -> str | None:
    """Returns the version in the address of an API, if it is not a known one."""
    segments = [segment for segment in urlsplit(host).path.split("/") if re.fullmatch(r"v\d[\d.]*", segment)]
    return segments[-1] if segments and not set(segments) & set(VERSIONS) else None


def _host(settings: Settings) -> Iterator[Finding]:
    if settings.host_problem:
        yield Finding("host", settings.host_problem, fatal=True)
        return
    given = settings.host_text or ""
    host = settings.configuration.host
    raw = os.environ.get(HOST_VARIABLE)
    if raw is not None and not raw.strip():
        yield Finding("host", f"{HOST_VARIABLE} is set, but empty; it is ignored")
    elif given != given.strip() or (settings.host_source.endswith(HOST_VARIABLE) and raw != given):
        yield Finding("host", "the address has spaces around it; they are ignored")
    local = is_loopback(settings.hostname)
    if given and "://" not in given:
        hint = "; an emulator needs http://" if local else ""
        yield Finding("host", f"the address has no scheme; https:// was put in front{hint}")
    if given and not re.search(r"/v\d", given):
        yield Finding("host", f"the address has no version; /{VERSIONS[0]} was appended")
    unknown = unknown_version(host)
    if unknown:
        yield Finding("host", f"{unknown!r} is not a known version of the API: use {' or '.join(VERSIONS)}")
    elif host.rpartition("/")[2] not in VERSIONS:
        yield Finding("host", "the address continues after the version; it normally ends there")
    if settings.scheme == "http" and not local:
        yield Finding("host", "the token is sent without encryption (http): use https://")


def _token(settings: Settings) -> Iterator[Finding]:
    if settings.token_problem:
        yield Finding("token", settings.token_problem, fatal=True)
        return
    if settings.token is None:
        empty = f"{TOKEN_VARIABLE} is set, but empty" if TOKEN_VARIABLE in os.environ else "no token is set"
        yield Finding("token", f"{empty}: set {TOKEN_VARIABLE}, for example to 'Token 1a2b3c'")
        return
    prefix = _PREFIXES.match(settings.token)
    end = prefix.end() if prefix else 0
    if len(settings.token[:end].split()) > 1:
        yield Finding("token", "the prefix is repeated; it is sent once")
    wrong = _wrong_in_token(settings.token[end:])
    if wrong:
        yield Finding("token", f"the token {wrong}; it normally consists of letters and digits")


def _wrong_in_token(secret: str) -> str | None:
    if re.search(r"[<>{}$]", secret):
        return "looks like a placeholder"
    if re.search(r"['\"]", secret):
        return "contains quotes"
    return "contains spaces" if re.search(r"\s", secret) else None


def _proxy(settings: Settings) -> Iterator[Finding]:
    proxy = settings.proxy
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        upper, lower = os.environ.get(name), os.environ.get(name.lower())
        if upper and lower and upper != lower:
            yield Finding("proxy", f"{name} and {name.lower()} differ; {name.lower()} is used")
    if proxy is None:
        names = {name.upper() for name in os.environ if name.lower().endswith("_proxy") and os.environ[name]}
        if settings.scheme == "https" and "HTTP_PROXY" in names and not names & {"HTTPS_PROXY", "ALL_PROXY"}:
            yield Finding("proxy", "HTTP_PROXY has no effect on an https:// address: set HTTPS_PROXY to use a proxy")
        return
    if proxy.address is None:
        text = f"the URL in {proxy.source} is not valid; it has the form 'http://user:password@host:port'"
        yield Finding("proxy", text, fatal=True)
    if is_loopback(settings.hostname):
        yield Finding(
            "proxy", f"requests to this machine go through a proxy: set NO_PROXY={settings.hostname} to avoid that"
        )


def _certificates(settings: Settings) -> Iterator[Finding]:
    values = [os.environ.get(name) for name in _CERTIFICATE_VARIABLES]
    if all(values) and values[0] != values[1]:
        yield Finding("ssl_ca_cert", f"{' and '.join(_CERTIFICATE_VARIABLES)} differ; the first is used")
    if settings.scheme == "https":
        from ubiops._transport.tls import tls_context

        try:
            tls_context(settings.configuration, settings.hostname)
        except UbiOpsException as error:
            yield Finding("ssl_ca_cert", str(error), fatal=True)


def _logging() -> Iterator[Finding]:
    from ubiops._core.logs import LEVELS

    level = os.environ.get(LOG_VARIABLE, "").strip()
    if level and level.lower() not in LEVELS:
        yield Finding("logging", f"{LOG_VARIABLE} is not a level: use {', '.join(LEVELS)}")


def _variables() -> Iterator[Finding]:
    """Yields variables that nothing reads, but whose names look like those that are."""
    from difflib import get_close_matches

    for name in sorted(os.environ):
        if name.upper().startswith("UBIOPS") and name not in _VARIABLES:
            for meant in get_close_matches(name.upper(), _VARIABLES[:2], n=1, cutoff=0.75):
                if not os.environ.get(meant, "").strip():
                    setting = "host" if meant == HOST_VARIABLE else "token"
                    yield Finding(setting, f"the environment variable {name} is not read: did you mean {meant}?")

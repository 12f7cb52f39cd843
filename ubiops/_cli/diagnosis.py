"""What an error of the client means for a check, and what to do about it.

The client's own hints come first. What is added here depends on the command, or on
where in a check the error came up.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from ubiops._cli.findings import VERSIONS, unknown_version
from ubiops._core.hosts import DEFAULT_HOST
from ubiops._core.messages import printable
from ubiops._core.retry import requested_delay
from ubiops._transport.pool import is_loopback
from ubiops.configuration import TOKEN_VARIABLE
from ubiops.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RedirectError,
    ServerError,
    TooManyRequestsError,
)

if TYPE_CHECKING:
    from ubiops._cli.settings import Settings
    from ubiops.exceptions import ApiException

NO_TOKEN = (
    f"create a token in the UbiOps web app and set {TOKEN_VARIABLE} to it, for example to 'Token 1a2b3c'; "
    "an emulator accepts any"
)
_NOT_THE_API = f"set the host to the address of the API, which is not that of the web app; by default {DEFAULT_HOST}"
_PROXY_AUTHENTICATION = 407


def describe(error: ApiException) -> str:
    """Returns what happened, in one line: status, reason and the server's message."""
    status = f"({error.status})" if error.status else ""
    text = " ".join(part for part in (status, error.reason) if part)
    if error.message and error.message != error.reason:
        text = f"{text}: {error.message}" if text else error.message
    return printable(text)[:500] or type(error).__name__


def advice(error: ApiException, settings: Settings, project: str | None = None) -> str | None:
    """Returns what to do about an error."""
    if isinstance(error, ApiTimeoutError):
        # The client's hint names settings that the command doesn't have.
        return "check the network, VPN, firewall and proxy, or pass a larger --timeout"
    if isinstance(error, ApiConnectionError):
        hint = error.hint or "try again; if it fails again, check the network, VPN, firewall and proxy"
        local = is_loopback(settings.hostname) and settings.proxy is None and settings.scheme == "http"
        # On a port that answers, but not in plain HTTP, there is no emulator.
        if local and "https://" not in hint:
            hint += f"; is the emulator running on port {settings.port}? It is started by: python -m ubiops emulator"
        return hint
    if isinstance(error, TooManyRequestsError):
        delay = requested_delay(error.headers or {}, time.time())
        return f"wait {delay[0]:.0f} seconds and try again" if delay else "wait a minute and try again"
    if isinstance(error, ServerError):
        return "the problem is in the platform, or in a proxy or gateway in front of it: try again later"
    if isinstance(error, ForbiddenError):
        return "the token is valid, but lacks a permission: ask the administrator of the project"
    if isinstance(error, NotFoundError) and project is not None:
        return "check the spelling; a project that the token can't access is not found either"
    return error.hint


def is_of_connection(error: ApiException) -> bool:
    """Returns whether no response of the server arrived."""
    if isinstance(error, InvalidResponseError):
        return False
    return not error.status or error.status == _PROXY_AUTHENTICATION


def problem_of_api(error: ApiException, settings: Settings) -> tuple[str, str | None] | None:
    """Returns why a response to a request without a token is not that of the API, and
    what to do; None if it may well be."""
    text = describe(error)
    if isinstance(error, (TooManyRequestsError, ServerError)):
        return text, advice(error, settings)
    if isinstance(error, RedirectError):
        return text, error.hint
    if isinstance(error, InvalidResponseError) or not _is_json(error.body):
        return f"this is not the API: {text}", _NOT_THE_API
    unknown = unknown_version(settings.configuration.host)
    if isinstance(error, NotFoundError) and unknown:
        versions = " or ".join(VERSIONS)
        return text, f"the host ends with {unknown!r}, which is not a known version of the API: use {versions}"
    # An API without this path, or one that wants a token for it.
    return None


def _is_json(body: str | bytes | None) -> bool:
    try:
        return isinstance(json.loads(body or ""), dict)
    except ValueError:
        return False

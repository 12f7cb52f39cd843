"""Tokens of service users, of which only hashes are stored."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from ubiops.emulator.core.auth import check_token, strip_prefix
from ubiops.emulator.core.errors import ApiError

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend

_TOKEN = re.compile(r"[0-9a-f]{40}", re.ASCII)
# The last use is stored at most once in so many seconds.
_PRECISION = 60


def hash_token(token: str) -> str:
    """Returns what is stored of a token. It is random, so it needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def email_of(service_user: sqlite3.Row) -> str:
    """Returns the address that stands for a service user."""
    return f"{service_user['id']}.{service_user['project']}@serviceuser.ubiops.com"


def authenticate(backend: Backend, header: str | None) -> str:
    """Returns who sends a request.

    Args:
        backend: The emulator.
        header: The value of the header ``Authorization``, if it was sent.

    Raises:
        ApiError: With status 401: the token is missing, malformed, unknown or expired.
    """
    service_user = _service_user(backend, header)
    if service_user is None:
        check_token(header, backend.settings.tokens)
        return backend.settings.user
    check_token(header, None)
    now = backend.clock.now()
    if service_user["expiry"] is not None and service_user["expiry"] <= now:
        raise ApiError(401, "Invalid token: the service user has expired", {"WWW-Authenticate": "Token"})
    if service_user["token_used"] is None or now - service_user["token_used"] >= _PRECISION:
        with backend.storage.transaction() as db:
            db.execute("UPDATE service_users SET token_used = ? WHERE pk = ?", (now, service_user["pk"]))
    return email_of(service_user)


def _service_user(backend: Backend, header: str | None) -> sqlite3.Row | None:
    token = strip_prefix(header or "")
    # Most callers use other tokens, for which there is nothing to look up.
    if not _TOKEN.fullmatch(token):
        return None
    with backend.storage.reading() as db:
        found: sqlite3.Row | None = db.execute(
            "SELECT * FROM service_users WHERE token_hash = ?", (hash_token(token),)
        ).fetchone()
    return found

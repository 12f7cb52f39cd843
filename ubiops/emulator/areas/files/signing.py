"""Signed URLs, which permit one transfer of one file without a token."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ubiops.emulator.areas.files.errors import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ubiops.emulator.core.context import RequestContext

PATH = "/_storage/{project_name}/{bucket_name}/{file}"
# A guess: how long the platform's URLs are valid is not documented.
SECONDS_VALID = 3600

_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)


def signed_url(
    db: sqlite3.Connection, context: RequestContext, method: str, parameters: Mapping[str, str] | None = None
) -> str:
    """Returns a URL that permits a transfer of the file that the path names.

    Args:
        db: The database.
        context: The request.
        method: GET or PUT.
        parameters: Further parameters, which are part of what is permitted.
    """
    query = {**(parameters or {}), "expires": str(int(context.now + SECONDS_VALID))}
    signature = _signature(db, context, method, query)
    names = (context.path[name] for name in ("project_name", "bucket_name", "file"))
    path = "/".join(quote(name, safe="") for name in names)
    return f"{_origin(context)}/_storage/{path}?{urlencode({**query, 'signature': signature})}"


def check_signature(db: sqlite3.Connection, context: RequestContext, method: str) -> None:
    """Rejects a request that its URL doesn't permit, or doesn't permit any more.

    Raises:
        StorageError: With status 403.
    """
    query = dict(context.query)
    given = query.pop("signature", None)
    if given is None:
        raise StorageError(403, "AccessDenied", "The URL has no signature: ask the API for a signed one")
    if not hmac.compare_digest(given.encode("utf-8"), _signature(db, context, method, query).encode("ascii")):
        raise StorageError(
            403, "SignatureDoesNotMatch", f"The signature does not permit to {method} this file: the URL was changed"
        )
    if context.now >= int(query["expires"]):
        raise StorageError(403, "AccessDenied", "The URL has expired: ask the API for another one")


def _signature(db: sqlite3.Connection, context: RequestContext, method: str, query: Mapping[str, str]) -> str:
    names = [context.path[name] for name in ("project_name", "bucket_name", "file")]
    signed = json.dumps([method, *names, sorted(query.items())])
    return hmac.new(_key(db).encode("ascii"), signed.encode("ascii"), hashlib.sha256).hexdigest()


def _key(db: sqlite3.Connection) -> str:
    """Returns the key of all signatures. URLs stay valid when the emulator restarts."""
    found = db.execute("SELECT secret FROM signing_key").fetchone()
    if found is None:
        db.execute("INSERT INTO signing_key (pk, secret) VALUES (1, ?)", (secrets.token_hex(32),))
        return _key(db)
    return str(found["secret"])


def _origin(context: RequestContext) -> str:
    """Returns the address by which the client reached the emulator."""
    host = context.headers.get("host", "")
    return f"http://{host}" if _HOST.fullmatch(host) else context.backend.address

"""What the emulator serves beside the API: a start page, and its description."""

from __future__ import annotations

import functools
import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, Response

from ubiops._version import __version__
from ubiops.emulator.core.description import load_description

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/v2.1"
ANY_TOKEN = "Token local-emulator"  # noqa: S105 - accepted by emulators that accept any
_DESCRIPTION = "/openapi.json"
_API_PATHS = frozenset(("/v2", "/v2/", PREFIX, f"{PREFIX}/"))
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>UbiOps emulator</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }}
h1 {{ line-height: 1.2; margin-bottom: .5rem; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
code, pre {{ font: .875rem/1.6 ui-monospace, monospace; }}
pre {{ padding: .75rem 1rem; border: 1px solid #8886; border-radius: .4rem; overflow-x: auto; }}
.version {{ opacity: .7; margin-top: 0; }}
</style>
</head>
<body>
<h1>UbiOps emulator</h1>
<p class="version">ubiops {version}</p>
<p>This is the UbiOps API on your own machine, with real state: it keeps what you create,
builds what you upload and removes what you delete. It is made for programs, not for
browsers.</p>
<p>The address of the API is <code>{api}</code>. {tokens} A project exists as soon as it is
used.</p>
<h2>From a terminal</h2>
<pre>export UBIOPS_API_HOST="{api}"
export UBIOPS_API_TOKEN="{token}"
python -m ubiops check</pre>
<h2>From Python</h2>
<pre>import ubiops

with ubiops.CoreApi(token="{token}", host="{api}") as api:
    print(api.deployments_list("my-project"))</pre>
<h2>Description</h2>
<p><a href="{description}">{description}</a> describes the {count} operations of this API
in the form of OpenAPI 3.1.</p>
</body>
</html>
"""


class Pages:
    """Wraps the API and serves its start page and its description.

    Both are outside of the API: they need no token and don't count towards the rate
    limit. A browser gets the start page at the address of the API too.

    Args:
        app: The API.
        any_token: Whether the API accepts any token.
    """

    def __init__(self, app: ASGIApp, *, any_token: bool) -> None:
        self._app = app
        self._any_token = any_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._respond(scope) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    def _respond(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            return None
        if path == _DESCRIPTION:
            # At another address, so that tools for OpenAPI send their requests here.
            return _json({**load_description(), "servers": [{"url": _origin(scope) + PREFIX}]})
        wants_html = b"text/html" in _header(scope, b"accept").lower()
        if path in ("", "/") or (wants_html and path in _API_PATHS):
            return self._page(scope) if wants_html else _json(self._summary(scope))
        return None

    def _summary(self, scope: Scope) -> dict[str, str]:
        origin = _origin(scope)
        return {
            "name": "UbiOps emulator",
            "version": __version__,
            "api": origin + PREFIX,
            "description": origin + _DESCRIPTION,
        }

    def _page(self, scope: Scope) -> Response:
        if self._any_token:
            tokens, token = "It accepts any token.", ANY_TOKEN
        else:
            tokens, token = "It accepts only the tokens that it was started with.", "Token ..."
        summary = self._summary(scope)
        values = {**summary, "token": token, "tokens": tokens, "count": str(_count_operations())}
        content = _PAGE.format_map({name: escape(value) for name, value in values.items()})
        return HTMLResponse(content, headers=_HEADERS)


@functools.cache
def _count_operations() -> int:
    return sum(map(len, load_description()["paths"].values()))


def _origin(scope: Scope) -> str:
    """Returns the address by which the client reached the emulator."""
    host = _header(scope, b"host").decode("latin-1")
    if not _HOST.fullmatch(host):
        name, port = scope.get("server") or ("127.0.0.1", 80)
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"http://{host}"


def _header(scope: Scope, name: bytes) -> bytes:
    values: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for key, value in values if key == name), b"")


def _json(content: Any) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, indent=2), headers=_HEADERS, media_type="application/json")

"""Transfers of files through signed URLs, for tests of the emulator."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote


def at(files: str, name: str) -> str:
    return f"{files}/{quote(name, safe='')}"


def put(api: Any, files: str, name: str, content: Any = b"content", **headers: str) -> Any:
    url = api.ok("POST", at(files, name), {})["url"]
    response = api.pool.request("PUT", url, body=content, headers=headers)
    assert response.status == 200, response.data
    assert response.data == b""
    return response


def fetch(api: Any, files: str, name: str, **headers: str) -> Any:
    return api.pool.request("GET", api.ok("GET", f"{at(files, name)}/download")["url"], headers=headers)


def error_of(response: Any) -> tuple[int, str]:
    """Returns the status and code of an error of the storage."""
    assert response.headers["content-type"] == "application/xml"
    found = re.search(r"<Error><Code>(\w+)</Code><Message>([^<]+)</Message></Error>", response.data.decode())
    assert found, response.data
    return response.status, found[1]


def stored(api: Any) -> int:
    return len(list(api.emulator._backend.files.path("").iterdir()))

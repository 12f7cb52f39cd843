"""What to do about a status. Imported only when a call fails with one of these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ubiops._core.hosts import generation_of, split_host

if TYPE_CHECKING:
    from ubiops._core.request import PreparedRequest
    from ubiops.configuration import Configuration
    from ubiops.exceptions import ApiException

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PATHS = ("/v2.1", "/v2")
"""The paths of the API's addresses, one for each generation."""


def hint_for(error: ApiException, request: PreparedRequest, settings: Configuration) -> str | None:
    """Returns a better hint than the status alone allows, or None to keep it."""
    if error.status == 401 and not request.authorized and settings._unpickled:
        return (
            "no API token was sent: this client was unpickled, and a pickle never contains the token. "
            "Set UBIOPS_API_TOKEN in this process, or configuration.token after unpickling"
        )
    if error.status != 404 or error.hint:
        return None
    if request.operation.generations and (hint := _generation_hint(request)):
        return hint
    _, base = split_host(settings.host)
    if base not in _PATHS and not re.search("was not found|does not exist", error.message or ""):
        return f"check configuration.host: its path is {base!r:.80}, and the API's is {' or '.join(_PATHS)}"
    return _names_hint(request, base)


def _names_hint(request: PreparedRequest, base: str) -> str | None:
    """Returns the arguments that the path was made of, which may be swapped or
    misspelled."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(base + request.operation.path))
    found = re.fullmatch(pattern, request.target.partition("?")[0])
    if not found or not found.groupdict():
        return None
    values = {name: unquote(value) for name, value in found.groupdict().items()}
    hint = "check " + ", ".join(f"{name}={value!r:.80}" for name, value in values.items())
    for name, value in values.items():
        if (name == "id" or name.endswith("_id")) and not re.fullmatch(_UUID, value):
            hint += f"; {name} must be an id (a UUID), not a name"
    return hint


def _generation_hint(request: PreparedRequest) -> str | None:
    """Returns the hint for a 404 of an operation that the host's generation of the API
    lacks; None if it has the operation.
    """
    host, version = generation_of(request.origin + request.target)
    if version is None or version in request.operation.generations:
        return None
    wanted = " and ".join(request.operation.generations)
    return (
        f"{request.operation.name} exists in API {wanted} only, and this host is API {version}: "
        f"set configuration.host to {f'{host}/{request.operation.generations[-1]}'!r}"
    )

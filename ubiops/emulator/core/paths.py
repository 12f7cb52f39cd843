"""Matches paths of requests with path templates of the API."""

from __future__ import annotations

import re

PREFIXES = ("/v2.1", "/v2")
CONTROL = "/_emulator/"
"""Paths below it control the emulator. The rate limit does not concern them."""
ABORT = "ubiops.abort"
"""The key of a scope for a function that closes the connection."""
_ANY_PREFIX = "|".join(re.escape(prefix) for prefix in PREFIXES)


class PathTemplate:
    """A path template of the API, such as ``/projects/{project_name}``.

    It matches below any prefix of the API, or with ``prefixed=False`` as it is. Paths
    are matched before they are decoded, so an encoded slash stays part of a name.

    Attributes:
        specificity: Templates that are sorted by it match literal segments before
            parameters.
    """

    def __init__(self, template: str, *, prefixed: bool = True) -> None:
        segments = template.split("/")
        self.specificity = tuple(segment.startswith("{") for segment in segments)
        pattern = "".join(
            f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"({\w+})", template)
        )
        prefix = f"(?:{_ANY_PREFIX})" if prefixed else ""
        self._pattern = re.compile(f"{prefix}{pattern}".encode("ascii"))

    def match(self, path: bytes) -> dict[str, bytes] | None:
        """Returns the encoded parameters of a path, or None if it doesn't match."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None


def without_prefix(path: str) -> str:
    """Returns a path without the prefix of the API, if it has one."""
    return next((path[len(prefix) :] for prefix in PREFIXES if path.startswith(f"{prefix}/")), path)

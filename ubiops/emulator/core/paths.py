"""Matches paths of requests with path templates of the API."""

from __future__ import annotations

PREFIXES = ("/v2.1", "/v2")
CONTROL = "/_emulator/"
"""Paths below it control the emulator. The rate limit does not concern them."""
ABORT = "ubiops.abort"
"""The key of a scope for a function that closes the connection."""
_FIRST_SEGMENTS = frozenset(prefix[1:].encode("ascii") for prefix in PREFIXES)


class PathTemplate:
    """A path template of the API, such as ``/projects/{project_name}``.

    It matches below any prefix of the API, or with ``prefixed=False`` as it is. Paths
    are matched before they are decoded, so an encoded slash stays part of a name. A
    parameter is a whole segment that is not empty.

    Attributes:
        specificity: Templates that are sorted by it match literal segments before
            parameters.
        length: The number of segments that a path must have.
    """

    def __init__(self, template: str, *, prefixed: bool = True) -> None:
        segments = template.split("/")
        self.specificity = tuple(segment.startswith("{") for segment in segments)
        self._prefixed = prefixed
        if prefixed:
            segments.insert(1, "")
        self.length = len(segments)
        self._names = [(index, part[1:-1]) for index, part in enumerate(segments) if part.startswith("{")]
        # The first one is empty, and the second one may be the prefix.
        self._literals = [
            (index, part.encode("ascii"))
            for index, part in enumerate(segments)
            if not part.startswith("{") and index > prefixed
        ]

    def match(self, path: bytes) -> dict[str, bytes] | None:
        """Returns the encoded parameters of a path, or None if it doesn't match."""
        segments = path.split(b"/")
        return self.match_segments(segments) if len(segments) == self.length and not segments[0] else None

    def match_segments(self, segments: list[bytes]) -> dict[str, bytes] | None:
        """Returns the parameters of a path with this number of segments, or None."""
        if self._prefixed and segments[1] not in _FIRST_SEGMENTS:
            return None
        for index, literal in self._literals:
            if segments[index] != literal:
                return None
        parameters = {name: segments[index] for index, name in self._names}
        return parameters if all(parameters.values()) else None


def without_prefix(path: str) -> str:
    """Returns a path without the prefix of the API, if it has one."""
    return next((path[len(prefix) :] for prefix in PREFIXES if path.startswith(f"{prefix}/")), path)

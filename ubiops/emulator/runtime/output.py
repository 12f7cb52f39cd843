"""What code prints: split into lines, bounded, with secrets masked."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Iterable

    Write = Callable[[list[tuple[str, str]]], None]

MAXIMUM_BYTES = 1024 * 1024
"""How much a request may print before the rest is dropped."""
MAXIMUM_LINES = 10_000
MAXIMUM_LINE = 16 * 1024
SHORTEST_SECRET = 3
MASK = "******"
_SECONDS_BETWEEN_WRITES = 0.25


class Masker:
    """Replaces the values of secret variables.

    Values of one or two characters are left alone: they occur everywhere, and masking
    them would tell what they are.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found: set[str] = set()
        for secret in secrets:
            found.update((secret, *secret.splitlines(), json.dumps(secret)[1:-1], repr(secret)[1:-1]))
        # Longer ones first, since a secret may contain another one.
        self._secrets = sorted(
            {text.strip() for text in found if len(text.strip()) >= SHORTEST_SECRET}, key=len, reverse=True
        )

    def mask(self, text: str) -> str:
        """Returns a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


class Output:
    """Collects what is printed during one request, or between requests.

    Args:
        write: Called with lines and their levels, from time to time and at the end.
        masker: Masks secrets.
    """

    def __init__(self, write: Write, masker: Masker | None = None) -> None:
        self._write = write
        self._masker = masker or Masker()
        self._partial = {"info": bytearray(), "error": bytearray()}
        self._waiting: list[tuple[str, str]] = []
        self._written = 0.0
        self._bytes = self._lines = self._dropped = 0
        self._since = time.monotonic()

    def feed(self, level: str, content: bytes) -> None:
        """Adds bytes that were printed."""
        if self._bytes >= MAXIMUM_BYTES or self._lines >= MAXIMUM_LINES:
            self._dropped += len(content)
            return
        self._bytes += len(content)
        if self._bytes > MAXIMUM_BYTES:
            kept = len(content) - (self._bytes - MAXIMUM_BYTES)
            self._dropped += len(content) - kept
            content = content[:kept]
        partial = self._partial[level]
        partial += content
        if b"\n" in content:
            *lines, rest = bytes(partial).split(b"\n")
            partial[:] = rest
            for line in lines:
                self._add(level, line)

    def add_lines(self, level: str, text: str) -> None:
        """Adds a text that is never dropped, such as a traceback."""
        for line in text.splitlines():
            self._waiting.append((level, self._masker.mask(line)))

    def flush(self, now: bool = False) -> None:
        """Writes the collected lines, unless that was done a moment ago."""
        if not self._waiting or not (now or time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES):
            return
        self._written = time.monotonic()
        waiting, self._waiting = self._waiting, []
        self._write(waiting)

    def finish(self) -> None:
        """Writes everything, unfinished lines too, and says what was dropped."""
        for level, partial in self._partial.items():
            if partial:
                self._add(level, bytes(partial))
                partial.clear()
        if self._dropped:
            self._waiting.append(
                (
                    "error",
                    f"{self._dropped:,} more bytes of output were dropped: at most {MAXIMUM_BYTES:,} bytes and "
                    f"{MAXIMUM_LINES:,} lines are kept of a request",
                )
            )
            self._dropped = 0
        self._bytes = self._lines = 0
        self._since = time.monotonic()
        self.flush(now=True)

    def renew(self, seconds: float) -> None:
        """Lets code that has no end print again as much as before, after this time."""
        if time.monotonic() - self._since >= seconds:
            self.finish()

    def _add(self, level: str, line: bytes) -> None:
        if self._lines >= MAXIMUM_LINES:
            self._dropped += len(line) + 1
            return
        self._lines += 1
        # Masked before it is cut, since a secret could lie across the cut.
        text = self._masker.mask(line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n").rpartition("\n")[2])
        if len(text) > MAXIMUM_LINE:
            text = f"{text[:MAXIMUM_LINE]} ... ({len(text) - MAXIMUM_LINE:,} more characters)"
        self._waiting.append((level, text))

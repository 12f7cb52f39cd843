"""What the system knows about processes. Outside of Linux it knows nothing here."""

from __future__ import annotations

import os
from collections import Counter

# A scan of all processes is due when there are this many more than at the last one.
_GROWTH = 64


def memory_of(pid: int) -> int:
    """Returns the bytes of memory that only this process uses, or 0."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return max(0, resident - shared) * os.sysconf("SC_PAGE_SIZE")


class ProcessCount:
    """Counts the processes of sessions, when their number grows."""

    def __init__(self) -> None:
        self._calm = _count()

    def sessions_beyond(self, most: int) -> set[int]:
        """Returns the ids of sessions with more processes than this."""
        present = _count()
        if present < self._calm + _GROWTH:
            self._calm = min(self._calm, present)
            return set()
        counted = Counter(_session(int(name)) for name in os.listdir("/proc") if name.isdigit())
        found = {session for session, number in counted.items() if number > most}
        if not found:
            # Slow growth must not go unnoticed either, so this stays behind the count.
            self._calm = min(present, self._calm + _GROWTH)
        return found


def _count() -> int:
    try:
        return sum(name.isdigit() for name in os.listdir("/proc"))
    except OSError:
        return 0


def _session(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[3])
    except (OSError, ValueError, IndexError):
        return 0

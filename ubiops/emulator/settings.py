"""What can be chosen about an emulator, with the choices that hold otherwise."""

from __future__ import annotations

from typing import NamedTuple


class BuildSeconds(NamedTuple):
    """How long a build stays in each of its passing states."""

    queued: float = 0.2
    building: float = 0.2
    validating: float = 0.2


class Settings(NamedTuple):
    """The choices of one emulator."""

    # Secrets without their prefix; None takes any.
    tokens: tuple[str, ...] | None = None
    # Calls per minute. The platform always tells a limit; this one is never reached unless it is lowered.
    rate_limit: int = 1_000_000
    build_seconds: BuildSeconds = BuildSeconds()
    maximum_file_size: int = 2 * 1024**3
    # There are no users: whoever holds a token is this one.
    user: str = "user@example.com"

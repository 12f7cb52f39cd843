"""Emulator settings and their defaults."""

from __future__ import annotations

from typing import NamedTuple


class BuildSeconds(NamedTuple):
    """How long a build stays in each of its intermediate states."""

    queued: float = 0.2
    building: float = 0.2
    validating: float = 0.2


class Settings(NamedTuple):
    """The settings of one emulator."""

    # Accepted tokens without their prefix. None accepts any token.
    tokens: tuple[str, ...] | None = None
    # Calls per minute. The platform always reports a limit; the default is too high to
    # be reached.
    rate_limit: int = 1_000_000
    build_seconds: BuildSeconds = BuildSeconds()
    maximum_file_size: int = 2 * 1024**3
    # Names of hosts under which clients reach it, beside those of this machine.
    allowed_hosts: frozenset[str] = frozenset()
    # The emulator has no users: whoever holds a token is this one.
    user: str = "user@example.com"
    # Whether uploaded code is run, and whether its requirements are installed.
    run_code: bool = True
    install: bool = True

"""Finds the Python interpreters of environments."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess  # nosec B404
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.deployments import environments

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_SECONDS_TO_START = 30
_SHOW = "import sys, json; print(json.dumps([sys.executable, list(sys.version_info[:3])]))"
NO_R = "The emulator runs Python packages only: R packages are stored, but not run"
NO_IMAGE = (
    "The deployment does not support the request format, so it is a docker image: the emulator does not run those"
)


class Interpreter(NamedTuple):
    """What a version runs with, before its own requirements.

    Attributes:
        version: The wanted version of Python.
        path: An interpreter that is known already, such as that of an environment.
        refusal: Why the version can't be run, for the callers of its requests.
        requirements: What the environment of the version installs.
        variables: The environment variables for installing that.
        secrets: The values of these variables that are secret.
    """

    version: tuple[int, int] = environments.DEFAULT_ENVIRONMENT.version
    path: str = ""
    refusal: str | None = None
    requirements: str = ""
    variables: Mapping[str, str] = MappingProxyType({})
    secrets: frozenset[str] = frozenset()

    def find(self) -> Found:
        """Returns the interpreter. It may have to be looked for, which takes time."""
        return Found(self.path, f"The code runs with {self.path}") if self.path else _find(self.version)


class Found(NamedTuple):
    """An interpreter, and what a build log says about it."""

    python: str
    note: str


def interpreter_for(db: sqlite3.Connection, version: sqlite3.Row, now: float) -> Interpreter:
    """Returns what a version runs with, before its own requirements.

    Args:
        db: The database.
        version: The row of the version.
        now: The time, which tells what its environment was built from.
    """
    environment = environments.of_version(db, version, now)
    if environment.refusal:
        return Interpreter(refusal=environment.refusal)
    if environment.environment.language != "python":
        return Interpreter(refusal=NO_R)
    return Interpreter(
        environment.environment.version,
        requirements=environment.requirements,
        variables=environment.variables,
        secrets=frozenset(environment.variables[name] for name in environment.secrets),
    )


def _find(version: tuple[int, int]) -> Found:
    """Returns the interpreter of this Python version, or else the emulator's own."""
    own = ".".join(map(str, sys.version_info[:3]))
    if version == sys.version_info[:2]:
        return Found(sys.executable, f"The code runs with Python {own}, the emulator's own")
    wanted = f"python{version[0]}.{version[1]}"
    found = _on_path(wanted, os.environ.get("PATH", ""))
    if found is not None:
        return Found(found[0], f"The code runs with Python {found[1]} ({found[0]})")
    note = f"{wanted} was not found on PATH: the code runs with Python {own}, the emulator's own"
    return Found(sys.executable, note)


@functools.lru_cache(maxsize=64)
def _on_path(name: str, path: str) -> tuple[str, str] | None:
    """Returns the path and the version of an interpreter if it really starts."""
    command = shutil.which(name, path=path)
    if command is None:
        return None
    try:
        shown = subprocess.run(  # noqa: S603  # nosec B603
            [command, "-c", _SHOW],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS_TO_START,
            check=True,
        ).stdout
        executable, version = json.loads(shown)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if name != f"python{version[0]}.{version[1]}":
        return None
    return executable, ".".join(map(str, version))

"""The platform's own environments."""

from __future__ import annotations

import re
import uuid
from typing import Any, NamedTuple

from ubiops.emulator.core.clock import in_microseconds

DEFAULT = "python3-11"
# The tag of environments that have only one: those of the platform, and those that the
# API /v2.1 builds.
DEFAULT_TAG = "v1"

# There are more environments than the documentation lists; their names have this form.
_FORM = re.compile(
    r"(?:(?:ubiops-)?ubuntu(?P<ubuntu>\d{2}-\d{2})-)?(?:python3-(?P<python>8|9|10|11|12|13)|r4-(?P<r>\d))"
    r"(?P<cuda>-cuda(?P<cuda_version>\d{1,2}-\d{1,2}-\d{1,2})?)?",
    re.ASCII,
)
_PYTHONS = ("9", "10", "11", "12", "13")
# Which of them the list shows is a guess.
LISTED = (
    *(f"python3-{minor}" for minor in _PYTHONS),
    "r4-0",
    *(f"python3-{minor}-cuda" for minor in _PYTHONS),
    "r4-0-cuda",
    *(f"ubiops-ubuntu24-04-python3-{minor}" for minor in _PYTHONS),
    "ubiops-ubuntu24-04-r4-4",
    *(f"ubiops-ubuntu24-04-python3-{minor}-cuda12-8-1" for minor in _PYTHONS),
)
_DEPRECATED = (3, 8)
_CREATED = 1_700_000_000.0
_NAMESPACE = uuid.UUID("5d0c6f1e-8b2a-4c97-9e43-7a1f60d2b8c5")


class Environment(NamedTuple):
    """An environment: its name, its display name, and the language with its version."""

    name: str
    display_name: str
    language: str
    version: tuple[int, int]

    @property
    def gpu(self) -> bool:
        """Whether code on it needs an instance with a GPU."""
        return "-cuda" in self.name


def find(name: str) -> Environment | None:
    """Returns the environment of the platform that has this name, or None."""
    found = _FORM.fullmatch(name)
    if found is None:
        return None
    language, version = ("python", (3, int(found["python"]))) if found["python"] else ("r", (4, int(found["r"])))
    parts = [f"{'Python' if language == 'python' else 'R'} {version[0]}.{version[1]}"]
    if found["ubuntu"]:
        parts.insert(0, "Ubuntu " + found["ubuntu"].replace("-", "."))
    if found["cuda"]:
        parts.append(("CUDA " + (found["cuda_version"] or "").replace("-", ".")).strip())
    return Environment(name, " + ".join(parts), language, version)


DEFAULT_ENVIRONMENT = Environment(DEFAULT, "Python 3.11", "python", (3, 11))


def serialize(environment: Environment) -> dict[str, Any]:
    """Returns all fields of an environment of the platform."""
    return {
        "id": str(uuid.uuid5(_NAMESPACE, environment.name)),
        "name": environment.name,
        "project": None,
        "creation_date": in_microseconds(_CREATED),
        "last_updated": in_microseconds(_CREATED),
        "description": "",
        "labels": {},
        "system": True,
        "display_name": environment.display_name,
        "base_environment": None,
        "base_environment_display_name": "",
        "gpu_required": environment.gpu,
        "status": "available",
        "implicit": False,
        "hidden": environment.name not in LISTED,
        "deprecated": environment.version == _DEPRECATED,
        "active_revision": None,
        "active_build": None,
        "latest_revision": None,
        "latest_build": None,
    }


def serialize_tag(environment: Environment) -> dict[str, Any]:
    """Returns all fields of the only tag of an environment of the platform."""
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{environment.name}:{DEFAULT_TAG}")),
        "name": DEFAULT_TAG,
        "environment": environment.name,
        "creation_date": in_microseconds(_CREATED),
        "status": "success",
        "supports_request_format": True,
        "implicit": False,
        "deprecated": environment.version == _DEPRECATED,
        "size": None,
        "error_message": None,
        "base_environment_name": "",
        "base_environment_tag": "",
        "built": True,
    }

"""The environments that versions can run in."""

from __future__ import annotations

import re
from typing import NamedTuple

DEFAULT = "python3-11"
DEFAULT_TAG = "v1"

# Only the platform's own environments exist here. There are more of them than the
# documentation lists; their names have this form.
_FORM = re.compile(
    r"(?:ubuntu(?P<ubuntu>\d{2}-\d{2})-)?(?:python3-(?P<python>8|9|10|11|12|13)|r4-(?P<r>\d))"
    r"(?P<cuda>-cuda(?P<cuda_version>\d{1,2}-\d{1,2}-\d{1,2})?)?",
    re.ASCII,
)


class Environment(NamedTuple):
    """An environment: its name, its display name, and the language with its version."""

    name: str
    display_name: str
    language: str
    version: tuple[int, int]


def find(name: str) -> Environment | None:
    """Returns the environment of this name, or None."""
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

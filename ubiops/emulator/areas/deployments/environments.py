"""The environments that versions run in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ubiops.emulator.areas.environments.base import (
    DEFAULT,
    DEFAULT_ENVIRONMENT,
    DEFAULT_TAG,
    Environment,
    find,
)
from ubiops.emulator.areas.environments.lookup import Resolved, check_usable, resolve

if TYPE_CHECKING:
    import sqlite3

__all__ = [
    "DEFAULT",
    "DEFAULT_ENVIRONMENT",
    "DEFAULT_TAG",
    "Environment",
    "Resolved",
    "check_usable",
    "find",
    "of_version",
    "resolve",
]


def of_version(db: sqlite3.Connection, version: sqlite3.Row, now: float) -> Resolved:
    """Returns what a version runs on: a platform's environment, and packages on it."""
    settings = json.loads(version["settings"])
    deployment = db.execute("SELECT project FROM deployments WHERE pk = ?", (version["deployment"],)).fetchone()
    return resolve(db, deployment["project"], settings["environment"], settings.get("environment_tag"), now)

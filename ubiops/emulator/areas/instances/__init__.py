"""The area instances: instance types and groups of them.

The instances themselves belong to the parts that run code.
"""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

EMULATED = """
Instance types and groups are the same in every project, and a project can have further
groups. They decide nothing: all code runs on your machine.
"""

migration(
    6,
    "Adds instance type groups of projects.",
    """
CREATE TABLE instance_type_groups (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
""",
)

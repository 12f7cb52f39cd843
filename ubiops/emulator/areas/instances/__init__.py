"""The area instances: instances, instance types and groups of them."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

EMULATED = """
Instance types and groups are the same in every project, and a project can have further
groups. They decide how much memory an instance may use, and nothing else: all code runs
on your machine.

An instance is a group of worker processes, as many as `instance_processes` says. Only
those that have not ended are listed. Its machine is this one, in a cluster of the type
`local`. An instance that is stopped with `instances_update` is killed.
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

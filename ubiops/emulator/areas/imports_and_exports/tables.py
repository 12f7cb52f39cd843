"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration
from ubiops.emulator.core.storage import refers_to_files

refers_to_files("exports", "file")
refers_to_files("imports", "file")

# `selection` and `contents` are JSON objects: what was asked for, and what the file of
# an import contains.
migration(
    16,
    "Creates the tables of exports and imports.",
    """
CREATE TABLE exports (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user TEXT NOT NULL,
    created REAL NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL,
    selection TEXT NOT NULL,
    packages INTEGER NOT NULL,
    file TEXT,
    size INTEGER
);
CREATE INDEX exports_by_project ON exports (project);
CREATE TABLE imports (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user TEXT NOT NULL,
    created REAL NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    skip_confirmation INTEGER NOT NULL,
    contents TEXT NOT NULL DEFAULT '{}',
    selection TEXT NOT NULL DEFAULT '{}',
    file TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX imports_by_project ON imports (project);
""",
)

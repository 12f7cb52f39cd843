"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration
from ubiops.emulator.core.storage import refers_to_files

refers_to_files("environment_revisions", "file")

migration(
    11,
    "Creates the tables of environments, their tags, revisions, builds and secrets.",
    """
CREATE TABLE environments (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE TABLE environment_tags (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    environment INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (environment, name)
);
CREATE TABLE environment_revisions (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tag INTEGER NOT NULL REFERENCES environment_tags ON DELETE CASCADE,
    created REAL NOT NULL,
    created_by TEXT NOT NULL,
    file TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX environment_revisions_by_tag ON environment_revisions (tag);
CREATE TABLE environment_builds (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL REFERENCES environment_revisions ON DELETE CASCADE,
    created REAL NOT NULL,
    processing REAL NOT NULL,
    finished REAL,
    cancelled REAL,
    cause TEXT NOT NULL,
    error TEXT NOT NULL,
    contents TEXT NOT NULL
);
CREATE INDEX environment_builds_by_revision ON environment_builds (revision);
CREATE TABLE environment_secrets (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tag INTEGER NOT NULL REFERENCES environment_tags ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    secret INTEGER NOT NULL,
    UNIQUE (tag, name)
);
""",
)

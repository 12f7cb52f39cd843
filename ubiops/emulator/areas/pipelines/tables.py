"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

migration(
    12,
    "Creates the tables of pipelines and their versions.",
    """
CREATE TABLE pipelines (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    default_version INTEGER REFERENCES pipeline_versions ON DELETE SET NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE INDEX pipelines_by_default ON pipelines (default_version);
CREATE TABLE pipeline_versions (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    graph TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (pipeline, name)
);
""",
)

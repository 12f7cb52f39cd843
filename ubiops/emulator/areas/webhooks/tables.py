"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.areas.pipelines.targets import COLUMNS
from ubiops.emulator.core.migrations import migration

migration(
    15,
    "Creates the tables of webhooks and their tests.",
    f"""
CREATE TABLE webhooks (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    {COLUMNS},
    UNIQUE (project, name)
);
CREATE INDEX webhooks_by_deployment ON webhooks (deployment);
CREATE INDEX webhooks_by_deployment_version ON webhooks (deployment_version);
CREATE INDEX webhooks_by_pipeline ON webhooks (pipeline);
CREATE INDEX webhooks_by_pipeline_version ON webhooks (pipeline_version);
CREATE TABLE webhook_tests (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    status TEXT NOT NULL,
    error_message TEXT
);
""",
)

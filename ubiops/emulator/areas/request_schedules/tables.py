"""The table of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.areas.pipelines.targets import COLUMNS
from ubiops.emulator.core.migrations import migration

migration(
    14,
    "Creates the table of request schedules.",
    f"""
CREATE TABLE schedules (
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
CREATE INDEX schedules_by_deployment ON schedules (deployment);
CREATE INDEX schedules_by_deployment_version ON schedules (deployment_version);
CREATE INDEX schedules_by_pipeline ON schedules (pipeline);
CREATE INDEX schedules_by_pipeline_version ON schedules (pipeline_version);
""",
)

"""The tables of this area, as migrations.

The first two are older than the division into areas. They also hold the tables of
`core.audit` and `core.storage`.
"""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration
from ubiops.emulator.core.storage import refers_to_files

refers_to_files("revisions", "file")

migration(
    1,
    "Creates the tables of deployments and of what belongs to them.",
    """
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value REAL NOT NULL
);
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    default_version INTEGER REFERENCES versions ON DELETE SET NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE INDEX deployments_by_default ON deployments (default_version);
CREATE TABLE versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (deployment, name)
);
CREATE TABLE revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created REAL NOT NULL,
    created_by TEXT NOT NULL,
    file TEXT NOT NULL,
    file_name TEXT NOT NULL,
    has_request INTEGER NOT NULL,
    has_requests INTEGER NOT NULL
);
CREATE INDEX revisions_by_version ON revisions (version);
CREATE TABLE builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL REFERENCES revisions ON DELETE CASCADE,
    created REAL NOT NULL,
    building REAL NOT NULL,
    validating REAL,
    finished REAL NOT NULL,
    cause TEXT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX builds_by_revision ON builds (revision);
CREATE TABLE variables (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    deployment INTEGER REFERENCES deployments ON DELETE CASCADE,
    version INTEGER REFERENCES versions ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    secret INTEGER NOT NULL
);
CREATE UNIQUE INDEX variables_by_name ON variables (project, ifnull(deployment, 0), ifnull(version, 0), name);
CREATE INDEX variables_by_deployment ON variables (deployment);
CREATE INDEX variables_by_version ON variables (version);
CREATE TABLE audit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL,
    version INTEGER,
    date REAL NOT NULL,
    action TEXT NOT NULL,
    user TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX audit_events_by_deployment ON audit_events (deployment);
""",
)

migration(
    2,
    "Renames the keys of all tables from number to pk, and the table facts to meta.",
    """
ALTER TABLE facts RENAME TO meta;
ALTER TABLE deployments RENAME COLUMN number TO pk;
ALTER TABLE versions RENAME COLUMN number TO pk;
ALTER TABLE revisions RENAME COLUMN number TO pk;
ALTER TABLE builds RENAME COLUMN number TO pk;
ALTER TABLE variables RENAME COLUMN number TO pk;
ALTER TABLE audit_events RENAME COLUMN number TO pk;
""",
)

migration(
    3,
    "Lets audit events be about any object of a project, and creates projects and logs.",
    """
CREATE TABLE projects (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE TABLE events (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT,
    deployment INTEGER,
    version INTEGER,
    pipeline INTEGER,
    object_type TEXT,
    object_name TEXT,
    date REAL NOT NULL,
    action TEXT NOT NULL,
    user TEXT NOT NULL,
    event TEXT NOT NULL
);
INSERT INTO events (pk, id, project, deployment, version, date, action, user, event)
    SELECT audit_events.pk, audit_events.id, deployments.project, audit_events.deployment, audit_events.version,
        date, action, user, event
    FROM audit_events LEFT JOIN deployments ON deployments.pk = audit_events.deployment;
DROP TABLE audit_events;
ALTER TABLE events RENAME TO audit_events;
CREATE INDEX audit_events_by_project ON audit_events (project);
CREATE INDEX audit_events_by_deployment ON audit_events (deployment);
CREATE INDEX audit_events_by_pipeline ON audit_events (pipeline);
CREATE TABLE logs (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    log TEXT NOT NULL,
    level TEXT NOT NULL,
    system INTEGER NOT NULL,
    labels TEXT NOT NULL
);
CREATE INDEX logs_by_time ON logs (project, timestamp);
""",
)

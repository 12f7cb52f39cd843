"""The tables of projects, users, organizations and logs, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

# A random UUID in SQL.
_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'"
    " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)

# All of the text is constant.
migration(
    4,
    "Adds users, organizations and streams of logs, and projects that were only named so far.",
    f"""
CREATE TABLE users (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT,
    surname TEXT,
    created REAL NOT NULL
);
CREATE TABLE organizations (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    created REAL NOT NULL
);
INSERT INTO organizations (id, name, settings, created)
    VALUES ({_UUID}, 'local', '{{}}', CAST(strftime('%s', 'now') AS REAL));
CREATE TABLE organization_users (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    organization INTEGER NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    admin INTEGER NOT NULL,
    created REAL NOT NULL,
    UNIQUE (organization, user)
);
CREATE TABLE project_users (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    UNIQUE (project, user)
);
ALTER TABLE projects ADD COLUMN organization INTEGER NOT NULL DEFAULT 1;
CREATE TABLE deleted_projects (
    name TEXT PRIMARY KEY
);
INSERT OR IGNORE INTO projects (id, name, settings, created)
    SELECT {_UUID}, project, '{{}}', min(created) FROM deployments GROUP BY project;
INSERT OR IGNORE INTO projects (id, name, settings, created)
    SELECT DISTINCT {_UUID}, project, '{{}}', CAST(strftime('%s', 'now') AS REAL) FROM variables;
DROP TABLE logs;
CREATE TABLE log_streams (
    pk INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    level TEXT NOT NULL,
    system INTEGER NOT NULL,
    labels TEXT NOT NULL,
    deployment_name TEXT NOT NULL,
    deployment_version TEXT NOT NULL,
    deployment_request_id TEXT NOT NULL,
    pipeline_name TEXT NOT NULL,
    pipeline_request_id TEXT NOT NULL,
    environment_name TEXT NOT NULL,
    UNIQUE (project, level, system, labels)
);
CREATE INDEX log_streams_by_deployment
    ON log_streams (project, deployment_name, deployment_version, deployment_request_id);
CREATE INDEX log_streams_by_deployment_request ON log_streams (project, deployment_request_id);
CREATE INDEX log_streams_by_pipeline_request ON log_streams (project, pipeline_request_id);
CREATE TABLE log_entries (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    stream INTEGER NOT NULL REFERENCES log_streams ON DELETE CASCADE,
    log TEXT NOT NULL
);
CREATE INDEX log_entries_by_time ON log_entries (project, timestamp);
CREATE INDEX log_entries_by_stream ON log_entries (stream, timestamp);
""",  # noqa: S608  # nosec B608
)

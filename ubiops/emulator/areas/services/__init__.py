"""The area services: services of deployments, and limits of their users."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

EMULATED = """
Services and limits of their users are kept, but no port is opened: `endpoint` is null,
and `services_status_get` says that a service is not ready. Services of imported
applications (`imported_name`) need a deployment as well.
"""

migration(
    8,
    "Adds services.",
    """
CREATE TABLE services (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    version INTEGER REFERENCES versions ON DELETE CASCADE,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE INDEX services_by_deployment ON services (deployment);
CREATE INDEX services_by_version ON services (version);
CREATE TABLE service_limits (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    service INTEGER NOT NULL REFERENCES services ON DELETE CASCADE,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_email TEXT NOT NULL,
    value INTEGER NOT NULL,
    UNIQUE (service, kind, user_id)
);
""",
)

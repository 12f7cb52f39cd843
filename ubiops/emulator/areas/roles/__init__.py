"""The area roles: permissions, roles, and who has which role.

Roles are kept, but have no effect: whoever holds a token may do everything.
"""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

EMULATED = """
Roles and assignments are kept and checked against existing objects, but they have no
effect. Permissions and the contents of built-in roles are guesses: the platform doesn't
document them.
"""

migration(
    5,
    "Adds roles and their assignments, and service users.",
    """
CREATE TABLE roles (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (project, name)
);
CREATE TABLE role_assignments (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    role TEXT NOT NULL,
    assignee TEXT NOT NULL,
    assignee_type TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    UNIQUE (project, role, assignee, assignee_type, resource, resource_type)
);
CREATE TABLE service_users (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT,
    description TEXT,
    created REAL NOT NULL,
    expiry REAL,
    token_hash TEXT NOT NULL UNIQUE,
    token_used REAL
);
CREATE INDEX service_users_by_project ON service_users (project);
""",
)

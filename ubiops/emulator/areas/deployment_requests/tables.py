"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration
from ubiops.emulator.core.storage import refers_to_files

refers_to_files("deployment_request_data", "file")

# `durable` tells requests that are run again after a kill of the emulator from those
# that someone waits for. `retention` and `retention_time` are the version's settings
# when the request was created. The input or output is in `content`, or in a file.
migration(
    9,
    "Creates the tables of requests to deployments.",
    """
CREATE TABLE deployment_requests (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    status TEXT NOT NULL,
    mode TEXT NOT NULL,
    durable INTEGER NOT NULL,
    many INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    retention TEXT NOT NULL,
    retention_time REAL NOT NULL,
    user TEXT NOT NULL,
    context TEXT,
    created REAL NOT NULL,
    started REAL,
    completed REAL,
    expires REAL NOT NULL,
    error_message TEXT,
    input_size INTEGER,
    output_size INTEGER
);
CREATE INDEX deployment_requests_by_status ON deployment_requests (version, status);
CREATE INDEX deployment_requests_by_deployment ON deployment_requests (deployment);
CREATE INDEX deployment_requests_by_project ON deployment_requests (project, status);
CREATE INDEX deployment_requests_by_end ON deployment_requests (expires) WHERE completed IS NOT NULL;
CREATE INDEX deployment_requests_open ON deployment_requests (pk) WHERE completed IS NULL;
CREATE TABLE deployment_request_data (
    request INTEGER NOT NULL REFERENCES deployment_requests ON DELETE CASCADE,
    side TEXT NOT NULL,
    file TEXT,
    is_text INTEGER NOT NULL,
    content BLOB,
    PRIMARY KEY (request, side)
);
""",
)

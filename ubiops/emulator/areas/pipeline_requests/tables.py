"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

# `durable` tells requests that are run again after a kill of the emulator from those
# that someone waits for. `parent` is the request to a pipeline of which this one is a
# part. The data of a request to an operator has its key in `object`.
migration(
    13,
    "Creates the tables of requests to pipelines.",
    """
CREATE TABLE pipeline_requests (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE,
    version INTEGER NOT NULL REFERENCES pipeline_versions ON DELETE CASCADE,
    parent TEXT,
    status TEXT NOT NULL,
    durable INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    retention TEXT NOT NULL,
    retention_time REAL NOT NULL,
    user TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    completed REAL,
    expires REAL NOT NULL,
    error_message TEXT,
    input_size INTEGER,
    output_size INTEGER
);
CREATE INDEX pipeline_requests_by_status ON pipeline_requests (version, status);
CREATE INDEX pipeline_requests_by_pipeline ON pipeline_requests (pipeline);
CREATE INDEX pipeline_requests_by_project ON pipeline_requests (project, status);
CREATE INDEX pipeline_requests_by_end ON pipeline_requests (expires) WHERE completed IS NOT NULL;
CREATE INDEX pipeline_requests_open ON pipeline_requests (pk) WHERE completed IS NULL;
CREATE TABLE pipeline_object_requests (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    request INTEGER NOT NULL REFERENCES pipeline_requests ON DELETE CASCADE,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    object_name TEXT NOT NULL,
    reference TEXT NOT NULL,
    version TEXT,
    sequence TEXT NOT NULL,
    status TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    completed REAL,
    error_message TEXT,
    input_size INTEGER,
    output_size INTEGER
);
CREATE INDEX pipeline_object_requests_by_request ON pipeline_object_requests (request);
CREATE TABLE pipeline_request_data (
    request INTEGER NOT NULL REFERENCES pipeline_requests ON DELETE CASCADE,
    object INTEGER REFERENCES pipeline_object_requests ON DELETE CASCADE,
    side TEXT NOT NULL,
    is_text INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE UNIQUE INDEX pipeline_request_data_by_owner ON pipeline_request_data (request, ifnull(object, 0), side);
CREATE INDEX pipeline_request_data_by_object ON pipeline_request_data (object);
""",
)

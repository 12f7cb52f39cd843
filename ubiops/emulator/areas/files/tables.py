"""The tables of this area, as a migration."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration
from ubiops.emulator.core.storage import refers_to_files

refers_to_files("bucket_files", "file")
refers_to_files("upload_parts", "file")

migration(
    10,
    "Creates the tables of buckets, their files and uploads in parts.",
    """
CREATE TABLE buckets (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE TABLE bucket_files (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER NOT NULL REFERENCES buckets ON DELETE CASCADE,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    created REAL NOT NULL,
    UNIQUE (bucket, name)
);
CREATE INDEX bucket_files_by_age ON bucket_files (bucket, created);
CREATE TABLE uploads (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    bucket INTEGER NOT NULL REFERENCES buckets ON DELETE CASCADE,
    name TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE INDEX uploads_by_bucket ON uploads (bucket);
CREATE TABLE upload_parts (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    upload INTEGER NOT NULL REFERENCES uploads ON DELETE CASCADE,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    UNIQUE (upload, number)
);
CREATE TABLE signing_key (
    pk INTEGER PRIMARY KEY CHECK (pk = 1),
    secret TEXT NOT NULL
);
""",
)

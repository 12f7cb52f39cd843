"""Finds buckets and files, and removes what has grown too old."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.files.kinds import BUCKET, FILE
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

DEFAULT_BUCKET = "default"
OWN_PROVIDER = "ubiops"
NEW_BUCKET: dict[str, Any] = {
    "provider": OWN_PROVIDER,
    "credentials": None,
    "configuration": None,
    "ttl": None,
    "description": "",
    "labels": {},
}
# After this time the parts of an upload that was not completed are removed.
SECONDS_TO_COMPLETE = 7 * 24 * 3600


def ensure_default_bucket(db: sqlite3.Connection, project: str, now: float) -> None:
    """Creates the bucket that every project has, unless it exists."""
    if find_row(db, "buckets", {"project": project, "name": DEFAULT_BUCKET}) is None:
        db.execute(
            "INSERT INTO buckets (id, project, name, settings, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
            (new_id(), project, DEFAULT_BUCKET, json.dumps(NEW_BUCKET), now, now),
        )


def find_bucket(db: sqlite3.Connection, project: str, name: str, now: float) -> sqlite3.Row:
    """Returns the bucket of this name in a project."""
    if name == DEFAULT_BUCKET:
        ensure_default_bucket(db, project, now)
    return get_row(db, BUCKET, "buckets", {"project": project, "name": name})


def find_own_bucket(db: sqlite3.Connection, project: str, name: str, now: float) -> sqlite3.Row:
    """Returns the bucket of this name, which stores its files here.

    Raises:
        ApiError: There is no such bucket, or it is a connection to another provider.
    """
    bucket = find_bucket(db, project, name, now)
    provider = json.loads(bucket["settings"])["provider"]
    if provider != OWN_PROVIDER:
        raise bad_request(
            f"bucket {name!r} is a connection to {provider}, which the emulator doesn't reach: use a bucket of the "
            f"provider {OWN_PROVIDER}"
        )
    return bucket


def find_file(db: sqlite3.Connection, bucket: sqlite3.Row, name: str, now: float) -> sqlite3.Row:
    """Returns the file of this name in a bucket."""
    found = find_row(db, "bucket_files", {"bucket": bucket["pk"], "name": name})
    if found is None or found["created"] <= oldest(bucket, now):
        raise not_found(FILE)
    return found


def oldest(bucket: sqlite3.Row, now: float) -> float:
    """Returns when the files were created that have just grown too old."""
    ttl = json.loads(bucket["settings"])["ttl"]
    return -math.inf if ttl is None else now - ttl


def remove_outdated(db: sqlite3.Connection, bucket: sqlite3.Row, now: float) -> list[str]:
    """Forgets files and unfinished uploads that have grown too old.

    Readers don't see them any more, so this only has to happen now and then. Returns
    the stored files, to be removed after the transaction.
    """
    columns = {"bucket": bucket["pk"], "files": oldest(bucket, now), "uploads": now - SECONDS_TO_COMPLETE}
    outdated = "SELECT pk FROM uploads WHERE bucket = :bucket AND created <= :uploads"
    parts = db.execute(f"SELECT file FROM upload_parts WHERE upload IN ({outdated})", columns).fetchall()  # noqa: S608  # nosec B608
    files = db.execute("SELECT file FROM bucket_files WHERE bucket = :bucket AND created <= :files", columns).fetchall()
    db.execute("DELETE FROM uploads WHERE bucket = :bucket AND created <= :uploads", columns)
    db.execute("DELETE FROM bucket_files WHERE bucket = :bucket AND created <= :files", columns)
    return [row["file"] for row in (*files, *parts)]


def files_of_bucket(db: sqlite3.Connection, bucket: int) -> list[str]:
    """Returns all stored files of a bucket, including those of unfinished uploads."""
    rows = db.execute(
        "SELECT file FROM bucket_files WHERE bucket = :bucket UNION ALL SELECT file FROM upload_parts"
        " WHERE upload IN (SELECT pk FROM uploads WHERE bucket = :bucket)",
        {"bucket": bucket},
    )
    return [row["file"] for row in rows]

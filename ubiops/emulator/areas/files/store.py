"""Puts files into buckets, and gives them to the code of deployments."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.files.lookup import find_file, find_own_bucket, remove_outdated
from ubiops.emulator.areas.files.names import FileUri, check_file_name, parse_uri

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.core.files import Files
    from ubiops.emulator.core.storage import Storage

BLOCK = 1024 * 1024


class StoredFile(NamedTuple):
    """A file in the data folder: its name there, its size and its ETag."""

    file: str
    size: int
    etag: str


def put_file(db: sqlite3.Connection, bucket: sqlite3.Row, name: str, stored: StoredFile, now: float) -> list[str]:
    """Makes a stored file one of a bucket, in the place of another of its name.

    Returns the stored files that are no longer needed, to be removed after the
    transaction.
    """
    unneeded = remove_outdated(db, bucket, now)
    columns = {"bucket": bucket["pk"], "name": name}
    replaced = db.execute("SELECT file FROM bucket_files WHERE bucket = :bucket AND name = :name", columns).fetchone()
    db.execute(
        "INSERT OR REPLACE INTO bucket_files (bucket, name, file, size, etag, created)"
        " VALUES (:bucket, :name, :file, :size, :etag, :created)",
        {**columns, **stored._asdict(), "created": now},
    )
    return [*unneeded, *([replaced["file"]] if replaced else [])]


class BucketStore:
    """The files in buckets, for the code of deployments."""

    def __init__(self, storage: Storage, files: Files, clock: Clock) -> None:
        self._storage = storage
        self._files = files
        self._clock = clock

    def open(self, project: str, uri: str) -> Path:
        """Returns where the file of a ``ubiops-file://`` URI is stored, to be copied.

        Raises:
            ApiError: There is no such bucket or file, or the URI is invalid.
        """
        bucket_name, name = parse_uri(uri)
        now = self._clock.now()
        with self._storage.reading() as db:
            bucket = find_own_bucket(db, project, bucket_name, now)
            return self._files.path(find_file(db, bucket, name, now)["file"])

    def put(self, project: str, bucket: str, name: str, source: Path) -> str:
        """Copies a file into a bucket and returns its URI.

        Raises:
            ApiError: There is no such bucket, or the name is invalid.
        """
        check_file_name(name)
        with self._storage.reading() as db:
            find_own_bucket(db, project, bucket, self._clock.now())
        stored = self._copy(source)
        try:
            with self._storage.transaction() as db:
                now = self._clock.now()
                unneeded = put_file(db, find_own_bucket(db, project, bucket, now), name, stored, now)
        except BaseException:
            self._files.remove([stored.file])
            raise
        self._files.remove(unneeded)
        return str(FileUri(bucket, name))

    def _copy(self, source: Path) -> StoredFile:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        with source.open("rb") as original, self._files.create(".bin") as incoming:
            while block := original.read(BLOCK):
                digest.update(block)
                incoming.file.write(block)
                size += len(block)
            return StoredFile(incoming.keep(), size, digest.hexdigest())

"""Uploads in parts, which may be sent at the same time and in any order."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.files.kinds import UPLOAD
from ubiops.emulator.areas.files.lookup import (
    OWN_PROVIDER,
    SECONDS_TO_COMPLETE,
    find_own_bucket,
    remove_outdated,
)
from ubiops.emulator.areas.files.names import check_file_name
from ubiops.emulator.areas.files.store import BLOCK, StoredFile, put_file
from ubiops.emulator.core.errors import ApiError, bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

MAXIMUM_PARTS = 10_000


def read_part_number(text: str) -> int:
    """Returns the number of a part."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MAXIMUM_PARTS):
        raise bad_request(f"part_number must be an integer from 1 to {MAXIMUM_PARTS}, not {text[:100]!r}")
    return int(text[:6])


def find_upload(db: sqlite3.Connection, bucket: sqlite3.Row, name: str, upload_id: str, now: float) -> sqlite3.Row:
    """Returns the upload of a file that has this id."""
    found = find_row(db, "uploads", {"bucket": bucket["pk"], "name": name, "id": upload_id})
    if found is None or found["created"] <= now - SECONDS_TO_COMPLETE:
        raise not_found(UPLOAD)
    return found


def put_part(db: sqlite3.Connection, upload: sqlite3.Row, number: int, stored: StoredFile) -> list[str]:
    """Makes a stored file a part of an upload; returns the files it replaces."""
    columns = {"upload": upload["pk"], "number": number}
    replaced = find_row(db, "upload_parts", columns)
    db.execute(
        "INSERT OR REPLACE INTO upload_parts (upload, number, file, size, etag)"
        " VALUES (:upload, :number, :file, :size, :etag)",
        {**columns, **stored._asdict()},
    )
    return [replaced["file"]] if replaced else []


@handler("files_start_multipart_upload")
def start(context: RequestContext) -> dict[str, Any]:
    """Starts an upload in parts."""
    check_file_name(context.path["file"])
    upload_id = uuid.uuid4().hex
    with context.transaction() as db:
        bucket = find_own_bucket(db, context.project, context.path["bucket_name"], context.now)
        unneeded = remove_outdated(db, bucket, context.now)
        db.execute(
            "INSERT INTO uploads (id, bucket, name, created) VALUES (?, ?, ?, ?)",
            (upload_id, bucket["pk"], context.path["file"], context.now),
        )
    context.backend.files.remove(unneeded)
    return {"upload_id": upload_id, "provider": OWN_PROVIDER}


@handler("files_complete_multipart_upload", slow=True)
def complete(context: RequestContext) -> dict[str, Any]:
    """Joins the parts of an upload into a file, which replaces one of its name."""
    upload_id = context.body.get("upload_id")
    if upload_id is None:
        raise bad_request("upload_id is required in a bucket of the provider ubiops")
    wanted = _read_parts(context.body["parts"])
    with context.reading() as db:
        parts = _parts(db, context, upload_id, wanted)
    stored = _join(context, parts)
    files = [row["file"] for row in parts]
    try:
        with context.transaction() as db:
            if [row["file"] for row in _parts(db, context, upload_id, wanted)] != files:
                raise _changed()
            bucket = find_own_bucket(db, context.project, context.path["bucket_name"], context.now)
            upload = find_upload(db, bucket, context.path["file"], upload_id, context.now)
            unneeded = [
                row["file"] for row in db.execute("SELECT file FROM upload_parts WHERE upload = ?", (upload["pk"],))
            ]
            db.execute("DELETE FROM uploads WHERE pk = ?", (upload["pk"],))
            unneeded += put_file(db, bucket, context.path["file"], stored, context.now)
    except BaseException:
        if stored.file not in files:
            context.backend.files.remove([stored.file])
        raise
    context.backend.files.remove([name for name in unneeded if name != stored.file])
    return {"upload_id": upload_id, "provider": OWN_PROVIDER}


def _read_parts(given: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """Returns the numbers and ETags of the parts that make up a file."""
    if not given:
        raise bad_request("parts must not be empty")
    if len(given) > MAXIMUM_PARTS:
        raise bad_request(f"parts must have at most {MAXIMUM_PARTS} entries, it has {len(given)}")
    found: list[tuple[int, str]] = []
    for index, part in enumerate(given):
        number, etag = part.get("PartNumber"), part.get("ETag")
        # The model of official clients has texts in it.
        if isinstance(number, str) and number.isascii() and number.isdecimal():
            number = int(number[:6])
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(etag, str):
            raise bad_request(f"parts[{index}] must have PartNumber, an integer, and ETag, a string")
        if found and number <= found[-1][0]:
            raise bad_request("parts must be in the order of their numbers, without one more than once")
        found.append((number, etag.strip().strip('"').lower()))
    return found


def _parts(
    db: sqlite3.Connection, context: RequestContext, upload_id: str, wanted: list[tuple[int, str]]
) -> list[sqlite3.Row]:
    """Returns the rows of the parts that make up a file, in their order."""
    bucket = find_own_bucket(db, context.project, context.path["bucket_name"], context.now)
    upload = find_upload(db, bucket, context.path["file"], upload_id, context.now)
    sent = {row["number"]: row for row in db.execute("SELECT * FROM upload_parts WHERE upload = ?", (upload["pk"],))}
    for number, etag in wanted:
        if number not in sent:
            raise bad_request(f"part {number} was not uploaded")
        if sent[number]["etag"] != etag:
            raise bad_request(f"the ETag of part {number} is not that of the part that was uploaded")
    return [sent[number] for number, _ in wanted]


def _join(context: RequestContext, parts: list[sqlite3.Row]) -> StoredFile:
    """Returns a file with the content of all parts; a single part is one already."""
    digests = b"".join(bytes.fromhex(row["etag"]) for row in parts)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    size = sum(row["size"] for row in parts)
    if len(parts) == 1:
        return StoredFile(parts[0]["file"], size, etag)
    files = context.backend.files
    try:
        with files.create(".bin") as incoming:
            for row in parts:
                with files.path(row["file"]).open("rb") as part:
                    shutil.copyfileobj(part, incoming.file, BLOCK)
            return StoredFile(incoming.keep(), size, etag)
    except FileNotFoundError as error:
        raise _changed() from error


def _changed() -> ApiError:
    return bad_request("the parts of the upload were changed while they were joined")

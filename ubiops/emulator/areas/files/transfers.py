"""The storage behind signed URLs: sends and receives the content of files."""

from __future__ import annotations

import base64
import binascii
import re
from email.utils import formatdate
from typing import TYPE_CHECKING

from ubiops.emulator.areas.files.errors import MAXIMUM_SIZE, StorageError, render_error
from ubiops.emulator.areas.files.kinds import FILE
from ubiops.emulator.areas.files.lookup import find_file, find_own_bucket
from ubiops.emulator.areas.files.multipart import find_upload, put_part, read_part_number
from ubiops.emulator.areas.files.signing import PATH, check_signature
from ubiops.emulator.areas.files.store import StoredFile, put_file
from ubiops.emulator.core.context import ContentResponse, FileResponse
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.handlers import extra_route

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

_RANGE = re.compile(r"bytes=(\d{0,20})-(\d{0,20})", re.ASCII)


def _bucket(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    try:
        return find_own_bucket(db, context.project, context.path["bucket_name"], context.now)
    except ApiError as error:
        raise StorageError(404, "NoSuchBucket", "The bucket does not exist any more") from error


def _upload(db: sqlite3.Connection, context: RequestContext, bucket: sqlite3.Row) -> sqlite3.Row | None:
    """Returns the upload that a part is sent to; None for a whole file."""
    upload_id = context.query.get("upload_id")
    if upload_id is None:
        return None
    try:
        return find_upload(db, bucket, context.path["file"], upload_id, context.now)
    except ApiError as error:
        raise StorageError(404, "NoSuchUpload", "The upload was completed, or has expired") from error


def check_permission(context: RequestContext) -> None:
    """Rejects a file before it is sent, if the URL doesn't permit it."""
    with context.reading() as db:
        check_signature(db, context, "PUT")
        _upload(db, context, _bucket(db, context))


@extra_route(
    "PUT",
    path=PATH,
    body="file",
    authorized=False,
    slow=True,
    check=check_permission,
    limit=MAXIMUM_SIZE,
    render_error=render_error,
)
def receive(context: RequestContext) -> ContentResponse:
    """Stores a file or a part of one. It exists when the response is sent."""
    sent = context.file
    assert sent is not None  # noqa: S101 - the route takes a file  # nosec B101
    _check_digest(context, sent.md5)
    files = context.backend.files
    stored = StoredFile(sent.incoming.keep(), sent.size, sent.md5.hex())
    try:
        with context.transaction() as db:
            bucket = _bucket(db, context)
            upload = _upload(db, context, bucket)
            if upload is None:
                unneeded = put_file(db, bucket, context.path["file"], stored, context.now)
            else:
                unneeded = put_part(db, upload, read_part_number(context.query["part_number"]), stored)
    except BaseException:
        files.remove([stored.file])
        raise
    files.remove(unneeded)
    return ContentResponse(b"", media_type="application/xml", headers={"ETag": f'"{stored.etag}"'})


def _check_digest(context: RequestContext, digest: bytes) -> None:
    given = context.headers.get("content-md5")
    if given is None:
        return
    try:
        wanted = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise StorageError(400, "InvalidDigest", "Content-MD5 is not valid Base64") from error
    if wanted != digest:
        raise StorageError(400, "BadDigest", "Content-MD5 is not the digest of the content that was received")


@extra_route("GET", path=PATH, authorized=False, render_error=render_error)
def send(context: RequestContext) -> FileResponse:
    """Sends a file, or the part that the header Range asks for."""
    name = context.path["file"]
    with context.reading() as db:
        check_signature(db, context, "GET")
        try:
            row = find_file(db, _bucket(db, context), name, context.now)
            # Opened before another upload can replace it.
            path = context.backend.files.path(row["file"])
            file = path.open("rb")
        except FileNotFoundError as error:
            raise StorageError(404, "NoSuchKey", "The content of the file is missing") from error
        except StorageError:
            raise
        except ApiError as error:
            raise StorageError(404, "NoSuchKey", "The file does not exist any more") from error
    try:
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": f'"{row["etag"]}"',
            "Last-Modified": formatdate(row["created"], usegmt=True),
            "X-Content-Type-Options": "nosniff",
        }
        _check_unchanged(context, headers)
        part, size = _part(context, row["size"], headers), row["size"]
    except BaseException:
        file.close()
        raise
    if part is not None:
        headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{size}"
    return FileResponse(
        str(path),
        _base_name(name),
        FILE,
        "application/octet-stream",
        status=200 if part is None else 206,
        headers=headers,
        part=part,
        file=file,
    )


def _base_name(name: str) -> str:
    """Returns the name under which a browser saves a file."""
    return "".join(filter(str.isprintable, name.rstrip("/").rpartition("/")[2])) or "file"


def _check_unchanged(context: RequestContext, headers: dict[str, str]) -> None:
    wanted = context.headers.get("if-match")
    if wanted is not None and wanted.strip() != "*" and headers["ETag"] not in wanted:
        raise StorageError(412, "PreconditionFailed", "The file is not the one that If-Match names")


def _part(context: RequestContext, size: int, headers: dict[str, str]) -> tuple[int, int] | None:
    """Returns the first byte to send and the one after the last; None sends all."""
    unchanged = context.headers.get("if-range")
    found = _RANGE.fullmatch(context.headers.get("range", "").strip())
    if found is None or unchanged not in (None, headers["ETag"], headers["Last-Modified"]):
        # Several ranges at once, and other units, may be ignored.
        return None
    first, last = found[1], found[2]
    if (first and last and int(last) < int(first)) or not (first or last):
        return None
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise StorageError(
            416, "InvalidRange", "The range lies outside of the file", {"Content-Range": f"bytes */{size}"}
        )
    return start, end

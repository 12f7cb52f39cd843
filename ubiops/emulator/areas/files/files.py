"""Files in buckets: list, get, delete, and signed URLs of their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.files.listing import Listing
from ubiops.emulator.areas.files.lookup import OWN_PROVIDER, find_file, find_own_bucket, oldest, remove_outdated
from ubiops.emulator.areas.files.multipart import find_upload, read_part_number
from ubiops.emulator.areas.files.names import check_file_name
from ubiops.emulator.areas.files.signing import signed_url
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


def _bucket(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    return find_own_bucket(db, context.project, context.path["bucket_name"], context.now)


def _serialize(row: sqlite3.Row) -> dict[str, Any]:
    return {"file": row["name"], "size": row["size"], "time_created": in_microseconds(row["created"])}


@handler("files_list")
def list_page(context: RequestContext) -> dict[str, Any]:
    """Lists a page of the files of a bucket, by name."""
    query = context.query
    with context.reading() as db:
        bucket = _bucket(db, context)
        age = oldest(bucket, context.now)
        listing = Listing(bucket["pk"], age, query.get("prefix") or "", query.get("delimiter") or "")
        token = query.get("continuation_token")
        page = listing.page(db, listing.start(token) if token else "", query["limit"])
    return {
        "continuation_token": None if page.next is None else listing.token(page.next),
        "files": [_serialize(row) for row in page.files],
        "prefixes": page.prefixes,
    }


@handler("files_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one file."""
    with context.reading() as db:
        return _serialize(find_file(db, _bucket(db, context), context.path["file"], context.now))


@handler("files_delete")
def delete(context: RequestContext) -> None:
    """Deletes a file."""
    with context.transaction() as db:
        bucket = _bucket(db, context)
        row = find_file(db, bucket, context.path["file"], context.now)
        db.execute("DELETE FROM bucket_files WHERE pk = ?", (row["pk"],))
        unneeded = remove_outdated(db, bucket, context.now)
    context.backend.files.remove([row["file"], *unneeded])


@handler("files_upload")
def upload(context: RequestContext) -> dict[str, Any]:
    """Returns a URL to which a file, or a part of one, can be sent."""
    check_file_name(context.path["file"])
    upload_id, number = context.query.get("upload_id"), context.query.get("part_number")
    if (upload_id is None) != (number is None):
        raise bad_request("upload_id and part_number go together: the form of an upload in parts")
    with context.reading() as db:
        bucket = _bucket(db, context)
        parameters = {}
        if upload_id is not None and number is not None:
            find_upload(db, bucket, context.path["file"], upload_id, context.now)
            parameters = {"upload_id": upload_id, "part_number": str(read_part_number(number))}
        return {"url": signed_url(db, context, "PUT", parameters), "provider": OWN_PROVIDER}


@handler("files_download")
def download(context: RequestContext) -> dict[str, Any]:
    """Returns a URL from which a file can be fetched."""
    with context.reading() as db:
        find_file(db, _bucket(db, context), context.path["file"], context.now)
        return {"url": signed_url(db, context, "GET"), "provider": OWN_PROVIDER}

"""A bucket with files and an environment with builds, for `populated`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    import ubiops
    from ubiops.emulator import Emulator

BUCKET, FILE = "bucket-1", "folder/file-1"


def populate(api: ubiops.CoreApi, emulator: Emulator, project: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Creates the objects in a project.

    Returns values of path parameters and of fields of bodies.
    """
    http = urllib3.PoolManager()
    api.buckets_create(project, {"name": BUCKET})
    where = (project, BUCKET, FILE)
    http.request("PUT", api.files_upload(*where).url, body=b"content")
    upload = api.files_start_multipart_upload(*where).upload_id
    part = http.request("PUT", api.files_upload(*where, upload_id=upload, part_number="1").url, body=b"part")
    http.clear()
    paths = {"/buckets/{bucket_name}": BUCKET, "/files/{file}": FILE}
    return paths, {"upload_id": upload, "parts": [{"ETag": part.headers["ETag"], "PartNumber": 1}]}

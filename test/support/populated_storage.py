"""A bucket with files, and environments with tags and builds, for `populated`."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    import ubiops
    from ubiops.emulator import Emulator

BUCKET, FILE = "bucket-1", "folder/file-1"
# One environment that versions use, and one that they don't.
BUILT, UNUSED = "environment-1", "environment-2"
_ENVIRONMENT = "/projects/{project_name}/environments/{environment_name}"
_TAG = f"{_ENVIRONMENT}/tags/{{tag_name}}"


def populate(api: ubiops.CoreApi, emulator: Emulator, project: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Creates the objects in a project.

    Returns values of path parameters and of fields of bodies.
    """
    file_paths, file_fields = _populate_files(api, project)
    paths, fields = _populate_environments(api, emulator, project)
    return {**file_paths, **paths}, {**file_fields, **fields}


def _populate_files(api: ubiops.CoreApi, project: str) -> tuple[dict[str, str], dict[str, Any]]:
    http = urllib3.PoolManager()
    api.buckets_create(project, {"name": BUCKET})
    where = (project, BUCKET, FILE)
    http.request("PUT", api.files_upload(*where).url, body=b"content")
    upload = api.files_start_multipart_upload(*where).upload_id
    part = http.request("PUT", api.files_upload(*where, upload_id=upload, part_number="1").url, body=b"part")
    http.clear()
    paths = {"/buckets/{bucket_name}": BUCKET, "/files/{file}": FILE}
    return paths, {"upload_id": upload, "parts": [{"ETag": part.headers["ETag"], "PartNumber": 1}]}


def _populate_environments(
    api: ubiops.CoreApi, emulator: Emulator, project: str
) -> tuple[dict[str, str], dict[str, Any]]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # Nothing that takes long to install.
        archive.writestr("environment_package/ubiops.yaml", "apt:\n  packages: []\n")
    for name in (BUILT, UNUSED):
        api.environments_create(project, {"name": name, "base_environment": "python3-11"})
    api.environment_revisions_file_upload(project, BUILT, file=packed.getvalue())
    for tag in ("new", "failed"):
        api.environment_tags_create(project, UNUSED, {"name": tag})
    api.environment_tags_build(project, UNUSED, "failed", file=b"")
    secret = api.environment_tag_secrets_create(
        project, UNUSED, "new", {"name": "TOKEN", "value": "sesame", "secret": True}
    )
    # A build that can be cancelled: it does not end.
    running = api.environment_revisions_file_upload(project, UNUSED, file=packed.getvalue())
    with emulator._backend.storage.transaction() as db:
        db.execute("UPDATE environment_builds SET finished = 1e12 WHERE id = ?", (running.build,))
    paths = {
        "/environments/{environment_name}": UNUSED,
        "/environments/{environment_name}/revisions/{revision_id}": running.revision,
        "/environments/{environment_name}/revisions/{revision_id}/builds/{build_id}": running.build,
        "/environments/{environment_name}/tags/{tag_name}": "v1",
        "/secrets/{id}": secret.id,
        f"{_ENVIRONMENT}/usage environment_name": BUILT,
        f"{_TAG}/build tag_name": "new",
        f"{_TAG}/rebuild tag_name": "failed",
    }
    for path in ("download", "usage", "dependency-files"):
        paths[f"{_TAG}/{path} environment_name"] = BUILT
    for path in ("secrets", "secrets/{id}", "copy-secrets"):
        paths[f"{_TAG}/{path} tag_name"] = "new"
    return paths, {"source_environment": BUILT, "source_tag": "v1"}

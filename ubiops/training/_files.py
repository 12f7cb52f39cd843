"""Files of runs: uploaded by the helpers for files."""

from __future__ import annotations

import os
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

from ubiops._storage.uri import PREFIX, UbiOpsFile
from ubiops.exceptions import BadRequestError

if TYPE_CHECKING:
    from ubiops.api.core_api import CoreApi


def store(api: CoreApi, project_name: str, file: Any, bucket_name: str, *, file_prefix: str) -> str:
    """Uploads a file or folder, and returns its URI; checks one that is a URI."""
    from ubiops.utils import upload_file

    if isinstance(file, str) and file.startswith(PREFIX):
        found = UbiOpsFile.from_uri(file)
        api.files_get(project_name, found.bucket, found.file)
        return file
    if os.path.isdir(file):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"{os.path.basename(os.path.abspath(file))}.zip")
            with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as packed:
                for root, _, names in os.walk(file):
                    for name in names:
                        one = os.path.join(root, name)
                        packed.write(one, os.path.relpath(one, file))
            return upload_file(api, project_name, path, bucket_name, file_prefix + os.path.basename(path))
    if not os.path.isfile(file):
        raise BadRequestError(400, f"{file!r} is neither a file, nor a folder, nor the URI of a file")
    return upload_file(api, project_name, file, bucket_name, file_prefix + os.path.basename(file))

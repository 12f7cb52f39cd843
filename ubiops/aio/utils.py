"""The helpers of ``ubiops.utils`` for the async client, under the same names.

Import it by its name: ``import ubiops.aio.utils``, or ``from ubiops.aio.utils import
upload_file``. All arguments are those of the blocking functions, except that the client
is an async one. Cancel a task to end what it does.
"""

from __future__ import annotations

from ubiops._storage.uri import UbiOpsFile
from ubiops.aio._file_operations import (
    download_file,
    download_files,
    handle_file_input,
    upload_file,
    upload_files,
)
from ubiops.aio._streaming import stream_deployment_request, stream_pipeline_request
from ubiops.utils.paging import Pages, paginate

__all__ = [
    "Pages",
    "UbiOpsFile",
    "download_file",
    "download_files",
    "handle_file_input",
    "paginate",
    "stream_deployment_request",
    "stream_pipeline_request",
    "upload_file",
    "upload_files",
]

"""Uploads to buckets and downloads, through signed addresses of the storage."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ubiops._storage.uri import UbiOpsFile
from ubiops._waiting.polling import core_api_of
from ubiops.exceptions import ApiTypeError, ApiValueError, file_error

if TYPE_CHECKING:
    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient

__all__ = ["UbiOpsFile", "download_file", "upload_file"]

_LARGEST = 4 << 30
"""The size from which on a storage takes a file in parts only."""


def upload_file(
    client: ApiClient | CoreApi,
    project_name: str,
    file_path: str | os.PathLike[str],
    bucket_name: str = "default",
    file_name: str | None = None,
    _progress_bar: bool = True,
) -> str:
    """Uploads a file to a bucket. A file of the same name is replaced.

    The content is streamed to the storage, which gets no API token.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        file_path: The path of the file.
        bucket_name: The name of the bucket. Default: ``default``.
        file_name: The name of the file in the bucket, which may contain slashes.
            Default: the name of the file.
        _progress_bar: Whether to show the progress. Default: True.

    Returns:
        The URI of the file, ``ubiops-file://BUCKET/FILE``.

    Raises:
        ubiops.ApiFileError: The file does not exist or can't be read.
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: A name is empty, or the file has 4 GiB or more, which this
            version can't send.
        ubiops.ApiException: A call failed, or the storage did not accept the file.

    Operations: ``files_upload``, and PUT to the storage.
    """
    __tracebackhide__ = True
    from ubiops._io.raw import RawBody
    from ubiops._storage.signed import put

    api = core_api_of(client, "upload_file")
    if not isinstance(file_path, (str, os.PathLike)):
        raise ApiTypeError(f"file_path must be a path, got {type(file_path).__name__}")
    path = os.fspath(file_path)
    if os.path.isdir(path):
        raise ApiValueError(f"file_path must be a file, got the folder {path!r}")
    try:
        body = RawBody(path)
    except OSError as error:
        raise file_error(f"file_path can't be read from {path!r}: {error.strerror or error}", error) from None
    if body.length is None or body.length >= _LARGEST:
        raise ApiValueError(f"{path!r} can't be uploaded: files must have a known size of less than 4 GiB")
    file = UbiOpsFile(bucket_name, os.path.basename(path) if file_name is None else file_name)
    signed = api.files_upload(project_name, file.bucket, file.file)
    put(api.api_client, signed, body, progress=_progress_bar)
    return file.file_uri


def download_file(
    client: ApiClient | CoreApi,
    project_name: str,
    bucket_name: str = "default",
    file_name: str | None = None,
    file_uri: str | None = None,
    output_path: str | os.PathLike[str] = ".",
    stream: bool = True,
    chunk_size: int = 8192,
    _progress_bar: bool = True,
) -> str:
    """Downloads a file from a bucket. An existing file is replaced once all has
    arrived.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        bucket_name: The name of the bucket. Default: ``default``.
        file_name: The name of the file in the bucket.
        file_uri: The URI of the file, in place of bucket and name.
        output_path: The path of the file to write; or a folder, in which it gets the
            last part of its name, made safe. Default: the working directory.
        stream: Accepted for compatibility with the official client and ignored; files
            are always streamed.
        chunk_size: Accepted for compatibility with the official client and ignored.
        _progress_bar: Whether to show the progress. Default: True.

    Returns:
        The path of the file.

    Raises:
        ubiops.ApiFileError: The folder does not exist or is not writable.
        ubiops.ApiValueError: Both or neither of name and URI are given, or one of them
            is not valid.
        ubiops.ApiException: A call failed, or the storage did not send the whole file.

    Operations: ``files_download``, and GET from the storage.
    """
    __tracebackhide__ = True
    del stream, chunk_size
    from ubiops._io.downloads import safe_filename
    from ubiops._storage.signed import get

    api = core_api_of(client, "download_file")
    if (file_name is None) == (file_uri is None):
        raise ApiValueError("download_file() takes either file_name or file_uri")
    file = UbiOpsFile.from_uri(file_uri) if file_uri is not None else UbiOpsFile(bucket_name, file_name or "")
    path = os.fspath(output_path)
    if os.path.isdir(path):
        path = os.path.join(path, safe_filename(file.file.rpartition("/")[2], "download"))
    signed = api.files_download(project_name, file.bucket, file.file)
    with get(api.api_client, signed, progress=_progress_bar) as response:
        return response.save(path, overwrite=True)

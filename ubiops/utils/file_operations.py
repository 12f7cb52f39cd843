"""Uploads to buckets and downloads, through signed addresses of the storage."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from ubiops._storage import operations
from ubiops._storage.session import Session
from ubiops._storage.uri import UbiOpsFile
from ubiops._waiting.polling import core_api_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient

__all__ = ["UbiOpsFile", "download_file", "download_files", "handle_file_input", "upload_file", "upload_files"]

T = TypeVar("T")


def upload_file(
    client: ApiClient | CoreApi,
    project_name: str,
    file_path: str | os.PathLike[str],
    bucket_name: str = "default",
    file_name: str | None = None,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Uploads a file to a bucket. A file of the same name is replaced.

    The content is streamed to the storage, which gets no API token. A file of 512 MiB
    or more is sent in parts, several at a time. If such an upload is interrupted, even
    by a kill, call the function again: it sends the missing parts. What it needs to
    know for this is kept in a small hidden file beside the one that is sent, until the
    upload is complete.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        file_path: The path of the file.
        bucket_name: The name of the bucket. Default: ``default``.
        file_name: The name of the file in the bucket, which may contain slashes.
            Default: the name of the file.
        _progress_bar: Whether to show the progress. Default: True.
        on_progress: A function to call after each block, perhaps in another thread,
            with the bytes that were sent, and those of the file.
        resume: Whether to continue an upload that was interrupted, and to keep what is
            needed to continue this one. Default: True.
        timeout: The most seconds for all of it. Default: no limit.

    Returns:
        The URI of the file, ``ubiops-file://BUCKET/FILE``.

    Raises:
        ubiops.ApiFileError: The file does not exist or can't be read.
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: A name is empty, or it is not a regular file.
        ubiops.ApiTimeoutError: The timeout expired.
        ubiops.ApiException: A call failed, the storage did not accept the file, or the
            file was changed while it was being sent.

    Operations: ``files_upload`` and PUT to the storage; for large files, also
    ``files_start_multipart_upload`` and ``files_complete_multipart_upload``.
    """
    __tracebackhide__ = True
    api = core_api_of(client, "upload_file")
    run = operations.upload_file(file_path, bucket_name, file_name, _progress_bar, on_progress, resume)
    return _run(api, project_name, timeout, run)


def upload_files(
    client: ApiClient | CoreApi,
    project_name: str,
    file_paths: Iterable[str | os.PathLike[str]],
    bucket_name: str = "default",
    file_prefix: str | None = None,
    parallel_uploads: int = 5,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> list[str]:
    """Uploads files and folders to a bucket, several at a time.

    Files of a folder, and of the folders in it, get names relative to that folder, with
    slashes. Links to files are followed, and links to folders are not. The first error
    ends all uploads; files that arrived before stay in the bucket.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        file_paths: The paths of files and folders.
        bucket_name: The name of the bucket. Default: ``default``.
        file_prefix: The folder in the bucket. A slash is added if it has none at the
            end. Default: none.
        parallel_uploads: How many files to send at a time, up to 64. Default: 5.
        _progress_bar: Whether to show the progress. Default: True.
        on_progress: A function to call after each block, perhaps in another thread,
            with the bytes that were sent, and those of all files.
        resume: As for ``upload_file``.
        timeout: The most seconds for all of it. Default: no limit.

    Returns:
        The URIs of the files, in order.

    Raises:
        ubiops.ApiFileError: A file or folder does not exist or can't be read.
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: Two files would get the same name, or an argument is not
            valid.
        ubiops.ApiException: As for ``upload_file``.

    Operations: as for ``upload_file``.
    """
    __tracebackhide__ = True
    api = core_api_of(client, "upload_files")
    run = operations.upload_files(
        file_paths, bucket_name, file_prefix, parallel_uploads, _progress_bar, on_progress, resume
    )
    return _run(api, project_name, timeout, run)


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
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Downloads a file from a bucket. An existing file is replaced once all has
    arrived.

    A broken connection is continued where it broke, if the storage supports that and
    the file has not changed. If a download fails or is interrupted, even by a kill,
    what has arrived of a file of 8 MiB or more stays in a hidden file beside the goal;
    call the function again to continue. Smaller ones are removed. This is not available
    on Windows, where an interrupted download starts again.

    The content is compared with its MD5 if the storage states it.

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
        on_progress: A function to call after each block with the bytes that have
            arrived, and those of the file; None if their number is not known.
        resume: Whether to continue a download that was interrupted, and to keep what
            has arrived if this one is. Default: True.
        timeout: The most seconds for all of it. Default: no limit.

    Returns:
        The path of the file.

    Raises:
        ubiops.ApiFileError: The folder does not exist or is not writable, or the disk
            is full.
        ubiops.ApiValueError: Both or neither of name and URI are given, or one of them
            is not valid.
        ubiops.ApiTimeoutError: The timeout expired.
        ubiops.InvalidResponseError: The file arrived damaged.
        ubiops.ApiException: A call failed, or the storage did not send the whole file.

    Operations: ``files_download``, and GET from the storage.
    """
    __tracebackhide__ = True
    del stream, chunk_size
    api = core_api_of(client, "download_file")
    run = operations.download_file(bucket_name, file_name, file_uri, output_path, _progress_bar, on_progress, resume)
    return _run(api, project_name, timeout, run)


def download_files(
    client: ApiClient | CoreApi,
    project_name: str,
    bucket_name: str = "default",
    prefix: str | None = None,
    output_path: str | os.PathLike[str] = ".",
    stream: bool = True,
    chunk_size: int = 8192,
    parallel_downloads: int = 5,
    _progress_bar: bool = True,
    *,
    on_progress: Callable[[int, int | None], object] | None = None,
    resume: bool = True,
    timeout: float | None = None,
) -> list[str]:
    """Downloads the files of a bucket, several at a time.

    Folders of their names become folders, and existing files are replaced. A name can't
    lead out of ``output_path``: ``..`` is left out, and a link that leads elsewhere is
    an error. The first error ends all downloads; complete files stay.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        bucket_name: The name of the bucket. Default: ``default``.
        prefix: Downloads only files whose name starts with this. End it with a slash
            for the files of a folder. Default: all files.
        output_path: The folder to save them in, which is created. Default: the working
            directory.
        stream: Accepted for compatibility with the official client and ignored; files
            are always streamed.
        chunk_size: Accepted for compatibility with the official client and ignored.
        parallel_downloads: How many files to receive at a time, up to 64. Default: 5.
        _progress_bar: Whether to show the progress. Default: True.
        on_progress: A function to call after each block, perhaps in another thread,
            with the bytes that have arrived, and None.
        resume: As for ``download_file``.
        timeout: The most seconds for all of it. Default: no limit.

    Returns:
        The paths of the files, in the order of their names in the bucket.

    Raises:
        ubiops.ApiFileError: A file or folder can't be written, or the disk is full.
        ubiops.ApiValueError: Two files would be saved at the same place, or an argument
            is not valid.
        ubiops.ApiException: As for ``download_file``.

    Operations: ``files_list``, ``files_download``, and GET from the storage.
    """
    __tracebackhide__ = True
    del stream, chunk_size
    api = core_api_of(client, "download_files")
    run = operations.download_files(
        bucket_name, prefix, output_path, parallel_downloads, _progress_bar, on_progress, resume
    )
    return _run(api, project_name, timeout, run)


def handle_file_input(
    client: ApiClient | CoreApi,
    project_name: str,
    file: str | os.PathLike[str],
    bucket_name: str = "default",
    file_prefix: str | None = None,
    file_name: str | None = None,
    _progress_bar: bool = True,
    *,
    resume: bool = True,
    timeout: float | None = None,
) -> str:
    """Returns the URI of a file for the input of a request, and uploads it if it is a
    local one.

    A folder is uploaded as a zip archive of all its files.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        file: The URI of a file in a bucket, which must exist; or the path of a file or
            a folder.
        bucket_name: The name of the bucket to upload to. Default: ``default``.
        file_prefix: The folder in the bucket. A slash is added if it has none at the
            end. Default: none.
        file_name: The name of the file in the bucket. Default: the name of the file; of
            a folder, its name and ``.zip``.
        _progress_bar: Whether to show the progress. Default: True.
        resume: As for ``upload_file``. The archive of a folder is not resumed.
        timeout: The most seconds for all of it. Default: no limit.

    Returns:
        The URI of the file, ``ubiops-file://BUCKET/FILE``.

    Raises:
        ubiops.NotFoundError: There is no file of this URI.
        ubiops.BadRequestError: It is neither a URI, nor a file, nor a folder. Nothing
            was sent.
        ubiops.ApiFileError: A file can't be read.
        ubiops.ApiException: As for ``upload_file``.

    Operations: ``files_get``, or as for ``upload_file``.
    """
    __tracebackhide__ = True
    api = core_api_of(client, "handle_file_input")
    run = operations.handle_file_input(file, bucket_name, file_prefix, file_name, _progress_bar, resume)
    return _run(api, project_name, timeout, run)


def _run(api: CoreApi, project_name: str, timeout: float | None, run: Callable[[Session], T]) -> T:
    __tracebackhide__ = True
    client = api.api_client
    sleep = None if client._clock is time else client._clock.sleep
    with Session(client, project_name, timeout, sleep=sleep) as session:
        try:
            return run(session)
        except BaseException:
            session.abort()
            raise

"""The transfers of files, for the blocking and the async functions alike: arguments are
checked when they are prepared, and all else happens when they run."""

from __future__ import annotations

import os
import tempfile
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

from ubiops._io.downloads import safe_filename
from ubiops._paging.calls import record
from ubiops._paging.pagers import pager_for
from ubiops._storage.download import download
from ubiops._storage.names import files_to_upload, safe_name, safe_path, with_slash
from ubiops._storage.parallel import check_parallel, run_parallel
from ubiops._storage.progress import Progress
from ubiops._storage.sources import LocalFile, path_of
from ubiops._storage.upload import upload
from ubiops._storage.uri import PREFIX, UbiOpsFile
from ubiops.exceptions import ApiTypeError, ApiValueError, BadRequestError, NotFoundError, file_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ubiops._storage.session import Session


def upload_file(
    file_path: Any,
    bucket_name: str,
    file_name: str | None,
    bar: bool,
    on_progress: Callable[[int, int | None], object] | None,
    resume: bool,
) -> Callable[[Session], str]:
    """Prepares the upload of a file; see ``ubiops.utils.upload_file``."""
    source = LocalFile(file_path)
    file = UbiOpsFile(bucket_name, os.path.basename(source.path) if file_name is None else file_name)
    progress = Progress(bar, source.size, "upload", on_progress)

    def run(session: Session) -> str:
        __tracebackhide__ = True
        with progress:
            return upload(session, source, file, progress.report, resume=resume)

    return run


def upload_files(
    file_paths: Any,
    bucket_name: str,
    file_prefix: str | None,
    parallel_uploads: int,
    bar: bool,
    on_progress: Callable[[int, int | None], object] | None,
    resume: bool,
) -> Callable[[Session], list[str]]:
    """Prepares the upload of files; see ``ubiops.utils.upload_files``."""
    count = check_parallel(parallel_uploads, "parallel_uploads")
    sources = files_to_upload(file_paths, with_slash(file_prefix, "file_prefix"))
    files = [(source, UbiOpsFile(bucket_name, name)) for source, name in sources]
    progress = Progress(bar, sum(source.size for source, _ in files), "upload", on_progress)

    def run(session: Session) -> list[str]:
        __tracebackhide__ = True
        with progress:
            jobs = [partial(upload, session, source, file, progress.report, resume=resume) for source, file in files]
            return run_parallel(session, jobs, max(1, min(count, len(jobs))))

    return run


def download_file(
    bucket_name: str,
    file_name: str | None,
    file_uri: str | None,
    output_path: Any,
    bar: bool,
    on_progress: Callable[[int, int | None], object] | None,
    resume: bool,
) -> Callable[[Session], str]:
    """Prepares the download of a file; see ``ubiops.utils.download_file``."""
    if (file_name is None) == (file_uri is None):
        raise ApiValueError("pass download_file() either file_name or file_uri")
    file = UbiOpsFile.from_uri(file_uri) if file_uri is not None else UbiOpsFile(bucket_name, file_name or "")
    path = path_of(output_path, "output_path")
    if os.path.isdir(path):
        path = os.path.join(path, safe_name(file.file))
    elif not os.path.basename(path):
        raise file_error(f"a download can't be saved in {path!r}: there is no such folder", FileNotFoundError())
    progress = Progress(bar, None, "download", on_progress)

    def run(session: Session) -> str:
        __tracebackhide__ = True
        with progress:
            return download(session, file, path, progress.report, resume=resume)

    return run


def download_files(
    bucket_name: str,
    prefix: str | None,
    output_path: Any,
    parallel_downloads: int,
    bar: bool,
    on_progress: Callable[[int, int | None], object] | None,
    resume: bool,
) -> Callable[[Session], list[str]]:
    """Prepares the download of files; see ``ubiops.utils.download_files``."""
    count = check_parallel(parallel_downloads, "parallel_downloads")
    folder = path_of(output_path, "output_path")
    # Checks the name of the bucket.
    UbiOpsFile(bucket_name, "-")
    if prefix is not None and not isinstance(prefix, str):
        raise ApiTypeError(f"prefix must be a string, got {type(prefix).__name__}")
    progress = Progress(bar, None, "download", on_progress)

    def run(session: Session) -> list[str]:
        __tracebackhide__ = True
        with progress:
            jobs = (
                partial(download, session, file, path, progress.report_one, resume=resume)
                for file, path in _files_to_download(session, bucket_name, prefix, folder)
            )
            return run_parallel(session, jobs, count)

    return run


def _files_to_download(
    session: Session, bucket: str, prefix: str | None, folder: str
) -> Iterator[tuple[UbiOpsFile, str]]:
    """Yields the files of a bucket, and where to save them.

    Raises:
        ubiops.ApiValueError: Two of them would be saved at the same place.
    """
    used: dict[str, str] = {}
    _, call = record(session.api.files_list, (session.project, bucket), {"prefix": prefix, "limit": 1000})
    pager = pager_for(call, session.api.api_client._clock)
    while pager.query is not None:
        page = call._replace(options=session.options()).execute(session.api.api_client, pager.query)
        for item in pager.take(page):
            if item.file.endswith("/"):
                continue  # Some programs make a file for each folder.
            path = safe_path(folder, item.file)
            place = os.path.normcase(path)
            if place in used:
                raise ApiValueError(f"{used[place]!r:.200} and {item.file!r:.200} would both be saved as {path!r}")
            used[place] = item.file
            yield UbiOpsFile(bucket, item.file), path


def handle_file_input(
    file: Any, bucket_name: str, file_prefix: str | None, file_name: str | None, bar: bool, resume: bool
) -> Callable[[Session], str]:
    """Prepares a file as the input of a request; see
    ``ubiops.utils.handle_file_input``."""
    if isinstance(file, str) and file.startswith(PREFIX):
        return partial(_find, UbiOpsFile.from_uri(file))
    path = path_of(file, "file")
    prefix = with_slash(file_prefix, "file_prefix")
    if os.path.isdir(path):
        name = file_name or safe_filename(f"{os.path.basename(os.path.abspath(path))}.zip", "folder.zip")
        return partial(_upload_folder, path, UbiOpsFile(bucket_name, prefix + name), bar)
    if not os.path.isfile(path):
        raise BadRequestError(400, f"{path!r} is neither a file, nor a folder, nor the URI of a file")
    return upload_file(path, bucket_name, prefix + (file_name or os.path.basename(path)), bar, None, resume)


def _find(file: UbiOpsFile, session: Session) -> str:
    try:
        session.api.files_get(session.project, file.bucket, file.file, **session.options())
    except NotFoundError as error:
        error.reason = f"File {file} not found"
        raise
    return file.file_uri


def _upload_folder(folder: str, file: UbiOpsFile, bar: bool, session: Session) -> str:
    with tempfile.TemporaryDirectory(prefix="ubiops-") as place:
        archive = os.path.join(place, "folder.zip")
        _pack(folder, archive)
        # Not to be resumed: the next archive is another file.
        return upload_file(archive, file.bucket, file.file, bar, None, False)(session)


def _pack(folder: str, archive: str) -> None:
    """Makes a zip archive of all files in a folder.

    Raises:
        ubiops.ApiFileError: A file can't be read, or the disk is full.
    """
    try:
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED, strict_timestamps=False) as packed:
            for source, name in files_to_upload([folder], ""):
                packed.write(source.path, name)
    except OSError as error:
        raise file_error(f"{folder!r} can't be packed: {error.strerror or error}", error) from None

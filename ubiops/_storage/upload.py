"""Uploads of single files: small ones in one request, large ones in parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ubiops._storage.parallel import run_parallel
from ubiops._storage.parts import PARALLEL_PARTS, UploadInParts
from ubiops._storage.sending import send_checked
from ubiops._storage.sources import Slice
from ubiops._storage.state import open_state
from ubiops.exceptions import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._storage.session import Session
    from ubiops._storage.sources import LocalFile
    from ubiops._storage.uri import UbiOpsFile
    from ubiops.exceptions import ApiException
    from ubiops.models import FileUploadResponse

LARGE = 512 << 20
"""Bytes from which on a file is sent in parts."""


def upload(
    session: Session, source: LocalFile, file: UbiOpsFile, report: Callable[[int], object], *, resume: bool
) -> str:
    """Uploads a file. A file of the same name is replaced.

    Args:
        session: The session.
        source: The file.
        file: Its name in the bucket.
        report: Called with the number of bytes of each block, which is negative for
            those that are sent again.
        resume: Whether to continue an upload in parts that was interrupted, and to
            leave a record of this one if it fails.

    Returns:
        The URI of the file in the bucket.

    Raises:
        ubiops.ApiException: A call failed, or the file was changed.
    """
    __tracebackhide__ = True
    if source.size < LARGE:
        _upload_whole(session, source, file, report)
    else:
        _upload_in_parts(session, source, file, report, resume)
    return file.file_uri


def _upload_whole(session: Session, source: LocalFile, file: UbiOpsFile, report: Callable[[int], object]) -> None:
    def sign() -> FileUploadResponse:
        names = (session.project, file.bucket, file.file)
        signed: FileUploadResponse = session.api.files_upload(*names, **session.options())
        return signed

    body = Slice(source, 0, source.size, report)
    send_checked(session, sign, body, f"the upload of {file}")
    # Read while it was being sent, it could be a mixture of two versions.
    source.check()


def _upload_in_parts(
    session: Session, source: LocalFile, file: UbiOpsFile, report: Callable[[int], object], resume: bool
) -> None:
    __tracebackhide__ = True
    state = open_state(session, source, file, kept=resume)
    while True:
        upload = UploadInParts(session, source, file, state, report)
        resumed = upload.resumed
        try:
            upload.start()
            run_parallel(
                session,
                [partial(upload.send, number) for number in upload.missing],
                max(1, min(PARALLEL_PARTS, len(upload.missing))),
            )
            source.check()
            upload.complete()
        except (NotFoundError, BadRequestError) as error:
            # The upload that was interrupted may have expired, or been completed.
            if not resumed or session.aborted or not _is_about_upload(session, error):
                raise
        except BaseException:
            state.leave()
            raise
        else:
            state.discard()
            return
        upload.take_back()
        state.reset()


def _is_about_upload(session: Session, error: ApiException) -> bool:
    """Whether an error comes from the API, and not from the storage."""
    return str(error.url).startswith(session.api.api_client.configuration.host)

"""An upload in parts, which are sent at the same time and can be sent again."""

from __future__ import annotations

import base64
import os
import threading
from typing import TYPE_CHECKING, Any

from ubiops._storage.sending import send_checked
from ubiops._storage.signed import AZURE
from ubiops._storage.sources import Slice
from ubiops.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiTimeoutError,
    BadRequestError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._storage.session import Session
    from ubiops._storage.sources import LocalFile
    from ubiops._storage.state import State
    from ubiops._storage.uri import UbiOpsFile
    from ubiops.models import FileItem, FileUploadResponse

PART_SIZE = 128 << 20
"""The number of bytes of a part, for files of up to ``MOST_PARTS`` of these."""
MOST_PARTS = 5000
PARALLEL_PARTS = 4
_AMBIGUOUS = (ApiConnectionError, ApiTimeoutError, ServerError)
_PAUSE = 1.0
"""Seconds before an upload whose end is unknown is completed again."""


def part_size_for(size: int) -> int:
    """Returns the number of bytes of each part of a file, a whole number of MiB."""
    return max(PART_SIZE, -(-size // (MOST_PARTS << 20)) << 20)


class UploadInParts:
    """An upload in parts.

    Args:
        session: The session.
        source: The file.
        file: Its name in the bucket.
        state: What is known of the upload.
        report: Called with the number of bytes of each block that is sent.

    Attributes:
        resumed: Whether it continues an upload that was interrupted.
        missing: The numbers of the parts that the storage does not have.
    """

    def __init__(
        self,
        session: Session,
        source: LocalFile,
        file: UbiOpsFile,
        state: State,
        report: Callable[[int], object],
    ) -> None:
        self._session = session
        self._source = source
        self._file = file
        self._state = state
        self._report = report
        self._reported = 0
        self._lock = threading.Lock()
        self.resumed = state.provider is not None
        self.missing: list[int] = []

    def start(self) -> None:
        """Starts the upload, or checks that one that was interrupted still exists.

        Raises:
            ubiops.ApiException: A call failed.
        """
        session, state, size = self._session, self._state, self._source.size
        if not self.resumed:
            names = (session.project, self._file.bucket, self._file.file)
            started = session.api.files_start_multipart_upload(*names, **session.options())
            state.upload_id, state.provider = started.upload_id, started.provider
            state.part_size = part_size_for(size)
        count = -(-size // state.part_size)
        self.missing = [number for number in range(1, count + 1) if number not in state.parts]
        for number in [one for one in state.parts if one > count]:
            del state.parts[number]
        if self.resumed:
            self._sign(self.missing[0] if self.missing else 1, self._block_id(1))
            self._tell(sum(self._slice(number).length for number in state.parts))

    def _tell(self, amount: int) -> None:
        with self._lock:
            self._reported += amount
        self._report(amount)

    def take_back(self) -> None:
        """Takes back the progress of all parts."""
        self._report(-self._reported)
        self._reported = 0

    def _slice(self, number: int) -> Slice:
        start = (number - 1) * self._state.part_size
        return Slice(self._source, start, min(self._state.part_size, self._source.size - start), self._tell)

    def _block_id(self, number: int) -> str:
        # All ids of a file must have the same length.
        return base64.b64encode(os.urandom(9) + f"_{number:05d}".encode()).decode()

    def _sign(self, number: int, block_id: str) -> FileUploadResponse:
        session, state = self._session, self._state
        signed: FileUploadResponse = session.api.files_upload(
            session.project,
            self._file.bucket,
            self._file.file,
            upload_id=block_id if state.provider == AZURE else state.upload_id,
            part_number=str(number),
            **session.options(),
        )
        return signed

    def send(self, number: int) -> None:
        """Sends a part.

        Raises:
            ubiops.ApiException: A call failed, or the file was changed.
        """
        __tracebackhide__ = True
        block_id = self._block_id(number)
        what = f"part {number} of {self._file}"
        etag = send_checked(self._session, lambda: self._sign(number, block_id), self._slice(number), what)
        if self._state.provider == AZURE:
            etag = block_id
        if not etag:
            raise InvalidResponseError(200, f"the storage returned no ETag for {what}")
        self._state.add(number, etag)

    def complete(self) -> None:
        """Joins the parts.

        Raises:
            ubiops.ApiException: A call failed.
        """
        session, state = self._session, self._state
        names = (session.project, self._file.bucket, self._file.file)
        azure = state.provider == AZURE
        parts: list[dict[str, Any]] = [
            {"BlockId": one} if azure else {"ETag": one, "PartNumber": number}
            for number, one in sorted(state.parts.items())
        ]
        data = {"parts": parts} if azure else {"upload_id": state.upload_id, "parts": parts}
        unknown: ApiException | None = None
        while True:
            try:
                session.api.files_complete_multipart_upload(*names, data, **session.options())
                return
            except _AMBIGUOUS as error:
                if unknown is not None:
                    raise
                unknown = error
            except (BadRequestError, NotFoundError):
                if unknown is not None and self._is_there():
                    return
                raise
            session.sleep(_PAUSE)

    def _is_there(self) -> bool:
        """Whether the bucket has a file of this name and size: the first attempt to
        join the parts succeeded, and only its response was lost."""
        names = (self._session.project, self._file.bucket, self._file.file)
        found: FileItem = self._session.api.files_get(*names, **self._session.options())
        return found.size == self._source.size

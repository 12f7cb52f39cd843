"""Downloads of single files, which appear when they are complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ubiops._core.decoding import content_length
from ubiops._storage.checksums import check_md5, stated_md5, strong_etag
from ubiops._storage.partial import KEPT_SIZE, Partial
from ubiops._storage.signed import get, transfer
from ubiops.exceptions import ApiRequestError, InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._storage.session import Session
    from ubiops._storage.uri import UbiOpsFile
    from ubiops.models import FileUploadResponse
    from ubiops.response import Response

_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)", re.ASCII)
_UNSATISFIABLE = 416


def download(
    session: Session, file: UbiOpsFile, path: str, report: Callable[[int, int | None], object], *, resume: bool
) -> str:
    """Downloads a file. An existing file is replaced once all has arrived.

    Args:
        session: The session.
        file: The file in the bucket.
        path: The path of the file to write.
        report: Called with the number of bytes of each block, which is negative for
            those that have to be received again, and the size of the file, if known.
        resume: Whether to continue what another download has left, and to leave what
            this one has received if it fails.

    Returns:
        The path.

    Raises:
        ubiops.ApiFileError: The file can't be written.
        ubiops.ApiException: A call failed, or the file is damaged.
    """
    __tracebackhide__ = True
    return _Download(session, file, path, report, resume).run()


class _Download:
    def __init__(
        self,
        session: Session,
        file: UbiOpsFile,
        path: str,
        report: Callable[[int, int | None], object],
        resume: bool,
    ) -> None:
        self._session = session
        self._file = file
        self._path = path
        self._report = report
        self._resume = resume
        self._part: Partial | None = None
        self._identity: str | None = None
        self._etag: str | None = None
        self._total: int | None = None
        self._md5: str | None = None
        self._ranges = True
        self._farthest = 0

    def run(self) -> str:
        try:
            try:
                part = self._receive_checked()
            except InvalidResponseError:
                if self._part is None or not self._part.offset:
                    raise
                # Arrived damaged: once more, from the start.
                self._start_over()
                part = self._receive_checked()
            return part.finish()
        except BaseException:
            if self._part is not None:
                self._part.leave()
            raise

    def _receive_checked(self) -> Partial:
        transfer(self._session, self._sign, self._receive, "GET", self._has_progressed)
        part = self._part
        assert part is not None  # noqa: S101 - it has received something
        check_md5(self._md5, part.md5, f"the download of {self._file}")
        return part

    def _sign(self) -> FileUploadResponse:
        session = self._session
        names = (session.project, self._file.bucket, self._file.file)
        signed: FileUploadResponse = session.api.files_download(*names, **session.options())
        return signed

    def _has_progressed(self) -> bool:
        """Whether more has arrived than ever before, and can be continued."""
        offset = self._part.offset if self._part is not None and self._etag is not None else 0
        before, self._farthest = self._farthest, max(self._farthest, offset)
        return offset > before

    def _receive(self, signed: FileUploadResponse) -> None:
        while not self._receive_from(signed):
            pass

    def _receive_from(self, signed: FileUploadResponse) -> bool:
        """Receives what is missing. Returns False if it has to be asked for again."""
        part = self._part
        start = part.offset if part is not None and self._etag is not None and self._ranges else 0
        if part is not None and start and start == self._total:
            return True
        try:
            response = get(self._session, signed, start)
        except ApiRequestError as error:
            if error.status != _UNSATISFIABLE or not start:
                raise
            response = None
        if response is None:
            self._start_over()
            return False
        with response:
            if start and response.status == 206:
                if not self._continues(response, start):
                    self._start_over()
                    return False
            else:
                self._begin(response, keep=not start)
                if self._part is not None and self._part.offset:
                    return False
            part = self._part
            assert part is not None  # noqa: S101 - made by _begin
            for block in response.stream():
                part.write(block)
                self._report(len(block), self._total)
        return True

    def _continues(self, response: Response, start: int) -> bool:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        return found is not None and int(found[1]) == start and strong_etag(response.headers) == self._etag

    def _begin(self, response: Response, *, keep: bool) -> None:
        """Takes a response with the whole file.

        Args:
            response: The response.
            keep: Whether what another download has left may be continued.
        """
        headers = response.headers
        # The numbers and checksums of a compressed response are not those of the file.
        plain = "Content-Encoding" not in headers
        self._etag = strong_etag(headers) if plain else None
        self._total = content_length(headers) if plain else None
        self._md5 = stated_md5(headers) if plain else None
        identity = None
        if self._resume and self._etag is not None and self._total is not None and self._total >= KEPT_SIZE:
            identity = f"{self._file}\n{self._etag}\n{self._total}"
        if self._part is not None:
            self._take_back()
            if identity == self._identity:
                self._part.restart()
                return
            self._part.discard()
            self._part = None
        self._identity = identity
        self._part = part = Partial(self._path, identity, hashed=self._md5 is not None)
        if part.offset and (not keep or not self._ranges or part.offset > (self._total or 0)):
            part.restart()
        self._report(part.offset, self._total)

    def _start_over(self) -> None:
        self._ranges = False
        if self._part is not None:
            self._take_back()
            self._part.restart()

    def _take_back(self) -> None:
        if self._part is not None and self._part.offset:
            self._report(-self._part.offset, self._total)

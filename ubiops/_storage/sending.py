"""Sending the content of a file, or of a part of it, until it has arrived whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._storage.checksums import check_md5, stated_md5
from ubiops._storage.signed import put, transfer
from ubiops.exceptions import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ubiops._storage.session import Session
    from ubiops._storage.sources import Slice
    from ubiops.models import FileUploadResponse


def send_checked(session: Session, sign: Callable[[], FileUploadResponse], body: Slice, what: str) -> str | None:
    """Sends a body, again if it arrives damaged, and returns its ETag.

    Raises:
        ubiops.ApiException: A call failed, or it arrived damaged both times.
    """
    __tracebackhide__ = True

    def send() -> Mapping[str, str]:
        return transfer(session, sign, lambda signed: put(session, signed, body), "PUT")

    headers = send()
    try:
        check_md5(stated_md5(headers), body.md5, what)
    except InvalidResponseError:
        headers = send()
        check_md5(stated_md5(headers), body.md5, what)
    return headers.get("ETag")

"""Errors of the storage behind the API, which come as XML."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ubiops.emulator.core.context import ContentResponse
from ubiops.emulator.core.errors import ApiError

# The largest object that storages accept at once.
MAXIMUM_SIZE = 5 * 1024**3
TOO_LARGE = f"The file is larger than {MAXIMUM_SIZE // 1024**3} GB: upload it in parts"
_CODES = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    412: "PreconditionFailed",
    413: "EntityTooLarge",
    416: "InvalidRange",
    429: "SlowDown",
    503: "ServiceUnavailable",
}


class StorageError(ApiError):
    """A transfer that can't be served, with a code as object storages have them."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.code = code


def render_error(error: ApiError) -> ContentResponse:
    """Returns the response for an error of a transfer."""
    code = error.code if isinstance(error, StorageError) else _CODES.get(error.status, "InternalError")
    message = TOO_LARGE if error.status == 413 else error.message
    shown = "".join(character if character.isprintable() else "?" for character in message)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(shown)}</Message></Error>'
    )
    return ContentResponse(
        content.encode("utf-8"), media_type="application/xml", status=error.status, headers=error.headers or {}
    )

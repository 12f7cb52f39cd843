"""Decoding of response bodies: raw bytes are pushed in, decoded blocks come out.

Every decoder is bounded: it never returns more than a block at a time, however well the
body is compressed.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ubiops.exceptions import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Union

    Decoder = Union["Identity", "Inflate"]

BLOCK = 1 << 18
"""Size in bytes of the blocks in which a body is received and decoded."""
MAX_RATIO = 200
"""Maximum ratio of a body's decompressed size to its compressed size."""
RATIO_FREE = 1 << 24
"""Size of a decompressed body (16 MiB) up to which any ratio is accepted."""


def decoder_for(headers: Mapping[str, str], status: int) -> Decoder:
    """Returns the decoder for a response with these headers.

    Raises:
        ubiops.InvalidResponseError: The encoding is not supported.
    """
    encoding = (headers.get("Content-Encoding") or "").strip().lower()
    if encoding in ("", "identity"):
        return Identity()
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _invalid_compression(status, encoding, "only gzip and deflate are supported")
    return Inflate(encoding, status)


class Identity:
    """Passes blocks through."""

    __slots__ = ()

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Returns the blocks that the received bytes complete."""
        if raw:
            yield raw

    def end(self) -> None:
        """Checks that the body is complete."""


class Inflate:
    """Decompresses gzip (also of several members) and deflate.

    Args:
        encoding: The Content-Encoding, for the error's text.
        status: The HTTP status of the response, for the error.
    """

    __slots__ = ("_encoding", "_member", "_status")

    def __init__(self, encoding: str, status: int) -> None:
        self._encoding = encoding
        self._status = status
        self._member: Any = None

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Returns the blocks that the bytes complete, of up to ``BLOCK`` bytes each.

        Raises:
            ubiops.InvalidResponseError: The bytes are not compressed as declared.
        """
        while raw:
            if self._member is None:
                # 32 lets zlib detect whether a gzip or a zlib header follows.
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)
            member = self._member
            block = b" "
            # zlib may hold further output after it has taken all input.
            while (raw or block) and not member.eof:
                try:
                    block = member.decompress(raw, BLOCK)
                except zlib.error as error:
                    failed = _invalid_compression(self._status, self._encoding, str(error))
                    break
                raw = member.unconsumed_tail
                if block:
                    yield block
            else:
                if member.eof:
                    raw, self._member = member.unused_data, None
                continue
            # Raised outside of the handler, so that zlib's error is not chained.
            raise failed

    def end(self) -> None:
        """Checks that the body is complete.

        Raises:
            ubiops.InvalidResponseError: It is not.
        """
        if self._member is not None:
            raise _invalid_compression(self._status, self._encoding, "it ends too early")


def check_ratio(status: int, received: int, decoded: int) -> None:
    """Checks that a body is not a decompression bomb.

    Raises:
        ubiops.InvalidResponseError: It is one.
    """
    if decoded > RATIO_FREE and decoded > received * MAX_RATIO:
        raise InvalidResponseError(
            status,
            f"the response is compressed more than {MAX_RATIO} times and has more than "
            f"{decoded >> 20} MiB, which is rejected as a decompression bomb",
        )


def content_length(headers: Mapping[str, str]) -> int | None:
    """Returns the number of bytes of a body as its headers declare it.

    None if they don't, or if the transfer encoding decides.
    """
    length = headers.get("Content-Length", "")
    # No more digits than an int can be parsed from.
    known = length.isdecimal() and len(length) < 20 and "Transfer-Encoding" not in headers
    return int(length) if known else None


def _invalid_compression(status: int, encoding: str, why: str) -> InvalidResponseError:
    return InvalidResponseError(
        status, f"the response is declared as compressed with {encoding[:40]!r}, but can't be decompressed: {why}"
    )

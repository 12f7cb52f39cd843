"""Checksums: those that a storage states, compared with the bytes that were sent or
received."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MD5 = re.compile(r"[0-9a-fA-F]{32}")


def new_hash() -> Any:
    """Returns an MD5 to be computed: the checksum that all storages state."""
    return hashlib.md5(usedforsecurity=False)


def stated_md5(headers: Mapping[str, str], *, whole: bool = True) -> str | None:
    """Returns the MD5 of a file in hexadecimal that a storage states; None without one.

    Args:
        headers: The headers of the response.
        whole: Whether the response is about the whole file, and not a part of it.
    """
    names = ["x-ms-blob-content-md5"]
    if whole:
        names.append("Content-MD5")
    stated = (part.strip().partition("=") for part in headers.get("x-goog-hash", "").split(",") if "=" in part)
    hashes = {name: value for name, _, value in stated}
    for text in (*(headers.get(name) for name in names), hashes.get("md5")):
        if text:
            try:
                digest = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue
            if len(digest) == 16:
                return digest.hex()
    etag = strong_etag(headers)
    # With a key of its own, the storage's ETag looks like an MD5 and is none.
    encrypted = headers.get("x-amz-server-side-encryption", "AES256") != "AES256" or any(
        name.lower().startswith("x-amz-server-side-encryption-customer") for name in headers
    )
    if etag is None or encrypted or not _MD5.fullmatch(etag.strip('"')):
        return None
    return etag.strip('"').lower()


def strong_etag(headers: Mapping[str, str]) -> str | None:
    """Returns the ETag of a response; None without one that stands for the bytes."""
    etag = headers.get("ETag", "").strip()
    return etag if etag and not etag.startswith("W/") else None


def check_md5(stated: str | None, found: str, what: str) -> None:
    """Compares checksums.

    Raises:
        ubiops.InvalidResponseError: They differ.
    """
    if stated is not None and stated != found:
        raise InvalidResponseError(
            200,
            f"{what} is damaged: the storage states the MD5 {stated}, and its bytes have {found}",
            hint="try again; a proxy may change files on the way",
        )

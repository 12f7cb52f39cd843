"""Names of files, and the URIs that stand for files in requests."""

from __future__ import annotations

from typing import NamedTuple

from ubiops.emulator.core.errors import bad_request

SCHEME = "ubiops-file://"
# That of object storages. A guess: the platform's own limit is not documented.
MAXIMUM_NAME_SIZE = 1024


class FileUri(NamedTuple):
    """A file: its bucket, and its name there."""

    bucket: str
    name: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.name}"


def parse_uri(uri: object) -> FileUri:
    """Returns the bucket and the file that a ``ubiops-file://bucket/file`` URI names.

    Raises:
        ApiError: It is not such a URI.
    """
    if isinstance(uri, str) and uri.startswith(SCHEME):
        bucket, slash, name = uri[len(SCHEME) :].partition("/")
        if bucket and slash and name:
            check_file_name(name)
            return FileUri(bucket, name)
    raise bad_request(f"{uri!r} is not the URI of a file: it must have the form {SCHEME}BUCKET/FILE")


def check_file_name(name: str) -> None:
    """Rejects a name that no file can have. Slashes are part of a name."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise bad_request("the name of a file must be valid Unicode") from error
    if not name or size > MAXIMUM_NAME_SIZE:
        raise bad_request(f"the name of a file must have 1 to {MAXIMUM_NAME_SIZE} bytes, it has {size}")
    if "\0" in name:
        raise bad_request("the name of a file must not contain a null character")
    if name in (".", ".."):
        # Clients would take it for a part of the URL's path to leave out.
        raise bad_request(f"{name!r} can't be the name of a file")

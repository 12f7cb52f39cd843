"""What is uploaded: a folder or a file, and the fingerprint of its contents."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from ubiops._packages.errors import PackageError, PackageFileNotFoundError, as_text
from ubiops._packages.folder import PackageFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 20
_LENGTH = 32


class Source:
    """A folder or a file that is uploaded.

    Args:
        path: The path of a folder or a file, or a ``PackageFolder``.
        package_directory: The folder in the archive that holds the files of a folder;
            None for the usual one of deployment packages.

    Attributes:
        value: What ``file`` of an upload takes.

    Raises:
        PackageError: The folder or file does not exist, or can't be packed.
    """

    def __init__(self, path: Any, package_directory: str | None = None) -> None:
        if isinstance(path, PackageFolder):
            self.value: Any = path
            return
        text = as_text(path, "folder")
        if os.path.isdir(text):
            self.value = PackageFolder(text, package_directory=package_directory)
        elif os.path.isfile(text):
            self.value = text
        else:
            raise PackageFileNotFoundError(f"there is no folder {text!r}")

    def fingerprint(self, *more: str | None) -> str:
        """Returns a hash of the contents: names and bytes of the files, not their times
        and modes, nor how they are compressed.

        Args:
            more: What else decides on the result of the build.

        Raises:
            PackageError: A file can't be read.
        """
        digest = hashlib.sha256(repr(more).encode())
        if isinstance(self.value, PackageFolder):
            prefix, items = self.value.contents()
            for item in items:
                inner = hashlib.sha256()
                for block in _blocks(item.path):
                    inner.update(block)
                digest.update(f"{prefix}{item.name}\0{inner.hexdigest()}\n".encode(errors="surrogateescape"))
        else:
            for block in _blocks(self.value):
                digest.update(block)
        return digest.hexdigest()[:_LENGTH]


def _blocks(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise PackageError(f"{path!r} can't be read: {error.strerror or error}") from error

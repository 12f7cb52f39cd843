"""A multipart/form-data body that is streamed from its files."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ubiops._io.sources import FileSource


def multipart_name(text: str) -> str:
    """Returns a field name or file name, escaped as HTML requires for form data."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class MultipartBody:
    """A multipart/form-data body that is read from its files while it is being sent.

    Args:
        fields: The plain fields.
        files: The files by field name.
        progress: Called with the number of bytes of each block that was sent.

    Raises:
        ubiops.ApiValueError: A field can't be encoded as UTF-8.
    """

    def __init__(
        self, fields: Mapping[str, str], files: Mapping[str, FileSource], progress: Callable[[int], Any] | None = None
    ) -> None:
        self._boundary = os.urandom(16).hex()
        self._files = files
        self.progress = progress
        self._heads: dict[str, bytes] = {}
        plain = "".join(self._head(name) + f"\r\n\r\n{value}\r\n" for name, value in fields.items())
        try:
            self._plain = plain.encode()
        except UnicodeEncodeError as error:
            raise ApiValueError(
                f"a field of the form contains text that is not valid Unicode ({error.reason})"
            ) from None
        for name, source in files.items():
            head = f'{self._head(name)}; filename="{multipart_name(source.filename)}"'
            self._heads[name] = f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
        self._end = f"--{self._boundary}--\r\n".encode()

    def _head(self, name: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{multipart_name(name)}"'

    @property
    def content_type(self) -> str:
        """The value of the Content-Type header."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def length(self) -> int | None:
        """Bytes of the whole body; None if the size of a file is unknown."""
        total = len(self._plain) + len(self._end)
        for name, source in self._files.items():
            if source.size is None:
                return None
            total += len(self._heads[name]) + source.size + 2
        return total

    @property
    def rewindable(self) -> bool:
        """Whether the body can be sent a second time."""
        return all(source.rewindable for source in self._files.values())

    def __iter__(self) -> Iterator[Any]:
        """Returns the body block by block.

        All files are opened before the first block, and closed with the iterator.
        """
        for block in self._blocks():
            yield block
            if self.progress is not None:
                self.progress(len(block))

    def _blocks(self) -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            opened = [(name, stack.enter_context(source.open())) for name, source in self._files.items()]
            if self._plain:
                yield self._plain
            for name, blocks in opened:
                yield self._heads[name]
                yield from blocks
                yield b"\r\n"
            yield self._end

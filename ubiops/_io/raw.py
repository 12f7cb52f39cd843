"""A request body that is one file, streamed as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._io.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class RawBody:
    """A body that is read from a file while it is being sent.

    Args:
        value: A path, bytes, or a file that is open in binary mode.

    Raises:
        ubiops.ApiTypeError: The value is something else.
        ubiops.ApiValueError: The file can't be read.
    """

    content_type = "application/octet-stream"

    def __init__(self, value: Any) -> None:
        self._source = FileSource(value, "data")
        self.progress: Callable[[int], Any] | None = None
        """Called with the number of bytes of each block that was sent."""

    @property
    def length(self) -> int | None:
        """The number of bytes; None if the file's size is unknown."""
        return self._source.size

    @property
    def rewindable(self) -> bool:
        """Whether the body can be sent a second time."""
        return self._source.rewindable

    def __iter__(self) -> Iterator[Any]:
        """Returns the body block by block. Closing the iterator closes the file."""
        for block in self._source.blocks():
            yield block
            if self.progress is not None:
                self.progress(len(block))

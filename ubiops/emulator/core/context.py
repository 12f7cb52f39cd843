"""What a handler receives: one validated request and the backend that it acts on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from ubiops.emulator.core.projects import ensure_project

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterator, Mapping
    from contextlib import AbstractContextManager

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.files import Incoming


@dataclass(frozen=True)
class UploadedFile:
    """A file that was sent in a form, or as a body.

    Attributes:
        name: The name that the form gives it.
        incoming: The file.
        size: Its size in bytes; of a body only.
        md5: The MD5 digest of its content; of a body only.
    """

    name: str
    incoming: Incoming
    size: int = 0
    md5: bytes = b""


@dataclass(frozen=True)
class RequestContext:
    """One request. Path, query and body have been validated against the description.

    Attributes:
        backend: The state that the request acts on.
        user: Who sends the request.
        path: Path parameters by name.
        query: Query parameters by name, with the description's defaults filled in.
        body: The JSON body, the text of a plain one, or the fields of the form. None if
            an optional body was left out.
        file: The file of the form, if it has one, or a body that is a file.
        content: The JSON or text body as it was sent.
        text: Whether the body was sent as text and not as JSON.
        headers: The headers of the request, by their names in lower case.
    """

    backend: Backend
    user: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    file: UploadedFile | None = None
    content: bytes = b""
    text: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """The project that the path names."""
        return self.path["project_name"]

    @property
    def now(self) -> float:
        """The time by the emulator's clock, in seconds since 1970."""
        return self.backend.clock.now()

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Gives read access to the state."""
        return self.backend.storage.reading()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Makes the changes of a block together, or none of them if it raises.

        The first change of anything in a project creates the project.
        """
        with self.backend.storage.transaction() as db:
            if "project_name" in self.path:
                ensure_project(db, self.project, self.now)
            yield db


@dataclass(frozen=True)
class FileResponse:
    """A response that is a file.

    Attributes:
        path: Where the file is stored.
        name: The file name to send.
        kind: The kind of object that is reported as not found if the file is gone.
        media_type: The media type to send.
        status: The status to send.
        headers: Further headers.
        part: The first byte to send and the one after the last; None sends all.
        file: The opened file, which is closed afterwards. It is sent even if its path
            is removed in the meantime.
    """

    path: str
    name: str
    kind: str
    media_type: str = "application/zip"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    part: tuple[int, int] | None = None
    file: IO[bytes] | None = None


@dataclass(frozen=True)
class ContentResponse:
    """A response that is a file whose content is at hand.

    Attributes:
        content: The content.
        name: The file name to send; None sends no name.
        media_type: The media type to send.
        status: The status to send; None sends that of the operation.
        headers: Further headers.
    """

    content: bytes
    name: str | None = None
    media_type: str = "application/json"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StreamResponse:
    """A response that is sent piece by piece, as it comes into being.

    Attributes:
        parts: Yields the parts. It is closed when the client disconnects.
        media_type: The media type to send.
    """

    parts: AsyncIterator[bytes]
    media_type: str = "text/event-stream"

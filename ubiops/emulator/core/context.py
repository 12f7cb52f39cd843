"""What a handler receives: one validated request and the backend that it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.files import Incoming


@dataclass(frozen=True)
class UploadedFile:
    """A file that was sent in a form."""

    name: str
    incoming: Incoming


@dataclass(frozen=True)
class RequestContext:
    """One request. Path, query and body have been validated against the description.

    Attributes:
        backend: The state that the request acts on.
        user: Who sends the request.
        path: Path parameters by name.
        query: Query parameters by name, with the description's defaults filled in.
        body: The JSON body, or the fields of the form.
        file: The file of the form, if it has one.
    """

    backend: Backend
    user: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    file: UploadedFile | None = None

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

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Makes the changes of a block together, or none of them if it raises."""
        return self.backend.storage.transaction()


@dataclass(frozen=True)
class FileResponse:
    """A response that is a file.

    Attributes:
        path: Where the file is stored.
        name: The file name to send.
        kind: The kind of object that is reported as not found if the file is gone.
        media_type: The media type to send.
    """

    path: str
    name: str
    kind: str
    media_type: str = "application/zip"

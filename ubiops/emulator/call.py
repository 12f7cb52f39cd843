"""What a handler gets: one request, checked, and the world that it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.emulator.clock import Clock
    from ubiops.emulator.files import Files, Incoming
    from ubiops.emulator.settings import Settings
    from ubiops.emulator.storage import Storage


@dataclass(frozen=True)
class World:
    """All that an emulator consists of, beside its server."""

    settings: Settings
    clock: Clock
    storage: Storage
    files: Files


@dataclass(frozen=True)
class UploadedFile:
    """A file that came with a form."""

    name: str
    incoming: Incoming


@dataclass(frozen=True)
class Call:
    """One request. Path, query and body have passed the checks of the API's description."""

    world: World
    user: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    file: UploadedFile | None = None

    @property
    def project(self) -> str:
        """The project that the path names."""
        return self.path["project_name"]


@dataclass(frozen=True)
class FileAnswer:
    """An answer that is a file: where it lies, and the name that the user knows it by."""

    path: str
    name: str

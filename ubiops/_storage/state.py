"""What is known of an upload in parts, in a small file beside the one that is sent.

It holds no secret: the id of an upload is of no use without the API token.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubiops._storage.session import Session
    from ubiops._storage.sources import LocalFile
    from ubiops._storage.uri import UbiOpsFile

_FORMAT = 1


class State:
    """An upload in parts: its id, and the parts that the storage has.

    Args:
        path: The path of the record; None to keep none.
        size: The size of the file, and ...
        modified: ... its time of modification, without which a record is not used.

    Attributes:
        upload_id: The id; None before the upload has started, or where there is none.
        provider: The provider of the storage; None before the upload has started.
        part_size: The number of bytes of each part but the last.
        parts: What identifies each part, by its number.
    """

    def __init__(self, path: str | None, size: int, modified: int) -> None:
        self._path = path
        self._about = {"format": _FORMAT, "size": size, "modified": modified}
        self._lock = threading.Lock()
        self._clear()
        if path is not None:
            with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
                self._read(json.load(file))

    def _clear(self) -> None:
        self.upload_id: str | None = None
        self.provider: str | None = None
        self.part_size = 0
        self.parts: dict[int, str] = {}

    def _read(self, found: Any) -> None:
        if not isinstance(found, dict) or any(found.get(name) != value for name, value in self._about.items()):
            return
        upload_id, provider, part_size, parts = (
            found.get(name) for name in ("upload_id", "provider", "part_size", "parts")
        )
        if (
            (upload_id is None or isinstance(upload_id, str))
            and isinstance(provider, str)
            and isinstance(part_size, int)
            and part_size > 0
            and isinstance(parts, dict)
            and all(number.isdecimal() and isinstance(one, str) for number, one in parts.items())
        ):
            self.upload_id, self.provider, self.part_size = upload_id, provider, part_size
            self.parts = {int(number): one for number, one in parts.items()}

    def add(self, number: int, part: str) -> None:
        """Adds a part that the storage has, and writes the record."""
        with self._lock:
            self.parts[number] = part
            if self._path is None:
                return
            record = {
                **self._about,
                "upload_id": self.upload_id,
                "provider": self.provider,
                "part_size": self.part_size,
                "parts": {str(one): self.parts[one] for one in sorted(self.parts)},
            }
            # Without a record, the upload works all the same.
            with contextlib.suppress(OSError):
                written = f"{self._path}.{os.getpid()}"
                try:
                    with open(written, "w", encoding="utf-8") as file:
                        json.dump(record, file)
                    os.replace(written, self._path)
                except BaseException:
                    os.unlink(written)
                    raise

    def reset(self) -> None:
        """Forgets everything."""
        self.discard()
        self._clear()

    def leave(self) -> None:
        """Keeps the record, if there is anything to continue."""
        if not self.parts:
            self.discard()

    def discard(self) -> None:
        """Removes the record."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._path)


def open_state(session: Session, source: LocalFile, file: UbiOpsFile, *, kept: bool) -> State:
    """Returns the state of an upload, with what an earlier one has left.

    Args:
        session: The session.
        source: The file.
        file: Its name in the bucket.
        kept: Whether there is a record.
    """
    path = None
    if kept:
        settings = session.api.api_client.configuration
        target = "\n".join((settings.host, str(session.project or settings.project), file.file_uri))
        digest = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        folder, name = os.path.split(source.path)
        path = os.path.join(folder, f".{os.fsdecode(os.fsencode(name)[:200])}.{digest}.upload")
    return State(path, *source.identity)

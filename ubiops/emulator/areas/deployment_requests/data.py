"""Stores inputs and outputs: small ones in the database, large ones as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.inputs import decode
from ubiops.emulator.areas.deployment_requests.kinds import DATA
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_INLINE
from ubiops.emulator.core.errors import not_found

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.backend import Backend

INPUT = "input"
OUTPUT = "output"


@dataclass(frozen=True)
class Data:
    """An input or output as it is stored: its content, or the name of its file."""

    is_text: bool
    content: bytes | None
    file: str | None


def keep(backend: Backend, content: bytes, is_text: bool) -> Data:
    """Returns a content to insert. A large one is written to a file at once."""
    if len(content) <= MAXIMUM_INLINE:
        return Data(is_text, content, None)
    return Data(is_text, None, backend.files.add(content, ".bin"))


def insert(db: sqlite3.Connection, request: int, side: str, data: Data) -> None:
    """Adds the input or output of the request with this key."""
    db.execute(
        "INSERT OR REPLACE INTO deployment_request_data (request, side, file, is_text, content) VALUES (?, ?, ?, ?, ?)",
        (request, side, data.file, data.is_text, data.content),
    )


def remove(db: sqlite3.Connection, request: int) -> list[str]:
    """Removes input and output of a request. Returns the files to remove."""
    files = files_of(db, "request = ?", (request,))
    db.execute("DELETE FROM deployment_request_data WHERE request = ?", (request,))
    return files


def files_of(db: sqlite3.Connection, condition: str, values: Sequence[Any]) -> list[str]:
    """Returns the files of the requests that meet a condition.

    Args:
        db: The database.
        condition: An SQL condition on the column request.
        values: Its parameters.
    """
    query = f"SELECT file FROM deployment_request_data WHERE file IS NOT NULL AND {condition}"  # noqa: S608  # nosec B608
    return [row["file"] for row in db.execute(query, tuple(values))]


def find(db: sqlite3.Connection, request: int, side: str) -> Data | None:
    """Returns the input or output of a request, if it is stored."""
    row = db.execute(
        "SELECT is_text, file, content FROM deployment_request_data WHERE request = ? AND side = ?", (request, side)
    ).fetchone()
    return Data(bool(row["is_text"]), row["content"], row["file"]) if row else None


def read(backend: Backend, data: Data) -> Any:
    """Returns the value of an input or output.

    Raises:
        ApiError: Its file was deleted meanwhile.
    """
    content = data.content
    if data.file is not None:
        try:
            content = backend.files.path(data.file).read_bytes()
        except FileNotFoundError as error:
            raise not_found(DATA) from error
    return decode(content or b"", data.is_text)

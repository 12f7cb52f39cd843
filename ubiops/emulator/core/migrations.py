"""Numbered migrations of the database, which update older data folders.

Each area registers its migrations beside its handlers. The tables of a new data folder
come from the same migrations, run one after the other, so there is one way to get them.
A migration that was released is never changed: a later one corrects it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.core.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Migration(NamedTuple):
    """One step from a format of the database to the next.

    Attributes:
        number: The format that it leads to. Numbers start at 1 and are unique over all
            areas.
        purpose: What it does, in a sentence.
        script: SQL statements, each ending with a semicolon at the end of a line.
    """

    number: int
    purpose: str
    script: str

    def statements(self) -> Iterator[str]:
        """Yields the statements one by one.

        ``executescript`` would end the transaction.
        """
        statement = ""
        for line in self.script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
        if statement.strip():
            raise ValueError(f"migration {self.number} ends with an unfinished statement: {statement.strip()}")


_REGISTERED: dict[int, Migration] = {}


def migration(number: int, purpose: str, script: str) -> None:
    """Registers a migration."""
    if number in _REGISTERED:
        raise ValueError(f"there are two migrations with the number {number}")
    _REGISTERED[number] = Migration(number, purpose, script)


def registered_migrations() -> tuple[Migration, ...]:
    """Returns all registered migrations in their order."""
    numbers = sorted(_REGISTERED)
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"migrations must be numbered from 1 without a gap, got {numbers}")
    return tuple(_REGISTERED[number] for number in numbers)


def migrate(db: sqlite3.Connection, migrations: tuple[Migration, ...]) -> None:
    """Brings the database to the latest format, within the transaction that is open.

    Foreign keys must be off: with them, replacing a table would delete what refers to
    it.

    Raises:
        FolderError: The database was written by a newer version.
    """
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        raise FolderError(
            f"it was written by a newer version of ubiops (format {version}; this version reads formats up to "
            f"{len(migrations)}): use that version, or choose another folder"
        )
    if version == len(migrations):
        return
    for step in migrations[version:]:
        for statement in step.statements():
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {step.number:d}")
    broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise FolderError(f"it is damaged: a row of the table {broken[0]} refers to nothing in {broken[2]}")

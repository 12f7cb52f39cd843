"""The environment variables that a version has, its own and those that it inherits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

CODE_FILE = "SYS_DEPLOYMENT_FILE_NAME"
_OLD_CODE_FILE = "ML_MODEL_FILE_NAME"


class Inherited(NamedTuple):
    """The variables of a version.

    Attributes:
        values: The values by name, with those of secrets. The nearest wins.
        own: The values of the version's own variables.
        secrets: The values of secrets, also of those that a nearer variable hides.
    """

    values: dict[str, str]
    own: dict[str, str]
    secrets: frozenset[str]


def variables_of(db: sqlite3.Connection, project: str, version: sqlite3.Row) -> Inherited:
    """Returns the variables of a version, given its row and its project."""
    rows = db.execute(
        "SELECT name, value, secret, version FROM variables WHERE project = ?"
        " AND (deployment IS NULL OR deployment = ?) AND (version IS NULL OR version = ?)"
        " ORDER BY deployment IS NOT NULL, version IS NOT NULL",
        (project, version["deployment"], version["pk"]),
    ).fetchall()
    return Inherited(
        # Nearer ones come later and replace farther ones.
        {row["name"]: row["value"] for row in rows},
        {row["name"]: row["value"] for row in rows if row["version"] is not None},
        frozenset(row["value"] for row in rows if row["secret"]),
    )


def code_file(variables: Mapping[str, str]) -> str | None:
    """Returns the name of the file with the code if variables name one."""
    name = variables.get(CODE_FILE) or variables.get(_OLD_CODE_FILE)
    if not name:
        return None
    return name if name.endswith(".py") else f"{name}.py"

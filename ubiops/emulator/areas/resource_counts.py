"""Counts the objects of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# The tables of each kind of object. Those of versions refer to what they belong to by
# a column.
_OF_PROJECTS = ("deployments", "pipelines", "buckets", "environments")
_OF_OBJECTS = (
    ("deployment_versions", "versions", "deployment", "deployments"),
    ("pipeline_versions", "pipeline_versions", "pipeline", "pipelines"),
)


def count_resources(db: sqlite3.Connection, projects: Sequence[str]) -> dict[str, int]:
    """Returns how many objects of each kind these projects have."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    marks = ", ".join("?" * len(projects))
    queries = {table: f"SELECT count(*) FROM {table} WHERE project IN ({marks})" for table in _OF_PROJECTS}  # noqa: S608  # nosec B608
    needed = {table: {table} for table in _OF_PROJECTS}
    for kind, table, column, owners in _OF_OBJECTS:
        needed[kind] = {table, owners}
        queries[kind] = (
            f"SELECT count(*) FROM {table} JOIN {owners} ON {owners}.pk = {table}.{column}"  # noqa: S608  # nosec B608
            f" WHERE {owners}.project IN ({marks})"
        )
    return {
        # What the emulator has no table for, no project has.
        kind: int(db.execute(query, projects).fetchone()[0]) if needed[kind] <= tables else 0
        for kind, query in queries.items()
    }

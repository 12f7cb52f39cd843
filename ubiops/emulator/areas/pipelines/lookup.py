"""Finds the pipelines and versions that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.areas.pipelines.kinds import PIPELINE, VERSION
from ubiops.emulator.core.lookup import get_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


def pipeline_named(db: sqlite3.Connection, project: str, name: str) -> sqlite3.Row:
    """Returns the pipeline of this name in a project."""
    return get_row(db, PIPELINE, "pipelines", {"project": project, "name": name})


def version_named(db: sqlite3.Connection, pipeline: sqlite3.Row, name: str) -> sqlite3.Row:
    """Returns the version of this name of a pipeline."""
    return get_row(db, VERSION, "pipeline_versions", {"pipeline": pipeline["pk"], "name": name})


def default_version(db: sqlite3.Connection, pipeline: sqlite3.Row) -> sqlite3.Row:
    """Returns the default version of a pipeline."""
    return get_row(db, VERSION, "pipeline_versions", {"pk": pipeline["default_version"]})


def find_pipeline(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the pipeline that the path names."""
    return pipeline_named(db, context.project, context.path["pipeline_name"])


def find_version(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the version that the path names, or else the default version."""
    pipeline = find_pipeline(db, context)
    if "version" in context.path:
        return version_named(db, pipeline, context.path["version"])
    return default_version(db, pipeline)

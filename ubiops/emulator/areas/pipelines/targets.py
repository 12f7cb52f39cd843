"""The deployments and pipelines, or versions of them, that other objects refer to.

Webhooks and schedules are about one of them. Their tables have the columns of
`COLUMNS`, so they follow when it is renamed and go when it is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments import lookup as deployments
from ubiops.emulator.areas.pipelines import lookup as pipelines
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

DEPLOYMENT = "deployment"
PIPELINE = "pipeline"

COLUMNS = """
    deployment INTEGER REFERENCES deployments ON DELETE CASCADE,
    deployment_version INTEGER REFERENCES versions ON DELETE CASCADE,
    pipeline INTEGER REFERENCES pipelines ON DELETE CASCADE,
    pipeline_version INTEGER REFERENCES pipeline_versions ON DELETE CASCADE
"""


def find_target(db: sqlite3.Connection, project: str, settings: Mapping[str, Any]) -> dict[str, int | None]:
    """Returns the columns that refer to a target.

    Args:
        db: The database.
        project: The project.
        settings: object_type, object_name and, unless it is about the default version,
            version.

    Raises:
        ApiError: There is no such target.
    """
    name, version_name = settings["object_name"], settings.get("version")
    lookup = deployments if settings["object_type"] == DEPLOYMENT else pipelines
    try:
        if settings["object_type"] == DEPLOYMENT:
            found = deployments.deployment_named(db, project, name)
        else:
            found = pipelines.pipeline_named(db, project, name)
        version = lookup.version_named(db, found, version_name)["pk"] if version_name else None
    except ApiError as error:
        # The path of the request is right, so a 404 would be misleading.
        raise bad_request(error.message) from error
    kind = settings["object_type"]
    return {**dict.fromkeys(names()), kind: found["pk"], f"{kind}_version": version}


def names() -> tuple[str, ...]:
    """Returns the names of the columns."""
    return (DEPLOYMENT, f"{DEPLOYMENT}_version", PIPELINE, f"{PIPELINE}_version")


def show_target(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, str | None]:
    """Returns object_type, object_name and version of a target, with present names."""
    kind = DEPLOYMENT if row[DEPLOYMENT] is not None else PIPELINE
    tables = ("deployments", "versions") if kind == DEPLOYMENT else ("pipelines", "pipeline_versions")
    found = find_row(db, tables[0], {"pk": row[kind]})
    version = find_row(db, tables[1], {"pk": row[f"{kind}_version"]})
    return {
        "object_type": kind,
        "object_name": found["name"] if found else None,
        "version": version["name"] if version else None,
    }

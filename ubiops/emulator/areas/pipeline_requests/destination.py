"""Where a request goes to: a pipeline version, with what requests need of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.forms import Form, form_of
from ubiops.emulator.areas.pipelines.graph import END, START, Plan
from ubiops.emulator.areas.pipelines.kinds import PIPELINE, VERSION
from ubiops.emulator.areas.pipelines.lookup import pipeline_named, version_named
from ubiops.emulator.areas.pipelines.objects import plan_of
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.lookup import find_row, get_row

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True)
class Destination:
    """A pipeline version as it was when it was found.

    Attributes:
        project: The project.
        pipeline: The name of the pipeline.
        pipeline_pk: The key of the pipeline.
        pipeline_id: The id of the pipeline.
        version: The name of the version.
        version_pk: The key of the version.
        version_id: The id of the version.
        input: The form of the input.
        plan: The objects and how they are connected.
        retention: What is kept of requests: full, metadata or none.
        retention_time: Seconds that it is kept.
    """

    project: str
    pipeline: str
    pipeline_pk: int
    pipeline_id: str
    version: str
    version_pk: int
    version_id: str
    input: Form
    plan: Plan
    retention: str
    retention_time: float

    def keeping(self, retention: str, retention_time: float) -> Destination:
        """Returns the destination of a request that was created with this retention."""
        return replace(self, retention=retention, retention_time=retention_time)


def find_destination(db: sqlite3.Connection, project: str, pipeline_name: str, version_name: str | None) -> Destination:
    """Returns where requests to a version, or by default the default version, go to.

    Raises:
        ApiError: Pipeline or version don't exist, or can't handle requests.
    """
    pipeline = pipeline_named(db, project, pipeline_name)
    if version_name is None and pipeline["default_version"] is None:
        raise bad_request(f"Pipeline {pipeline_name} has no default version, so it can't handle requests")
    if version_name is not None:
        version = version_named(db, pipeline, version_name)
    else:
        version = get_row(db, VERSION, "pipeline_versions", {"pk": pipeline["default_version"]})
    return _destination(db, pipeline, version)


def destination_with_keys(db: sqlite3.Connection, pipeline_pk: int, version_pk: int | None) -> Destination:
    """Returns the destination of stored requests, or of an object of another pipeline.

    Args:
        db: The database.
        pipeline_pk: The key of the pipeline.
        version_pk: The key of the version. Default: the default version.

    Raises:
        ApiError: Pipeline or version don't exist any more, or can't handle requests.
    """
    pipeline = get_row(db, PIPELINE, "pipelines", {"pk": pipeline_pk})
    key = pipeline["default_version"] if version_pk is None else version_pk
    return _destination(db, pipeline, get_row(db, VERSION, "pipeline_versions", {"pk": key}))


def _destination(db: sqlite3.Connection, pipeline: sqlite3.Row, version: sqlite3.Row) -> Destination:
    graph, settings = json.loads(version["graph"]), json.loads(version["settings"])
    plan = plan_of(db, pipeline, graph)
    # A guess: a version whose input leads nowhere and whose output comes from nowhere
    # is not finished.
    if START not in plan.consumed and END not in plan.deliveries:
        raise bad_request(f"Pipeline version {version['name']} has no attachments, so it can't handle requests")
    return Destination(
        project=pipeline["project"],
        pipeline=pipeline["name"],
        pipeline_pk=pipeline["pk"],
        pipeline_id=pipeline["id"],
        version=version["name"],
        version_pk=version["pk"],
        version_id=version["id"],
        input=form_of(json.loads(pipeline["settings"]), "input"),
        plan=plan,
        retention=str(settings["request_retention_mode"]),
        retention_time=float(settings["request_retention_time"]),
    )


def version_is_default(db: sqlite3.Connection, pipeline_pk: int, version_pk: int) -> bool:
    """Returns whether a version is the default one of its pipeline."""
    pipeline: Any = find_row(db, "pipelines", {"pk": pipeline_pk})
    return pipeline is not None and pipeline["default_version"] == version_pk

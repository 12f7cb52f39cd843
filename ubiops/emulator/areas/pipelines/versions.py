"""Versions of pipelines: create, list, get, update, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.kinds import VERSION
from ubiops.emulator.areas.pipelines.lookup import find_pipeline
from ubiops.emulator.areas.pipelines.objects import plan_of, read_object, show_object
from ubiops.emulator.areas.pipelines.pipelines import subject_of
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

MAXIMUM_OBJECTS = 1_000
MAXIMUM_RETENTION_TIME = 28 * 24 * 3600
_GRAPH = ("objects", "attachments")


class PipelineVersions(Resource):
    """The versions of a pipeline."""

    kind = VERSION
    noun = "version"
    table = "pipeline_versions"
    created_from = "PipelineVersionCreate"
    shown_as = "PipelineVersionDetail"
    path_parameter = "version"
    name_field = "version"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the pipeline that the path names."""
        pipeline = find_pipeline(db, context)
        return Owner({"pipeline": pipeline["pk"]}, f"pipeline {pipeline['name']}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the pipeline version, in the log of its pipeline."""
        return Subject(pipeline=row["pipeline"], object_type="pipeline_version", object_name=row["name"])

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Leaves out objects and attachments, which are stored apart."""
        basic: dict[str, Any] = {"description": "", "labels": {}, "request_retention_mode": "full", "metadata": None}
        settings = {**basic, **super().read(body, present)}
        settings["request_retention_mode"] = settings["request_retention_mode"].lower()
        for part in _GRAPH:
            settings.pop(part, None)
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the retention time as well."""
        super().check(name, settings)
        if settings["request_retention_time"] > MAXIMUM_RETENTION_TIME:
            raise bad_request(f"request_retention_time must be {MAXIMUM_RETENTION_TIME} or less")

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores the graph in a column of its own.

        It is checked whenever it is given.
        """
        columns = super().to_columns(db, context, settings, row)
        graph: dict[str, Any] = json.loads(row["graph"]) if row is not None else {part: [] for part in _GRAPH}
        if any(part in context.body for part in _GRAPH):
            before = graph["objects"]
            graph = _new_graph(db, context, graph)
            name = context.body.get(self.name_field) or context.path["version"]
            _record_objects(db, context, name, before, graph["objects"])
        return {**columns, "graph": json.dumps(graph)}

    def created(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Makes the first version of a pipeline its default."""
        others = "SELECT 1 FROM pipeline_versions WHERE pipeline = ? AND pk != ?"
        if not db.execute(others, (row["pipeline"], row["pk"])).fetchone():
            db.execute("UPDATE pipelines SET default_version = ? WHERE pk = ?", (row["pk"], row["pipeline"]))

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds objects, attachments, and what follows from the pipeline."""
        if not rows:
            return []
        pipeline = get_row(db, VERSION, "pipelines", {"pk": rows[0]["pipeline"]})
        found = []
        for row in rows:
            graph = json.loads(row["graph"])
            fields = self.fields(row)
            fields.update(
                pipeline=pipeline["name"],
                default=row["pk"] == pipeline["default_version"],
                objects=[show_object(db, stored) for stored in graph["objects"]],
                attachments=graph["attachments"],
            )
            found.append(fields)
        return found


def _new_graph(db: sqlite3.Connection, context: RequestContext, present: dict[str, Any]) -> dict[str, Any]:
    """Returns the graph after a request. Null and an empty list remove all."""
    pipeline = find_pipeline(db, context)
    graph = dict(present)
    if "objects" in context.body:
        given = context.body["objects"] or []
        if len(given) > MAXIMUM_OBJECTS:
            raise bad_request(f"A version can have at most {MAXIMUM_OBJECTS} objects, not {len(given)}")
        ids = {stored["name"]: stored["id"] for stored in present["objects"]}
        graph["objects"] = [read_object(db, context.now, pipeline, each, ids) for each in given]
    if "attachments" in context.body:
        graph["attachments"] = [
            {
                "id": new_id(),
                "destination_name": each["destination_name"],
                "sources": [{"mapping": [], **source} for source in each["sources"]],
            }
            for each in context.body["attachments"] or []
        ]
    plan_of(db, pipeline, graph)
    return graph


def _record_objects(
    db: sqlite3.Connection,
    context: RequestContext,
    version: str,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
) -> None:
    """Records which objects of a version were created, changed and deleted."""
    pipeline = find_pipeline(db, context)
    old, new = ({one["name"]: one for one in objects} for objects in (before, after))
    verbs = {"create": new.keys() - old.keys(), "delete": old.keys() - new.keys()}
    verbs["update"] = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    for action in ("create", "update", "delete"):
        for name in sorted(verbs[action]):
            event = f"{action.capitalize()}d pipeline object {name} in version {version} of pipeline {pipeline['name']}"
            audit.record(db, context, action, event, subject_of(pipeline))


PIPELINE_VERSIONS = PipelineVersions()
handler("pipeline_versions_create")(PIPELINE_VERSIONS.create)
handler("pipeline_versions_list")(PIPELINE_VERSIONS.list_all)
handler("pipeline_versions_get")(PIPELINE_VERSIONS.get)
handler("pipeline_versions_update")(PIPELINE_VERSIONS.update)
handler("pipeline_versions_delete", slow=True)(PIPELINE_VERSIONS.delete)

"""Pipelines: create, list, get, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.fields import SIDES, check_fields, read_fields
from ubiops.emulator.areas.pipelines.kinds import PIPELINE
from ubiops.emulator.areas.pipelines.lookup import version_named
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext


class Pipelines(Resource):
    """The pipelines of a project."""

    kind = PIPELINE
    noun = "pipeline"
    table = "pipelines"
    created_from = "PipelineCreate"
    shown_as = "PipelineDetail"
    path_parameter = "pipeline_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the pipeline itself."""
        return subject_of(row)

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns a text that doesn't name the project."""
        return f"{verb} pipeline {name}"

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces lists of fields and labels whole."""
        settings = {"description": "", "labels": {}, **super().read(body, present)}
        for side in SIDES:
            if settings.get(f"{side}_type") is None:
                raise bad_request(f"{side}_type is required")
            changed = settings[f"{side}_type"] != present.get(f"{side}_type")
            if changed and f"{side}_fields" not in body:
                # Those of the other type no longer fit.
                settings.pop(f"{side}_fields", None)
        read_fields(settings)
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks fields against types as well."""
        super().check(name, settings)
        check_fields(settings)

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores the default version in a column of its own."""
        columns = super().to_columns(db, context, settings, row)
        if row is not None and "default_version" in context.body:
            columns["default_version"] = version_named(db, row, context.body["default_version"])["pk"]
        return columns

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the project and, if there is one, the name of the default version."""
        found = []
        for row in rows:
            fields = {**self.fields(row), "project": row["project"]}
            version = find_row(db, "pipeline_versions", {"pk": row["default_version"]})
            found.append(fields if version is None else {**fields, "default_version": version["name"]})
        return found


def subject_of(pipeline: sqlite3.Row) -> Subject:
    """Returns a pipeline as the subject of an audit event."""
    return Subject(pipeline=pipeline["pk"], object_type="pipeline", object_name=pipeline["name"])


PIPELINES = Pipelines()
handler("pipelines_create")(PIPELINES.create)
handler("pipelines_list")(PIPELINES.list_all)
handler("pipelines_get")(PIPELINES.get)
handler("pipelines_update")(PIPELINES.update)
handler("pipelines_delete", slow=True)(PIPELINES.delete)

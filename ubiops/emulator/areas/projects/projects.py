"""Projects: create, list, get, update, delete, and what they contain.

A project comes into being when it is named: by the first change of anything in it, and
by `projects_get`, with which most programs start. Once a project was deleted,
`projects_get` doesn't find it until something is created in it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.organizations import organization_named
from ubiops.emulator.areas.resource_counts import count_resources
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row
from ubiops.emulator.core.projects import delete_rows, ensure_project, may_be_created, rename_rows
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.storage import new_id
from ubiops.emulator.core.validation import check_texts
from ubiops.emulator.core.validators import has_label, read_label_filter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

KIND = "Project"
_SUSPENDED_REASON = "Suspended by a user"
# Settings of a project that was created by being named.
_DEFAULTS: dict[str, Any] = {
    "advanced_permissions": False,
    "credits": None,
    "cors_origins": [],
    "labels": {},
    "suspended": False,
}
# The emulator limits nothing.
_QUOTAS = ("memory_standard", "cpu_standard", "accelerator_standard")


class Projects(Resource):
    """All projects."""

    kind = KIND
    noun = "project"
    table = "projects"
    created_from = "ProjectCreate"
    shown_as = "ProjectDetail"
    path_parameter = "project_name"
    dated = False

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the platform: names of projects are unique over all organizations."""
        return Owner({}, "the emulator")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the project."""
        return Subject(object_type="project", object_name=row["name"])

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns a text that names the project alone."""
        return f"{verb} project {name}"

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces origins and labels whole. The organization has its own column."""
        settings = {name: body.get(name, value) for name, value in {**_DEFAULTS, **present}.items()}
        return {**settings, "suspended": body.get("suspend", settings["suspended"])}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the name as that of a new project."""
        check_texts(self.created_from, {"name": name})

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a project in an organization."""
        body = context.body
        named = replace(context, path={"project_name": body["name"]})
        with context.backend.storage.transaction() as db:
            organization = organization_named(db, body["organization_name"])
            columns = {
                "id": new_id(),
                "name": body["name"],
                "settings": json.dumps(self.read(body, {})),
                "created": context.now,
                "organization": organization["pk"],
            }
            row = self._insert(db, self.owner(db, context), columns)
            audit.record(db, named, "create", self.event("Created", row["name"], _NOBODY), self.subject("create", row))
            return self.serialize(db, context, [row])[0]

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the projects, filtered by organization and labels."""
        organization, wanted = context.query.get("organization"), read_label_filter(context.query.get("labels"))
        with context.reading() as db:
            rows = db.execute("SELECT * FROM projects ORDER BY pk").fetchall()
            found = self.serialize(db, context, rows)
        return [
            one
            for one in found
            if organization in (None, one["organization_name"]) and has_label(one["labels"], wanted)
        ]

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns a project, which is created unless it was deleted."""
        with context.backend.storage.transaction() as db:
            return self.serialize(db, context, [self.named(db, context)])[0]

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes the fields that are given and keeps the others."""
        with context.backend.storage.transaction() as db:
            row = self.named(db, context)
            old, new = row["name"], context.body.get("name", row["name"])
            settings = self.read(context.body, self.from_row(row))
            if new != old:
                self.check(new, settings)
                if find_row(db, self.table, {"name": new}):
                    raise name_taken(KIND, new, "the emulator")
                rename_rows(db, old, new)
            changed = self._update(db, _NOBODY, row, {"name": new, "settings": json.dumps(settings)})
            event = self.event("Updated", old, _NOBODY) + ("" if new == old else f", now {new}")
            named = replace(context, path={"project_name": new})
            audit.record(db, named, "update", event, self.subject("update", changed))
            shown = self.serialize(db, context, [changed])[0]
            versions = _versions(db, new)
        if new != old:
            _stop(context, versions)
        return shown

    def delete(self, context: RequestContext) -> None:
        """Deletes a project with everything in it."""
        storage = context.backend.storage
        with storage.transaction() as db:
            row = self.find(db, context)
            files = storage.files()
            versions = _versions(db, row["name"])
            afterwards = delete_rows(db, context, row["name"])
            files -= storage.files()
        for finish in afterwards:
            finish()
        _stop(context, versions)
        context.backend.files.remove(sorted(files))

    def named(self, db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
        """Returns the project that the path names, which is created if it may be."""
        if may_be_created(db, context.project):
            ensure_project(db, context.project, context.now)
        return self.find(db, context)

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the organization, and why a project is suspended."""
        organizations = {row["pk"]: row["name"] for row in db.execute("SELECT pk, name FROM organizations")}
        return [
            {
                **_DEFAULTS,
                **self.fields(row),
                "creation_date": in_microseconds(row["created"]),
                "organization_name": organizations[row["organization"]],
                "suspended_reason": _SUSPENDED_REASON if self.from_row(row).get("suspended") else None,
            }
            for row in rows
        ]


_NOBODY = Owner({}, "the emulator")
PROJECTS = Projects()
handler("projects_create")(PROJECTS.create)
handler("projects_list")(PROJECTS.list_all)
handler("projects_get")(PROJECTS.get)
handler("projects_update")(PROJECTS.update)
handler("projects_delete", slow=True)(PROJECTS.delete)


@handler("project_audit_events_list")
def list_events(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the events of a project and of everything in it, newest first."""
    with context.reading() as db:
        return audit.list_events(db, context, "project", context.project)


@handler("projects_resource_usage")
def count_objects(context: RequestContext) -> dict[str, int]:
    """Counts the objects of a project."""
    with context.reading() as db:
        return count_resources(db, [context.project])


@handler("quotas_list")
def list_quotas(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the kinds of hardware, which the emulator doesn't limit."""
    return [{"quota": None, "resource": resource} for resource in _QUOTAS]


def _versions(db: sqlite3.Connection, project: str) -> list[int]:
    query = "SELECT versions.pk FROM versions JOIN deployments ON deployments.pk = deployment WHERE project = ?"
    return [row["pk"] for row in db.execute(query, (project,))]


def _stop(context: RequestContext, versions: list[int]) -> None:
    """Stops instances that run for versions that were deleted or renamed."""
    runner = context.backend.runner
    if runner is not None:
        for version in versions:
            runner.changed(version)

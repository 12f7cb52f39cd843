"""Environments: create, list, get, update, delete."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.environments import base
from ubiops.emulator.areas.environments.kinds import ENVIRONMENT
from ubiops.emulator.areas.environments.lookup import base_of, check_unused, find_custom, versions_on
from ubiops.emulator.areas.environments.states import builds_of, state_of
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request, name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.validators import has_label, read_label_filter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext


class Environments(Resource):
    """The environments of a project, and those of the platform for readers."""

    kind = ENVIRONMENT
    noun = "environment"
    table = "environments"
    created_from = "EnvironmentCreate"
    shown_as = "EnvironmentList"
    path_parameter = "environment_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the environment."""
        return Subject(object_type="environment", object_name="" if action == "delete" else row["name"])

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The settings of an environment without a base."""
        return {"description": "", "labels": {}, "display_name": None, "base_environment": None}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the base. That it must be one of the platform is a guess."""
        super().check(name, settings)
        if base.find(name):
            raise name_taken(ENVIRONMENT, name, "the platform")
        below = settings["base_environment"]
        if below is not None and base.find(below) is None:
            raise bad_request(f"there is no base environment {below!r}; an example is {base.DEFAULT!r}")

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Lets versions follow an environment that is renamed."""
        name = context.body.get("name")
        if row is not None and name not in (None, row["name"]):
            if find_row(db, "environments", {"project": context.project, "name": name}):
                raise name_taken(ENVIRONMENT, name, f"project {context.project}")
            for version, of_version in versions_on(db, context.project, row["name"]):
                changed = json.dumps({**of_version, "environment": name})
                db.execute("UPDATE versions SET settings = ? WHERE pk = ?", (changed, version["pk"]))
        return super().to_columns(db, context, settings, row)

    def find(self, db: sqlite3.Connection, context: RequestContext, owner: Owner | None = None) -> sqlite3.Row:
        """Returns the environment that the path names, if it is one of the project."""
        return find_custom(db, context)

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the files of all revisions."""
        rows = db.execute(
            "SELECT file FROM environment_revisions WHERE tag IN"
            " (SELECT pk FROM environment_tags WHERE environment = ?)",
            (row["pk"],),
        )
        return [found["file"] for found in rows]

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the fields of both generations of the API."""
        found = []
        for row in rows:
            fields, below = self.fields(row), base_of(row)
            state = state_of(builds_of(db, row["pk"]), context.now)
            fields.update(
                project=context.project,
                system=False,
                display_name=fields["display_name"] or row["name"],
                base_environment_display_name=below.display_name if below else "",
                gpu_required=below is not None and below.gpu,
                status=state.status_of_environment(context.now),
                implicit=False,
                hidden=False,
                deprecated=False,
                active_revision=state.id("active", "revision"),
                active_build=state.id("active", "build"),
                latest_revision=state.id("latest", "revision"),
                latest_build=state.id("latest", "build"),
            )
            found.append(fields)
        return found

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the environments of the platform and then those of the project."""
        wanted = read_label_filter(context.query.get("labels"))
        system, kind = context.query.get("system"), context.query.get("environment_type", "all")
        found = []
        if system is not False and kind != "custom":
            known = (base.find(name) for name in base.LISTED)
            found += [base.serialize(environment) for environment in known if environment]
        if system is not True and kind != "base":
            found += super().list_all(context)
        return [one for one in found if has_label(one["labels"], wanted)]

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns one environment of the project or the platform."""
        environment = base.find(context.path["environment_name"])
        return base.serialize(environment) if environment else super().get(context)

    def delete(self, context: RequestContext) -> None:
        """Deletes an environment that no version runs on."""
        with context.backend.storage.reading() as db:
            # Nothing can come in between: one thread at a time holds the state.
            check_unused(db, context.project, find_custom(db, context)["name"], None, context.now)
            super().delete(context)


ENVIRONMENTS = Environments()
handler("environments_create")(ENVIRONMENTS.create)
handler("environments_list")(ENVIRONMENTS.list_all)
handler("environments_get")(ENVIRONMENTS.get)
handler("environments_update")(ENVIRONMENTS.update)
handler("environments_delete", slow=True)(ENVIRONMENTS.delete)

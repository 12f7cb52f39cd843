"""Deployments: create, list, get, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.fields import SIDES, check_fields, read_fields
from ubiops.emulator.areas.deployments.kinds import DEPLOYMENT
from ubiops.emulator.areas.deployments.lookup import version_named
from ubiops.emulator.areas.deployments.version_states import states_of_versions
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

UNAVAILABLE_DEFAULT = "Default cannot be set to an unavailable version"


class Deployments(Resource):
    """The deployments of a project."""

    kind = DEPLOYMENT
    noun = "deployment"
    table = "deployments"
    created_from = "DeploymentCreate"
    shown_as = "DeploymentDetail"
    path_parameter = "deployment_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the deployment itself."""
        return Subject(row["pk"])

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns a text that doesn't name the project."""
        return f"{verb} deployment {name}"

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces lists of fields and labels whole."""
        settings = super().read(body, present)
        types = [f"{side}_type" for side in SIDES]
        missing = [name for name in types if settings.setdefault(name, None) is None]
        if missing and settings.get("supports_request_format", True):
            raise bad_request("; ".join(f"{name} is required" for name in missing))
        read_fields(settings)
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks fields against types as well."""
        super().check(name, settings)
        check_fields(settings)

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Filters by `supports_request_format` as well."""
        wanted = context.query.get("supports_request_format")
        return [one for one in super().list_all(context) if wanted in (None, one["supports_request_format"])]

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores the default version in a column of its own."""
        columns = super().to_columns(db, context, settings, row)
        if row is not None and "default_version" in context.body:
            columns["default_version"] = _new_default(db, context, row)
        return columns

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the project and the name of the default version."""
        names = _names_of_versions(db, rows)
        return [
            {
                "supports_request_format": True,
                **self.fields(row),
                "project": row["project"],
                "default_version": names.get(row["default_version"]),
            }
            for row in rows
        ]

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the files of all revisions."""
        query = "SELECT file FROM revisions JOIN versions ON versions.pk = revisions.version WHERE deployment = ?"
        return [found["file"] for found in db.execute(query, (row["pk"],))]


DEPLOYMENTS = Deployments()
handler("deployments_create")(DEPLOYMENTS.create)
handler("deployments_list")(DEPLOYMENTS.list_all)
handler("deployments_get")(DEPLOYMENTS.get)
handler("deployments_update")(DEPLOYMENTS.update)
handler("deployments_delete", slow=True)(DEPLOYMENTS.delete)


def _new_default(db: sqlite3.Connection, context: RequestContext, deployment: sqlite3.Row) -> int:
    version: int = version_named(db, deployment, context.body["default_version"])["pk"]
    if version != deployment["default_version"]:
        state = states_of_versions(db, context.now, deployment["pk"], version)[version]
        if state.status != "available":
            raise bad_request(UNAVAILABLE_DEFAULT)
    return version


def _names_of_versions(db: sqlite3.Connection, deployments: Sequence[sqlite3.Row]) -> dict[int, str]:
    """Returns the names of the default versions of deployments of one project."""
    if len(deployments) == 1:
        found = db.execute("SELECT pk, name FROM versions WHERE pk = ?", (deployments[0]["default_version"],))
    else:
        query = "SELECT versions.pk, versions.name FROM deployments JOIN versions ON versions.pk = default_version"
        found = db.execute(f"{query} WHERE project = ?", [row["project"] for row in deployments[:1]] or [None])
    return {row["pk"]: row["name"] for row in found}

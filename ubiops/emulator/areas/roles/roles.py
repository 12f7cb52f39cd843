"""Permissions and roles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.roles.builtin import PERMISSIONS, ROLES, role_id
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request, name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.validation import check_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext


class Roles(Resource):
    """The roles of a project: the built-in ones, and its own."""

    kind = "Role"
    noun = "role"
    table = "roles"
    created_from = "RoleCreate"
    shown_as = "RoleDetailList"
    path_parameter = "role_name"
    dated = False

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the role."""
        return Subject(object_type="role", object_name=row["name"])

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Rejects the names of built-in roles, and permissions that don't exist."""
        check_texts(self.created_from, {"name": name})
        check_texts(self.shown_as, {"name": name})
        if name in ROLES:
            raise name_taken(self.kind, name, "every project")
        unknown = sorted(set(settings["permissions"]) - set(PERMISSIONS))
        if unknown:
            raise bad_request(f"there is no permission {unknown[0]!r}; permissions_list returns all of them")

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a role in a project with fine-grained permissions."""
        with context.reading() as db:
            project = find_row(db, "projects", {"name": context.project})
        if project is None or not json.loads(project["settings"]).get("advanced_permissions"):
            raise bad_request("roles can only be created in a project with advanced_permissions")
        return super().create(context)

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the built-in roles and those of the project."""
        return [_builtin(name) for name in ROLES] + super().list_all(context)

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns a role."""
        name = context.path[self.path_parameter]
        return _builtin(name) if name in ROLES else super().get(context)

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes a role of the project, also for those who have it."""
        self._check_own(context)
        changed = super().update(context)
        old = context.path[self.path_parameter]
        if changed["name"] != old:
            with context.transaction() as db:
                db.execute(
                    "UPDATE role_assignments SET role = ? WHERE project = ? AND role = ?",
                    (changed["name"], context.project, old),
                )
        return changed

    def delete(self, context: RequestContext) -> None:
        """Deletes a role of the project, and takes it away from those who have it."""
        self._check_own(context)
        super().delete(context)
        with context.transaction() as db:
            values = (context.project, context.path[self.path_parameter])
            db.execute("DELETE FROM role_assignments WHERE project = ? AND role = ?", values)

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds that they are not built in."""
        return [{**self.fields(row), "default": False} for row in rows]

    def _check_own(self, context: RequestContext) -> None:
        name = context.path[self.path_parameter]
        if name in ROLES:
            raise bad_request(f"the built-in role {name!r} can be neither changed nor deleted")


ROLES_OF_PROJECTS = Roles()
handler("roles_create")(ROLES_OF_PROJECTS.create)
handler("roles_list")(ROLES_OF_PROJECTS.list_all)
handler("roles_get")(ROLES_OF_PROJECTS.get)
handler("roles_update")(ROLES_OF_PROJECTS.update)
handler("roles_delete")(ROLES_OF_PROJECTS.delete)


@handler("permissions_list")
def list_permissions(context: RequestContext) -> list[dict[str, Any]]:
    """Lists all permissions."""
    return [{"name": name} for name in PERMISSIONS]


def _builtin(name: str) -> dict[str, Any]:
    return {"id": role_id(name), "name": name, "default": True, "permissions": list(ROLES[name])}

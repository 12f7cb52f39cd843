"""The users of a project: members of its organization who were given access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.organizations import ORGANIZATIONS, member_of
from ubiops.emulator.areas.projects.projects import PROJECTS
from ubiops.emulator.areas.user import USER, emulator_user
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import ApiError, bad_request, name_taken, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

# The kinds of users are not documented; this one stands for people.
_USER_TYPES = ("user", "service_user")


@handler("project_users_list")
def list_users(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the users of a project. All of them are people."""
    wanted = context.query.get("user_type")
    with context.transaction() as db:
        found = [_shown(row) for row in project_users(db, context)]
    return found if wanted in (None, _USER_TYPES[0]) else []


@handler("project_users_create")
def add_user(context: RequestContext) -> dict[str, Any]:
    """Gives a member of the organization access to a project."""
    wanted = context.body["user_id"].lower()
    with context.transaction() as db:
        project = PROJECTS.find(db, context)
        organization = get_row(db, ORGANIZATIONS.kind, "organizations", {"pk": project["organization"]})
        try:
            user = member_of(db, context, organization, wanted)
        except ApiError as error:
            raise bad_request(f"user_id {wanted} is not a member of organization {organization['name']}") from error
        if any(row["id"] == wanted for row in project_users(db, context)):
            raise name_taken(USER, user["email"], f"project {context.project}")
        db.execute("INSERT INTO project_users (project, user) VALUES (?, ?)", (context.project, user["pk"]))
        _record(db, context, "create", f"Added user {user['email']} to project {context.project}")
        return _shown(user)


@handler("project_users_get")
def get_user(context: RequestContext) -> dict[str, Any]:
    """Returns a user of a project."""
    with context.transaction() as db:
        return _shown(_user(db, context))


@handler("project_users_delete")
def remove_user(context: RequestContext) -> None:
    """Takes the access to a project away from a user, with all roles there."""
    with context.transaction() as db:
        user = _user(db, context)
        db.execute("DELETE FROM project_users WHERE project = ? AND user = ?", (context.project, user["pk"]))
        db.execute(
            "DELETE FROM role_assignments WHERE project = ? AND assignee_type = 'user' AND assignee = ?",
            (context.project, user["id"]),
        )
        _record(db, context, "delete", f"Removed user {user['email']} from project {context.project}")


def project_users(db: sqlite3.Connection, context: RequestContext) -> list[sqlite3.Row]:
    """Returns the users of the project.

    One that has none yet gets the emulator's user, as its admin.
    """
    query = (
        "SELECT users.* FROM project_users JOIN users ON users.pk = project_users.user"
        " WHERE project = ? ORDER BY project_users.pk"
    )
    found = db.execute(query, (context.project,)).fetchall()
    if not found:
        user = emulator_user(db, context)
        db.execute("INSERT INTO project_users (project, user) VALUES (?, ?)", (context.project, user["pk"]))
        db.execute(
            "INSERT OR IGNORE INTO role_assignments"
            " (id, project, role, assignee, assignee_type, resource, resource_type)"
            " VALUES (?, ?, 'project-admin', ?, 'user', '', 'project')",
            (new_id(), context.project, user["id"]),
        )
        found = db.execute(query, (context.project,)).fetchall()
    return found


def _user(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    wanted = context.path["user_id"].lower()
    found = next((row for row in project_users(db, context) if row["id"] == wanted), None)
    if found is None:
        raise not_found(USER)
    return found


def _record(db: sqlite3.Connection, context: RequestContext, action: str, event: str) -> None:
    audit.record(db, context, action, event, Subject(object_type="project", object_name=context.project))


def _shown(user: sqlite3.Row) -> dict[str, Any]:
    return {name: user[name] for name in ("id", "email", "name", "surname")}

"""Who has which role."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.projects.users import project_users
from ubiops.emulator.areas.roles.builtin import ROLES
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request, name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

KIND = "Role assignment"
_COLUMNS = ("assignee", "assignee_type", "resource", "resource_type")
# The tables of the objects that a role can be for.
_TABLES = {"deployment": "deployments", "pipeline": "pipelines", "bucket": "buckets"}
# Every project has this bucket.
_DEFAULT_BUCKET = ("bucket", "default")


@handler("role_assignments_per_object_list")
def list_assignments(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the assignments of a project, filtered by object and holder."""
    wanted = {name: context.query[name] for name in _COLUMNS if context.query.get(name)}
    if "resource" in wanted and "resource_type" not in wanted:
        raise bad_request("resource needs resource_type")
    with context.transaction() as db:
        # The caller gets the role of an admin with the first look at the users.
        project_users(db, context)
        rows = db.execute("SELECT * FROM role_assignments WHERE project = ? ORDER BY pk", (context.project,)).fetchall()
    found = [_shown(row) for row in rows]
    return [one for one in found if all(one[name] == value for name, value in wanted.items())]


@handler("role_assignments_create")
def assign(context: RequestContext) -> dict[str, Any]:
    """Gives a role to a user, a service user or a deployment."""
    body = context.body
    missing = [name for name in ("assignee", "assignee_type") if not body.get(name)]
    if missing:
        raise bad_request("; ".join(f"{name} is required" for name in missing))
    if ("resource" in body) != ("resource_type" in body):
        raise bad_request("resource and resource_type must be given together")
    with context.transaction() as db:
        if body["role"] not in ROLES and not find_row(db, "roles", {"project": context.project, "name": body["role"]}):
            raise bad_request(f"there is no role {body['role']!r}; roles_list returns all of them")
        assignee = _assignee(db, context)
        resource, kind = body.get("resource", context.project), body.get("resource_type", "project")
        _check_resource(db, context, resource, kind)
        # That of the project follows its name.
        stored = "" if kind == "project" else resource
        values = (new_id(), context.project, body["role"], assignee, body["assignee_type"], stored, kind)
        try:
            db.execute(
                "INSERT INTO role_assignments (id, project, role, assignee, assignee_type, resource, resource_type)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(KIND, body["role"], f"{kind} {resource} for {assignee}") from error
        _record(db, context, "create", f"Assigned role {body['role']} to {assignee} for {kind} {resource}")
        return _shown(get_row(db, KIND, "role_assignments", {"id": values[0]}))


@handler("role_assignments_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns an assignment."""
    with context.reading() as db:
        return _shown(_find(db, context))


@handler("role_assignments_delete")
def take_away(context: RequestContext) -> None:
    """Takes a role away."""
    with context.transaction() as db:
        row = _find(db, context)
        db.execute("DELETE FROM role_assignments WHERE pk = ?", (row["pk"],))
        _record(db, context, "delete", f"Took role {row['role']} from {row['assignee']}")


def _assignee(db: sqlite3.Connection, context: RequestContext) -> str:
    """Returns the holder of a new assignment, who must exist."""
    assignee: str = context.body["assignee"]
    if context.body["assignee_type"] == "deployment":
        if not find_row(db, "deployments", {"project": context.project, "name": assignee}):
            raise bad_request(f"there is no deployment {assignee!r} in project {context.project}")
        return assignee
    identifier = assignee.lower()
    known = {row["id"] for row in project_users(db, context)}
    if identifier not in known and not find_row(db, "service_users", {"project": context.project, "id": identifier}):
        raise bad_request(f"assignee {assignee!r} is the id of no user or service user of project {context.project}")
    return identifier


def _check_resource(db: sqlite3.Connection, context: RequestContext, resource: str, kind: str) -> None:
    if kind == "project":
        found = resource == context.project
    elif (kind, resource) == _DEFAULT_BUCKET:
        found = True
    else:
        table = _TABLES[kind]
        exists = find_row(db, "sqlite_master", {"type": "table", "name": table})
        found = bool(exists and find_row(db, table, {"project": context.project, "name": resource}))
    if not found:
        raise bad_request(f"there is no {kind} {resource!r} in project {context.project}")


def _find(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    return get_row(db, KIND, "role_assignments", {"project": context.project, "id": context.path["id"].lower()})


def _record(db: sqlite3.Connection, context: RequestContext, action: str, event: str) -> None:
    audit.record(db, context, action, event, Subject(object_type="project", object_name=context.project))


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "role", *_COLUMNS)}
    return {**shown, "resource": row["resource"] or row["project"]}

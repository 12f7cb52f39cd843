"""Service users: create, list, get, update, delete, and replace the token."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.dates import read_date
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.service_tokens import email_of, hash_token
from ubiops.emulator.core.storage import new_id
from ubiops.emulator.core.validation import check_texts

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

KIND = "Service user"


@handler("service_users_list")
def list_service_users(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the service users of a project in the order of their creation."""
    with context.reading() as db:
        rows = db.execute("SELECT * FROM service_users WHERE project = ? ORDER BY pk", (context.project,)).fetchall()
    return [_shown(row) for row in rows]


@handler("service_users_create")
def create(context: RequestContext) -> dict[str, Any]:
    """Creates a service user. Its token is in this response and in no other."""
    values = _read(context, {"name": None, "description": None, "expiry": None})
    token = _new_token()
    with context.transaction() as db:
        identifier = new_id()
        db.execute(
            "INSERT INTO service_users (id, project, created, token_hash, name, description, expiry)"
            " VALUES (:id, :project, :created, :token_hash, :name, :description, :expiry)",
            {
                "id": identifier,
                "project": context.project,
                "created": context.now,
                "token_hash": hash_token(token),
                **values,
            },
        )
        row = get_row(db, KIND, "service_users", {"id": identifier})
        _record(db, context, "create", f"Created service user {email_of(row)}")
    return {**_shown(row), "token": token}


@handler("service_users_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns a service user without its token."""
    with context.reading() as db:
        return _shown(_find(db, context))


@handler("service_users_update")
def update(context: RequestContext) -> dict[str, Any]:
    """Changes what is given. The token stays."""
    with context.transaction() as db:
        row = _find_valid(db, context)
        values = _read(context, {name: row[name] for name in ("name", "description", "expiry")})
        db.execute(
            "UPDATE service_users SET name = :name, description = :description, expiry = :expiry WHERE pk = :pk",
            {**values, "pk": row["pk"]},
        )
        _record(db, context, "update", f"Updated service user {email_of(row)}")
        return _shown(_find(db, context))


@handler("service_users_delete")
def delete(context: RequestContext) -> None:
    """Deletes a service user with its roles."""
    with context.transaction() as db:
        row = _find(db, context)
        db.execute("DELETE FROM service_users WHERE pk = ?", (row["pk"],))
        db.execute(
            "DELETE FROM role_assignments WHERE project = ? AND assignee_type = 'user' AND assignee = ?",
            (context.project, row["id"]),
        )
        _record(db, context, "delete", f"Deleted service user {email_of(row)}")


@handler("service_users_token")
def replace_token(context: RequestContext) -> dict[str, Any]:
    """Makes a new token. The old one is not accepted any more."""
    token = _new_token()
    with context.transaction() as db:
        row = _find_valid(db, context)
        values = (hash_token(token), row["pk"])
        db.execute("UPDATE service_users SET token_hash = ?, token_used = NULL WHERE pk = ?", values)
        _record(db, context, "update", f"Replaced the token of service user {email_of(row)}")
    return {"token": token}


def _read(context: RequestContext, present: dict[str, Any]) -> dict[str, Any]:
    body = context.body
    check_texts("ServiceUserList", {name: body[name] for name in ("name", "description") if body.get(name)})
    values = {**present, **{name: body[name] for name in ("name", "description") if name in body}}
    if "expiry_date" in body:
        date = body["expiry_date"]
        values["expiry"] = None if date is None else read_date("expiry_date", date)
    return values


def _find(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    wanted = {"project": context.project, "id": context.path["service_user_id"].lower()}
    return get_row(db, KIND, "service_users", wanted)


def _find_valid(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    row = _find(db, context)
    if row["expiry"] is not None and row["expiry"] <= context.now:
        raise bad_request("the service user has expired and can't be changed")
    return row


def _new_token() -> str:
    return secrets.token_hex(20)


def _record(db: sqlite3.Connection, context: RequestContext, action: str, event: str) -> None:
    audit.record(db, context, action, event, Subject(object_type="project", object_name=context.project))


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "email": email_of(row),
        "name": row["name"],
        "description": row["description"],
        "creation_date": in_microseconds(row["created"]),
        "expiry_date": None if row["expiry"] is None else in_microseconds(row["expiry"]),
        "token_last_used": "" if row["token_used"] is None else in_microseconds(row["token_used"]),
    }

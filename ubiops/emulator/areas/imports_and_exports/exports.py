"""Exports: create, list, get, download, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.imports_and_exports.layout import KINDS
from ubiops.emulator.areas.imports_and_exports.selection import everything, selected
from ubiops.emulator.areas.imports_and_exports.service import TransferService
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.context import FileResponse
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

KIND = "Export"


@handler("exports_create")
def create(context: RequestContext) -> dict[str, Any]:
    """Starts an export of existing objects."""
    packages = context.query.get("packages")
    with context.transaction() as db:
        if context.query.get("all"):
            selection = everything(db, context.project)
        else:
            selection = selected(db, context.project, context.body)
        if not selection:
            raise bad_request("there is nothing to export: name objects in the body, or use the parameter all")
        columns = {
            "id": new_id(),
            "project": context.project,
            "user": context.user,
            "created": context.now,
            "status": "pending",
            "description": context.body.get("description", ""),
            "selection": json.dumps(selection),
            "packages": packages is not False,
        }
        db.execute(
            f"INSERT INTO exports ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608  # nosec B608
            tuple(columns.values()),
        )
        row = get_row(db, KIND, "exports", {"id": columns["id"]})
        _record(db, context, "create", "Created", row)
    context.backend.service(TransferService).export(row["pk"])
    return _shown(row)


@handler("exports_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the exports of a project, newest first: a guess."""
    status = context.query.get("status")
    with context.reading() as db:
        rows = db.execute("SELECT * FROM exports WHERE project = ? ORDER BY pk DESC", (context.project,)).fetchall()
    return [_shown(row) for row in rows if status in (None, row["status"])]


@handler("exports_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns an export with its objects."""
    with context.reading() as db:
        row = find_export(db, context, context.path["export_id"])
    return {**_shown(row), **{kind: {} for kind in KINDS}, **json.loads(row["selection"])}


@handler("exports_download")
def download(context: RequestContext) -> FileResponse:
    """Returns the zip file of a completed export."""
    with context.reading() as db:
        row = find_export(db, context, context.path["export_id"])
    return FileResponse(str(context.backend.files.path(completed_file(row))), f"export_{row['id']}.zip", KIND)


@handler("exports_delete")
def delete(context: RequestContext) -> None:
    """Deletes an export and its file."""
    with context.transaction() as db:
        row = find_export(db, context, context.path["export_id"])
        db.execute("DELETE FROM exports WHERE pk = ?", (row["pk"],))
        _record(db, context, "delete", "Deleted", row)
    if row["file"]:
        context.backend.files.remove([row["file"]])


def find_export(db: sqlite3.Connection, context: RequestContext, identifier: str) -> sqlite3.Row:
    """Returns the row of an export of the project.

    Raises:
        ApiError: There is none: a 404.
    """
    return get_row(db, KIND, "exports", {"project": context.project, "id": identifier.lower()})


def completed_file(row: sqlite3.Row) -> str:
    """Returns the file of an export.

    Raises:
        ApiError: It is not completed: a 400.
    """
    if row["status"] != "completed":
        raise bad_request(f"the export is {row['status']}; its file is available when it is completed")
    return str(row["file"])


def _record(db: sqlite3.Connection, context: RequestContext, action: str, verb: str, row: sqlite3.Row) -> None:
    event = f"{verb} export {row['id']} for project {context.project}"
    audit.record(db, context, action, event, Subject(object_type="export", object_name=row["id"]))


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "exported_by": row["user"],
        "creation_date": in_microseconds(row["created"]),
        "status": row["status"],
        "error_message": row["error"] or None,
        "size": row["size"],
        "description": row["description"],
    }

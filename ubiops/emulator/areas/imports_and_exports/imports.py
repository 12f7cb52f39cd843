"""Imports: create, confirm, list, get, download, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.imports_and_exports.exports import completed_file, find_export
from ubiops.emulator.areas.imports_and_exports.layout import KINDS
from ubiops.emulator.areas.imports_and_exports.service import TransferService
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.context import FileResponse
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

KIND = "Import"
SOURCES = ("file", "import_link", "export_id")
NO_LINKS = (
    "The emulator does not fetch import_link, as it would fetch any address for whoever asks: "
    "download the file and import it as file"
)


@handler("imports_create", slow=True)
def create(context: RequestContext) -> dict[str, Any]:
    """Starts an import from a file or an earlier export."""
    given = [name for name in SOURCES if name in context.body or (name == "file" and context.file is not None)]
    if len(given) != 1:
        raise bad_request(f"exactly one of these is needed: {', '.join(SOURCES)}; given: {', '.join(given) or 'none'}")
    if given == ["import_link"]:
        raise bad_request(NO_LINKS)
    files = context.backend.files
    file = _take_file(context)
    try:
        with context.transaction() as db:
            columns = {
                "id": new_id(),
                "project": context.project,
                "user": context.user,
                "created": context.now,
                "status": "pending",
                "skip_confirmation": context.body.get("skip_confirmation", "").lower() == "true",
                "file": file,
                "size": files.path(file).stat().st_size,
            }
            db.execute(
                f"INSERT INTO imports ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608  # nosec B608
                tuple(columns.values()),
            )
            row = get_row(db, KIND, "imports", {"id": columns["id"]})
            _record(db, context, "create", "Created", row)
    except BaseException:
        files.remove([file])
        raise
    context.backend.service(TransferService).scan(row["pk"])
    return _shown(row)


@handler("imports_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the imports of a project, newest first: a guess."""
    status = context.query.get("status")
    with context.reading() as db:
        rows = db.execute("SELECT * FROM imports WHERE project = ? ORDER BY pk DESC", (context.project,)).fetchall()
    return [_shown(row) for row in rows if status in (None, row["status"])]


@handler("imports_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns an import with the objects of its file, or those that were selected."""
    with context.reading() as db:
        return _detail(_find(db, context))


@handler("imports_update")
def update(context: RequestContext) -> dict[str, Any]:
    """Confirms an import: the selected objects are created."""
    with context.transaction() as db:
        row = _find(db, context)
        if row["status"] != "confirmation":
            raise bad_request(f"the import is {row['status']}; only one that waits for a confirmation can be confirmed")
        selection = {kind: context.body[kind] for kind in KINDS if context.body.get(kind)}
        if not selection:
            raise bad_request("there is nothing to import: name objects, as imports_get shows them")
        _check(db, context, selection)
        db.execute(
            "UPDATE imports SET status = 'confirmation_pending', selection = ? WHERE pk = ?",
            (json.dumps(selection), row["pk"]),
        )
        _record(db, context, "update", "Confirmed", row)
        row = _find(db, context)
    context.backend.service(TransferService).create(row["pk"])
    return _detail(row)


@handler("imports_download")
def download(context: RequestContext) -> FileResponse:
    """Returns the zip file."""
    with context.reading() as db:
        row = _find(db, context)
    return FileResponse(str(context.backend.files.path(row["file"])), f"import_{row['id']}.zip", KIND)


@handler("imports_delete")
def delete(context: RequestContext) -> None:
    """Deletes an import and its file. One that creates objects takes them back."""
    with context.transaction() as db:
        row = _find(db, context)
        db.execute("DELETE FROM imports WHERE pk = ?", (row["pk"],))
        _record(db, context, "delete", "Deleted", row)
    context.backend.files.remove([row["file"]])


def _take_file(context: RequestContext) -> str:
    if context.file is not None:
        return context.file.incoming.keep()
    with context.reading() as db:
        file = completed_file(find_export(db, context, context.body["export_id"]))
    try:
        return context.backend.files.copy(file)
    except FileNotFoundError as error:
        # The export was deleted meanwhile.
        raise not_found("Export") from error


def _check(db: sqlite3.Connection, context: RequestContext, selection: dict[str, Any]) -> None:
    """Rejects what can be corrected in another confirmation."""
    for kind, objects in selection.items():
        table = "variables" if kind == "environment_variables" else kind
        more = {"deployment": None, "version": None} if table == "variables" else {}
        for name, settings in objects.items():
            if find_row(db, table, {"project": context.project, "name": name, **more}):
                raise bad_request(f"{kind}.{name} already exists in the project: rename it or leave it out")
            for field in ("versions", "environment_variables"):
                value = {} if settings.get(field) is None else settings[field]
                if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
                    raise bad_request(f"{kind}.{name}.{field} must be an object of objects by name")
            for version, of_version in (settings.get("versions") or {}).items():
                variables = of_version.get("environment_variables")
                variables = {} if variables is None else variables
                if not isinstance(variables, dict) or not all(isinstance(one, dict) for one in variables.values()):
                    raise bad_request(
                        f"{kind}.{name}.versions.{version}.environment_variables must be an object of objects by name"
                    )
                if not isinstance(of_version.get("zip") or "", str):
                    raise bad_request(f"{kind}.{name}.versions.{version}.zip must be a path in the file")


def _find(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    return get_row(db, KIND, "imports", {"project": context.project, "id": context.path["import_id"].lower()})


def _record(db: sqlite3.Connection, context: RequestContext, action: str, verb: str, row: sqlite3.Row) -> None:
    event = f"{verb} import {row['id']} for project {context.project}"
    audit.record(db, context, action, event, Subject(object_type="import", object_name=row["id"]))


def _detail(row: sqlite3.Row) -> dict[str, Any]:
    found = {**{kind: {} for kind in KINDS}, **json.loads(row["selection"])}
    return {**_shown(row), **_without_secrets(found)}


def _without_secrets(objects: dict[str, Any]) -> dict[str, Any]:
    """Returns objects without the values of secret variables."""
    found = dict(objects)
    for kind, one in objects.items():
        if kind == "environment_variables" and isinstance(one, dict):
            found[kind] = {name: _hidden(variable) for name, variable in one.items()}
        elif isinstance(one, dict):
            found[kind] = _without_secrets(one)
    return found


def _hidden(variable: Any) -> Any:
    is_secret = isinstance(variable, dict) and variable.get("secret")
    return {**variable, "value": None} if is_secret else variable


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "imported_by": row["user"],
        "creation_date": in_microseconds(row["created"]),
        "status": row["status"],
        "error_message": row["error"] or None,
        "size": row["size"],
    }

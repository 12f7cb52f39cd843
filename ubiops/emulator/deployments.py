"""Deployments: create, list, get, update, delete."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from ubiops.emulator import audit
from ubiops.emulator.clock import in_microseconds
from ubiops.emulator.errors import DEPLOYMENT, UNAVAILABLE_DEFAULT, bad_request, name_taken
from ubiops.emulator.lookup import deployment_named, find_deployment, version_named
from ubiops.emulator.rules import check_description, check_name, has_label, read_label_filter
from ubiops.emulator.storage import new_id
from ubiops.emulator.version_states import states_of_versions

if TYPE_CHECKING:
    from ubiops.emulator.call import Call

_SIDES = ("input", "output")


def deployments_create(call: Call) -> dict[str, Any]:
    """A new deployment, without versions."""
    body = call.body
    settings = {
        "description": body.get("description", ""),
        "input_type": body["input_type"],
        "output_type": body["output_type"],
        "labels": body.get("labels", {}),
    }
    for side in _SIDES:
        fields = body.get(f"{side}_fields")
        if fields is None and settings[f"{side}_type"] == "structured":
            raise bad_request(f"{side}_fields is required, because {side}_type is structured")
        settings[f"{side}_fields"] = [_field(field) for field in fields or ()]
    _check(body["name"], settings)
    now = call.world.clock.now()
    with call.world.storage.transaction() as db:
        try:
            db.execute(
                "INSERT INTO deployments (id, project, name, settings, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), call.project, body["name"], json.dumps(settings), now, now),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(DEPLOYMENT, body["name"], f"project {call.project!r}") from error
        row = deployment_named(db, call.project, body["name"])
        audit.record(db, call, "create", f"Created deployment {row['name']}", row["number"])
    return _shown(row)


def deployments_list(call: Call) -> list[dict[str, Any]]:
    """The deployments of a project in the order of their creation, all or those with one of the labels."""
    wanted = read_label_filter(call.query.get("labels"))
    with call.world.storage.reading() as db:
        rows = db.execute("SELECT * FROM deployments WHERE project = ? ORDER BY number", (call.project,)).fetchall()
    shown = [_shown(row) for row in rows]
    for one in shown:
        for side in _SIDES:
            for field in one[f"{side}_fields"]:
                del field["widget"]
    return [one for one in shown if has_label(one["labels"], wanted)]


def deployments_get(call: Call) -> dict[str, Any]:
    """One deployment."""
    with call.world.storage.reading() as db:
        return _detail(db, find_deployment(db, call))


def deployments_update(call: Call) -> dict[str, Any]:
    """Changes what is given; lists of fields and labels are replaced whole."""
    body = call.body
    with call.world.storage.transaction() as db:
        row = find_deployment(db, call)
        settings = json.loads(row["settings"])
        settings.update({name: body[name] for name in ("description", "labels") if name in body})
        for side in _SIDES:
            if f"{side}_fields" in body:
                settings[f"{side}_fields"] = [_field(field) for field in body[f"{side}_fields"]]
        name = body.get("name", row["name"])
        _check(name, settings)
        default = row["default_version"]
        if "default_version" in body:
            default = _new_default(db, call, row, body["default_version"])
        changed = (name, json.dumps(settings), default)
        if changed == (row["name"], row["settings"], row["default_version"]):
            return _detail(db, row)
        try:
            db.execute(
                "UPDATE deployments SET name = ?, settings = ?, default_version = ?, updated = ? WHERE number = ?",
                (*changed, call.world.clock.now(), row["number"]),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(DEPLOYMENT, name, f"project {call.project!r}") from error
        event = f"Updated deployment {row['name']}"
        audit.record(db, call, "update", event if name == row["name"] else f"{event}, now {name}", row["number"])
        return _detail(db, deployment_named(db, call.project, name))


def deployments_delete(call: Call) -> None:
    """Deletes a deployment with all that belongs to it."""
    with call.world.storage.transaction() as db:
        row = find_deployment(db, call)
        files = db.execute(
            "SELECT file FROM revisions JOIN versions ON versions.number = revisions.version WHERE deployment = ?",
            (row["number"],),
        ).fetchall()
        audit.record(db, call, "delete", f"Deleted deployment {row['name']}", row["number"])
        db.execute("DELETE FROM deployments WHERE number = ?", (row["number"],))
    call.world.files.remove([file["file"] for file in files])


def _new_default(db: sqlite3.Connection, call: Call, deployment: sqlite3.Row, name: str) -> int:
    version = version_named(db, deployment, name)
    number: int = version["number"]
    if number != deployment["default_version"]:
        state = states_of_versions(db, call.world.clock.now(), deployment["number"], number)[number]
        if state.status != "available":
            raise bad_request(UNAVAILABLE_DEFAULT)
    return number


def _field(field: dict[str, Any]) -> dict[str, Any]:
    """A field as it is kept and shown."""
    widget = field.get("widget")
    kept = {"type": widget["type"], "configuration": widget.get("configuration", {})} if widget else {}
    return {"name": field["name"], "data_type": field["data_type"], "widget": kept}


def _check(name: str, settings: dict[str, Any]) -> None:
    """Holds a deployment, as it would be, to the rules that concern several of its settings."""
    check_name(name, "name")
    check_description(settings["description"])
    for side in _SIDES:
        fields = settings[f"{side}_fields"]
        if fields and settings[f"{side}_type"] == "plain":
            raise bad_request(f"{side}_fields has to be empty, because {side}_type is plain")
        names = [field["name"] for field in fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise bad_request(f"{side}_fields has more than one field with the name {twice[0]!r}")


def _detail(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    default = db.execute("SELECT name FROM versions WHERE number = ?", (row["default_version"],)).fetchone()
    return {**_shown(row), "default_version": default["name"] if default else None}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    settings = json.loads(row["settings"])
    return {
        "id": row["id"],
        "name": row["name"],
        "project": row["project"],
        "description": settings["description"],
        "input_type": settings["input_type"],
        "output_type": settings["output_type"],
        "input_fields": settings["input_fields"],
        "output_fields": settings["output_fields"],
        "labels": settings["labels"],
        "creation_date": in_microseconds(row["created"]),
        "last_updated": in_microseconds(row["updated"]),
    }

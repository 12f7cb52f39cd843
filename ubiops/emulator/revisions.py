"""Revisions: upload, list, get, download, rebuild."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator import audit, builds, environments
from ubiops.emulator.call import FileAnswer
from ubiops.emulator.clock import in_milliseconds
from ubiops.emulator.errors import REVISION, TEMPLATE, bad_request, not_found
from ubiops.emulator.lookup import deployment_named, find_deployment, find_revision, find_version, version_named
from ubiops.emulator.package import inspect
from ubiops.emulator.storage import new_id
from ubiops.emulator.template_deployments import find_template

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.call import Call
    from ubiops.emulator.environments import Environment
    from ubiops.emulator.package import Inspection

_SHOWN = (
    "SELECT revisions.*, versions.name AS version_name, building, validating, finished, error"
    " FROM revisions JOIN versions ON versions.number = revisions.version"
    " JOIN builds ON builds.number = (SELECT max(number) FROM builds WHERE builds.revision = revisions.number)"
)


def check_upload(call: Call) -> None:
    """What can be refused before the file has come."""
    with call.world.storage.reading() as db:
        find_version(db, call)


def revisions_file_upload(call: Call) -> dict[str, Any]:
    """A new revision, from a file, from another version or from a template; its build begins."""
    files = call.world.files
    with call.world.storage.reading() as db:
        environment = _environment(find_version(db, call))
    file, file_name = _take_file(call)
    try:
        inspection = inspect(files.path(file), environment)
        revision = new_id()
        with call.world.storage.transaction() as db:
            deployment = find_deployment(db, call)
            version = version_named(db, deployment, call.path["version"])
            inserted = db.execute(
                "INSERT INTO revisions (id, version, created, created_by, file, file_name, has_request, has_requests)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    revision,
                    version["number"],
                    call.world.clock.now(),
                    call.user,
                    file,
                    file_name,
                    inspection.has_request,
                    inspection.has_requests,
                ),
            )
            builds.begin(db, call, inserted.lastrowid or 0, builds.UPLOADED, inspection)
            event = f"Created revision {revision} for version {version['name']} of deployment {deployment['name']}"
            audit.record(db, call, "create", event, deployment["number"], version["number"])
    except BaseException:
        files.remove([file])
        raise
    return {"success": True, "revision": revision, "build": revision}


def revisions_list(call: Call) -> list[dict[str, Any]]:
    """The revisions of a version, newest first."""
    with call.world.storage.reading() as db:
        version = find_version(db, call)
        order = " WHERE revisions.version = ? ORDER BY revisions.number DESC"
        rows = db.execute(_SHOWN + order, (version["number"],)).fetchall()
    now = call.world.clock.now()
    return [_shown(row, now) for row in rows]


def revisions_get(call: Call) -> dict[str, Any]:
    """One revision."""
    with call.world.storage.reading() as db:
        return _get(db, call)


def revisions_file_download(call: Call) -> FileAnswer:
    """The very bytes that were uploaded."""
    with call.world.storage.reading() as db:
        row = find_revision(db, call)
    return FileAnswer(str(call.world.files.path(row["file"])), row["file_name"])


def revisions_rebuild(call: Call) -> dict[str, Any]:
    """Begins another build of a revision, in the environment that the version has now."""
    with call.world.storage.reading() as db:
        revision = find_revision(db, call)
        environment = _environment(find_version(db, call))
    inspection = _inspect_again(call, revision, environment)
    with call.world.storage.transaction() as db:
        deployment = find_deployment(db, call)
        version = version_named(db, deployment, call.path["version"])
        number = find_revision(db, call)["number"]
        db.execute(
            "UPDATE revisions SET has_request = ?, has_requests = ? WHERE number = ?",
            (inspection.has_request, inspection.has_requests, number),
        )
        builds.begin(db, call, number, builds.REBUILT, inspection)
        event = (
            f"Triggered rebuild of revision {revision['id']} for version {version['name']} of deployment "
            f"{deployment['name']}"
        )
        audit.record(db, call, "info", event, deployment["number"], version["number"])
        return _get(db, call)


def _inspect_again(call: Call, revision: sqlite3.Row, environment: Environment) -> Inspection:
    try:
        return inspect(call.world.files.path(revision["file"]), environment)
    except FileNotFoundError as error:
        # The revision was deleted meanwhile.
        raise not_found(REVISION) from error


def _take_file(call: Call) -> tuple[str, str]:
    """Where the code of an upload is kept, and its name."""
    body, files = call.body, call.world.files
    ways = [
        call.file is not None,
        "source_deployment" in body or "source_version" in body,
        "template_deployment_id" in body,
    ]
    if sum(ways) != 1:
        raise bad_request(
            "one of these is needed, and only one: file; source_deployment together with source_version; "
            f"template_deployment_id (the form has {'several' if any(ways) else 'none'} of them)"
        )
    if call.file is not None:
        return call.file.incoming.keep(), call.file.name
    if "template_deployment_id" in body:
        template = find_template(body["template_deployment_id"])
        if template is None:
            raise not_found(TEMPLATE)
        return files.add(template.pack()), f"{template.folder}.zip"
    missing = {"source_deployment", "source_version"} - set(body)
    if missing:
        raise bad_request(f"source_deployment and source_version go together; {missing.pop()} is missing")
    with call.world.storage.reading() as db:
        deployment = deployment_named(db, call.project, body["source_deployment"])
        version = version_named(db, deployment, body["source_version"])
        source = db.execute(
            "SELECT file, file_name FROM revisions WHERE version = ? ORDER BY number DESC LIMIT 1",
            (version["number"],),
        ).fetchone()
    if source is None:
        raise bad_request(
            f"version {version['name']!r} of deployment {deployment['name']!r} has no deployment file to copy"
        )
    try:
        return files.copy(source["file"]), source["file_name"]
    except FileNotFoundError as error:
        # The source was deleted meanwhile.
        raise not_found(REVISION) from error


def _environment(version: sqlite3.Row) -> Environment:
    name = json.loads(version["settings"])["environment"]
    return environments.find(name) or environments.DEFAULT_ENVIRONMENT


def _get(db: sqlite3.Connection, call: Call) -> dict[str, Any]:
    number = find_revision(db, call)["number"]
    row = db.execute(_SHOWN + " WHERE revisions.number = ?", (number,)).fetchone()
    return _shown(row, call.world.clock.now())


def _shown(row: sqlite3.Row, now: float) -> dict[str, Any]:
    return {
        "id": row["id"],
        "version": row["version_name"],
        "creation_date": in_milliseconds(row["created"]),
        "created_by": row["created_by"],
        "status": builds.status_of_revision(row, now),
        "error_message": builds.error_of(row, now),
        "has_request_method": bool(row["has_request"]),
        "has_requests_method": bool(row["has_requests"]),
    }

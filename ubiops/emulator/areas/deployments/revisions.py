"""Revisions: upload, list, get, download, rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments import builds, environments
from ubiops.emulator.areas.deployments.inherited import code_file, variables_of
from ubiops.emulator.areas.deployments.kinds import REVISION, TEMPLATE
from ubiops.emulator.areas.deployments.lookup import (
    deployment_named,
    find_deployment,
    find_revision,
    find_version,
    version_named,
)
from ubiops.emulator.areas.deployments.package import inspect
from ubiops.emulator.areas.deployments.templates import find_template
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_milliseconds
from ubiops.emulator.core.context import FileResponse
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.deployments.environments import Environment
    from ubiops.emulator.areas.deployments.package import Inspection
    from ubiops.emulator.core.context import RequestContext

_WITH_BUILD = (
    "SELECT revisions.*, versions.name AS version_name, building, validating, finished, error"
    " FROM revisions JOIN versions ON versions.pk = revisions.version"
    " JOIN builds ON builds.pk = (SELECT max(pk) FROM builds WHERE builds.revision = revisions.pk)"
)


def check_upload(context: RequestContext) -> None:
    """Rejects an upload to a version that doesn't exist, before the file is sent."""
    with context.reading() as db:
        find_version(db, context)


@handler("revisions_file_upload", check=check_upload, slow=True)
def upload(context: RequestContext) -> dict[str, Any]:
    """Creates a revision and starts its build.

    The code comes from a file, another version or a template.
    """
    files = context.backend.files
    with context.reading() as db:
        version = find_version(db, context)
        environment = environments.of_version(db, version, context.now).environment
        variables = variables_of(db, context.project, version).values
    file, file_name = _take_file(context)
    try:
        inspection = inspect(files.path(file), environment, code_file(variables))
        takes_long = _takes_long(context, file, variables)
        revision = new_id()
        with context.transaction() as db:
            deployment = find_deployment(db, context)
            version = version_named(db, deployment, context.path["version"])
            inserted = db.execute(
                "INSERT INTO revisions (id, version, created, created_by, file, file_name, has_request, has_requests)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    revision,
                    version["pk"],
                    context.now,
                    context.user,
                    file,
                    file_name,
                    inspection.has_request,
                    inspection.has_requests,
                ),
            )
            build = builds.start(db, context, inserted.lastrowid or 0, builds.UPLOADED, inspection, takes_long)
            event = f"Created revision {revision} for version {version['name']} of deployment {deployment['name']}"
            audit.record(db, context, "create", event, Subject(deployment["pk"], version["pk"]))
    except BaseException:
        files.remove([file])
        raise
    _launch(context, build, version["pk"])
    return {"success": True, "revision": revision, "build": revision}


@handler("revisions_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the revisions of a version, newest first."""
    with context.reading() as db:
        version = find_version(db, context)
        order = " WHERE revisions.version = ? ORDER BY revisions.pk DESC"
        rows = db.execute(_WITH_BUILD + order, (version["pk"],)).fetchall()
    return [_serialize(row, context.now) for row in rows]


@handler("revisions_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one revision."""
    with context.reading() as db:
        return _get(db, context)


@handler("revisions_file_download")
def download(context: RequestContext) -> FileResponse:
    """Returns exactly the bytes that were uploaded."""
    with context.reading() as db:
        row = find_revision(db, context)
    return FileResponse(str(context.backend.files.path(row["file"])), row["file_name"], REVISION)


@handler("revisions_rebuild", slow=True)
def rebuild(context: RequestContext) -> dict[str, Any]:
    """Starts another build of a revision, in the version's present environment."""
    with context.reading() as db:
        revision = find_revision(db, context)
        version = find_version(db, context)
        environment = environments.of_version(db, version, context.now).environment
        variables = variables_of(db, context.project, version).values
    inspection = _inspect_again(context, revision, environment, variables)
    takes_long = _takes_long(context, revision["file"], variables)
    with context.transaction() as db:
        deployment = find_deployment(db, context)
        version = version_named(db, deployment, context.path["version"])
        key = find_revision(db, context)["pk"]
        db.execute(
            "UPDATE revisions SET has_request = ?, has_requests = ? WHERE pk = ?",
            (inspection.has_request, inspection.has_requests, key),
        )
        build = builds.start(db, context, key, builds.REBUILT, inspection, takes_long)
        event = (
            f"Triggered rebuild of revision {revision['id']} for version {version['name']} of deployment "
            f"{deployment['name']}"
        )
        audit.record(db, context, "info", event, Subject(deployment["pk"], version["pk"]))
        response = _get(db, context)
    _launch(context, build, version["pk"])
    return response


def _takes_long(context: RequestContext, file: str, variables: dict[str, str]) -> bool:
    builder = context.backend.builder
    return builder is not None and builder.takes_long(context.backend.files.path(file), variables)


def _launch(context: RequestContext, build: int, version: int) -> None:
    builds.launch(context.backend, build)
    if context.backend.runner is not None:
        context.backend.runner.changed(version)


def _inspect_again(
    context: RequestContext, revision: sqlite3.Row, environment: Environment, variables: dict[str, str]
) -> Inspection:
    try:
        return inspect(context.backend.files.path(revision["file"]), environment, code_file(variables))
    except FileNotFoundError as error:
        # The revision was deleted meanwhile.
        raise not_found(REVISION) from error


def _take_file(context: RequestContext) -> tuple[str, str]:
    """Stores the code of an upload; returns the file and the name to show."""
    body, files = context.body, context.backend.files
    ways = [
        context.file is not None,
        "source_deployment" in body or "source_version" in body,
        "template_deployment_id" in body,
    ]
    if sum(ways) != 1:
        raise bad_request(
            "exactly one of these is needed: file; source_deployment together with source_version; "
            f"template_deployment_id (the form has {'several' if any(ways) else 'none'} of them)"
        )
    if context.file is not None:
        return context.file.incoming.keep(), context.file.name
    if "template_deployment_id" in body:
        template = find_template(body["template_deployment_id"])
        if template is None:
            raise not_found(TEMPLATE)
        return files.add(template.pack()), f"{template.folder}.zip"
    missing = {"source_deployment", "source_version"} - set(body)
    if missing:
        raise bad_request(f"source_deployment and source_version go together; {missing.pop()} is missing")
    with context.reading() as db:
        deployment = deployment_named(db, context.project, body["source_deployment"])
        version = version_named(db, deployment, body["source_version"])
        source = db.execute(
            "SELECT file, file_name FROM revisions WHERE version = ? ORDER BY pk DESC LIMIT 1", (version["pk"],)
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


def _get(db: sqlite3.Connection, context: RequestContext) -> dict[str, Any]:
    key = find_revision(db, context)["pk"]
    row = db.execute(_WITH_BUILD + " WHERE revisions.pk = ?", (key,)).fetchone()
    return _serialize(row, context.now)


def _serialize(row: sqlite3.Row, now: float) -> dict[str, Any]:
    return {
        "id": row["id"],
        "version": row["version_name"],
        "creation_date": in_milliseconds(row["created"]),
        "created_by": row["created_by"],
        "status": builds.status_of_revision(row, now),
        "error_message": builds.error_of(row, now),
        "has_request_method": bool(row["has_request"]),
        "has_requests_method": bool(row["has_requests"]),
        "empty": False,
    }

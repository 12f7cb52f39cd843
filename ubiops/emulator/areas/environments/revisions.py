"""Revisions of environments: upload, list, get, download, rebuild."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.environments import base, builds
from ubiops.emulator.areas.environments.kinds import REVISION
from ubiops.emulator.areas.environments.lookup import base_of, custom_named, find_custom, find_revision
from ubiops.emulator.areas.environments.packages import read_contents
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


def check_upload(context: RequestContext) -> None:
    """Rejects an upload to an environment that can't have one, before it is sent."""
    with context.reading() as db:
        find_custom(db, context)


@handler("environment_revisions_file_upload", check=check_upload, slow=True)
def upload(context: RequestContext) -> dict[str, Any]:
    """Creates a revision of the environment's default tag and starts its build."""
    source = context.body.get("source_environment")
    if (context.file is None) == (source is None):
        raise bad_request("exactly one of these is needed: file; source_environment")
    with context.reading() as db:
        below = base_of(find_custom(db, context), _default_tag(db, context))
    copied = None if source is None else latest_file(context, source, None)
    file, name = take_file(context, copied)
    try:
        contents = read_contents(context.backend.files.path(file), below)
        with context.transaction() as db:
            environment = find_custom(db, context)
            tag = _default_tag(db, context) or _create_tag(db, context, environment)
            revision, key = add_revision(db, context, tag, file, name)
            build = builds.start(db, context, key, builds.UPLOADED, contents)
    except BaseException:
        context.backend.files.remove([file])
        raise
    builds.announce(context, tag["name"], build, contents)
    return {"success": True, "revision": revision, "build": build}


@handler("environment_revisions_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the revisions of an environment, newest first."""
    if base.find(context.path["environment_name"]):
        return []
    with context.reading() as db:
        environment = find_custom(db, context)
        rows = db.execute(
            "SELECT * FROM environment_revisions WHERE tag IN (SELECT pk FROM environment_tags WHERE environment = ?)"
            " ORDER BY pk DESC",
            (environment["pk"],),
        ).fetchall()
    return [_serialize(row, environment["name"]) for row in rows]


@handler("environment_revisions_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns one revision."""
    with context.reading() as db:
        return _serialize(find_revision(db, context), find_custom(db, context)["name"])


@handler("environment_revisions_file_download")
def download(context: RequestContext) -> FileResponse:
    """Returns exactly the bytes that were uploaded."""
    with context.reading() as db:
        row = find_revision(db, context)
    return FileResponse(str(context.backend.files.path(row["file"])), row["file_name"], REVISION)


@handler("environment_revisions_rebuild", slow=True)
def rebuild(context: RequestContext) -> dict[str, Any]:
    """Starts another build of a revision."""
    with context.reading() as db:
        revision = find_revision(db, context)
    build = rebuild_revision(context, revision, revision["tag_name"])
    with context.reading() as db:
        row = get_row(db, REVISION, "environment_builds", {"id": build})
    return builds.serialize(row, revision["id"], context.now)


def rebuild_revision(context: RequestContext, revision: sqlite3.Row, tag: str) -> str:
    """Starts another build of a revision and returns its id."""
    with context.reading() as db:
        environment = find_custom(db, context)
        below = base_of(environment, get_row(db, REVISION, "environment_tags", {"pk": revision["tag"]}))
    try:
        contents = read_contents(context.backend.files.path(revision["file"]), below)
    except FileNotFoundError as error:
        # The revision was deleted meanwhile.
        raise not_found(REVISION) from error
    with context.transaction() as db:
        key = get_row(db, REVISION, "environment_revisions", {"pk": revision["pk"]})["pk"]
        build = builds.start(db, context, key, builds.REBUILT, contents)
        event = f"Triggered rebuild of revision {revision['id']} for environment {environment['name']}"
        subject = Subject(object_type="environment", object_name=environment["name"])
        audit.record(db, context, "info", event, subject)
    builds.announce(context, tag, build, contents)
    return build


def add_revision(
    db: sqlite3.Connection, context: RequestContext, tag: sqlite3.Row, file: str, name: str
) -> tuple[str, int]:
    """Adds a revision to a tag; returns its id and its key."""
    identifier, environment = new_id(), context.path["environment_name"]
    size = context.backend.files.path(file).stat().st_size
    inserted = db.execute(
        "INSERT INTO environment_revisions (id, tag, created, created_by, file, file_name, size)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (identifier, tag["pk"], context.now, context.user, file, name, size),
    )
    event = f"Created revision {identifier} for environment {environment}"
    audit.record(db, context, "create", event, Subject(object_type="environment", object_name=environment))
    return identifier, inserted.lastrowid or 0


def latest_file(context: RequestContext, environment: str, tag: str | None) -> sqlite3.Row:
    """Returns the latest revision of another environment or tag, to be copied."""
    with context.reading() as db:
        source = custom_named(db, context.project, environment)
        row: sqlite3.Row | None = db.execute(
            "SELECT environment_revisions.* FROM environment_revisions"
            " JOIN environment_tags ON environment_tags.pk = environment_revisions.tag"
            " WHERE environment_tags.environment = :environment AND (:tag IS NULL OR environment_tags.name = :tag)"
            " ORDER BY environment_revisions.pk DESC LIMIT 1",
            {"environment": source["pk"], "tag": tag},
        ).fetchone()
    if row is None:
        shown = f"environment {environment!r}" if tag is None else f"tag {tag!r} of environment {environment!r}"
        raise bad_request(f"{shown} has no file to copy")
    return row


def take_file(context: RequestContext, source: sqlite3.Row | None) -> tuple[str, str]:
    """Stores the file of an upload, or a copy; returns it and the name to show."""
    files = context.backend.files
    if source is not None:
        try:
            return files.copy(source["file"]), source["file_name"]
        except FileNotFoundError as error:
            # The source was deleted meanwhile.
            raise not_found(REVISION) from error
    sent = context.file
    if sent is None:
        raise bad_request("file is required")
    file = sent.incoming.keep()
    with files.path(file).open("rb") as opened:
        archive = opened.read(2) == b"PK"
    # The ending was added when the form was read.
    return file, sent.name if archive else sent.name.removesuffix(".zip") or sent.name


def _serialize(row: sqlite3.Row, environment: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "environment": environment,
        "creation_date": in_microseconds(row["created"]),
        "created_by": row["created_by"],
        "expired": False,
    }


def _default_tag(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row | None:
    columns = {"environment": find_custom(db, context)["pk"], "name": base.DEFAULT_TAG}
    return find_row(db, "environment_tags", columns)


def _create_tag(db: sqlite3.Connection, context: RequestContext, environment: sqlite3.Row) -> sqlite3.Row:
    """Creates the tag that the revisions of ``/v2.1`` belong to."""
    settings = {
        # A docker image of /v2.1 may support requests or not.
        "supports_request_format": True if base_of(environment) else None,
        "base_environment_name": "",
        "base_environment_tag": "",
    }
    columns = {"environment": environment["pk"], "name": base.DEFAULT_TAG}
    db.execute(
        "INSERT INTO environment_tags (id, environment, name, settings, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        (new_id(), *columns.values(), json.dumps(settings), context.now, context.now),
    )
    return get_row(db, REVISION, "environment_tags", columns)

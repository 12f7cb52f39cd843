"""Tags of environments: create, list, get, update, delete, build."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.environments import base, builds
from ubiops.emulator.areas.environments.kinds import TAG
from ubiops.emulator.areas.environments.lookup import base_of, check_unused, custom_named, find_custom, find_tag
from ubiops.emulator.areas.environments.packages import read_contents
from ubiops.emulator.areas.environments.revisions import add_revision, latest_file, rebuild_revision, take_file
from ubiops.emulator.areas.environments.states import FINAL, builds_of, error_of_build, state_of
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.context import FileResponse
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.areas.environments.states import State
    from ubiops.emulator.core.context import RequestContext


class Tags(Resource):
    """The tags of an environment."""

    kind = TAG
    noun = "tag"
    table = "environment_tags"
    created_from = "EnvironmentTagCreate"
    shown_as = "EnvironmentTagList"
    path_parameter = "tag_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the environment that the path names."""
        environment = find_custom(db, context)
        return Owner({"environment": environment["pk"]}, f"environment {environment['name']}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the tag."""
        return Subject(object_type="environment_tag", object_name="" if action == "delete" else row["name"])

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The settings of an unbuilt tag. That it supports requests is a guess."""
        return {"supports_request_format": True, "base_environment_name": "", "base_environment_tag": ""}

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Leaves out the status, which follows from the builds."""
        return {**present, **{name: body[name] for name in ("supports_request_format",) if name in body}}

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the state of the builds."""
        found = []
        for row in rows:
            environment = get_row(db, TAG, "environments", {"pk": row["environment"]})
            state, fields, below = self.state(db, context, row), self.fields(row), base_of(environment, row)
            error = error_of_build(state.latest, context.now) if state.latest else None
            fields.update(
                environment=environment["name"],
                status=state.status_of_tag(context.now),
                supports_request_format=fields["supports_request_format"] is not False,
                implicit=False,
                deprecated=False,
                size=state.active["size"] if state.active else None,
                error_message=error or None,
                base_environment_name=below.name if below else "",
                base_environment_tag=base.DEFAULT_TAG if below else "",
                built=state.active is not None,
            )
            found.append(fields)
        return found

    def state(self, db: sqlite3.Connection, context: RequestContext, row: sqlite3.Row) -> State:
        """Returns the state of a tag."""
        found = [build for build in builds_of(db, row["environment"]) if build["tag"] == row["pk"]]
        return state_of(found, context.now)

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the files of all revisions."""
        rows = db.execute("SELECT file FROM environment_revisions WHERE tag = ?", (row["pk"],))
        return [found["file"] for found in rows]

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a tag. Without a name it gets the next number: a guess."""
        if "name" not in context.body:
            with context.reading() as db:
                taken = {row["name"] for row in self.rows(db, self.owner(db, context))}
            name = next(name for number in itertools.count(1) if (name := f"v{number}") not in taken)
            context = replace(context, body={**context.body, "name": name})
        return super().create(context)

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the tags; an environment of the platform has one."""
        environment = base.find(context.path["environment_name"])
        found = [base.serialize_tag(environment)] if environment else super().list_all(context)
        wanted = context.query.get("supports_request_format")
        return [one for one in found if wanted in (None, one["supports_request_format"])]

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns one tag."""
        environment = base.find(context.path["environment_name"])
        if environment is None:
            return super().get(context)
        if context.path["tag_name"] != base.DEFAULT_TAG:
            raise not_found(TAG)
        return base.serialize_tag(environment)

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes a tag, or cancels its build."""
        status = context.body.get("status")
        if status not in (None, "cancelled"):
            raise bad_request(f"status can only be changed to 'cancelled', not to {status!r}")
        if status is not None:
            with context.transaction() as db:
                tag = find_tag(db, context)
                builds.cancel(db, context, self.state(db, context, tag).latest)
                event = f"Cancelled the build of tag {tag['name']} for {self.owner(db, context).title}"
                audit.record(db, context, "update", event, self.subject("update", tag))
        return super().update(context)

    def delete(self, context: RequestContext) -> None:
        """Deletes a tag that no version runs on."""
        with context.backend.storage.reading() as db:
            # Nothing can come in between: one thread at a time holds the state.
            row, environment = find_tag(db, context), find_custom(db, context)
            check_unused(db, context.project, environment["name"], row["name"], context.now)
            super().delete(context)


TAGS = Tags()
handler("environment_tags_create")(TAGS.create)
handler("environment_tags_list")(TAGS.list_all)
handler("environment_tags_get")(TAGS.get)
handler("environment_tags_update")(TAGS.update)
handler("environment_tags_delete", slow=True)(TAGS.delete)


def check_build(context: RequestContext) -> None:
    """Rejects a build that can't be made, before the file is sent."""
    with context.reading() as db:
        _check_not_built(db, context)


@handler("environment_tags_build", check=check_build, slow=True)
def build(context: RequestContext) -> dict[str, Any]:
    """Uploads what a tag is built from and starts its build."""
    source, source_tag = context.body.get("source_environment"), context.body.get("source_tag")
    if (source is None) != (source_tag is None):
        raise bad_request("source_environment and source_tag go together")
    if (context.file is None) == (source is None):
        raise bad_request("exactly one of these is needed: file; source_environment together with source_tag")
    settings = _base_settings(context)
    copied = None
    if source is not None and source_tag is not None:
        copied = latest_file(context, source, source_tag)
        settings = settings or _settings_of(context, source, source_tag)
    file, name = take_file(context, copied)
    try:
        with context.reading() as db:
            tag, environment = find_tag(db, context), find_custom(db, context)
        below = base.find(settings["base_environment_name"]) if settings else base_of(environment, tag)
        contents = read_contents(context.backend.files.path(file), below)
        with context.transaction() as db:
            tag = _check_not_built(db, context)
            changed = json.dumps({**json.loads(tag["settings"]), **settings})
            db.execute("UPDATE environment_tags SET settings = ? WHERE pk = ?", (changed, tag["pk"]))
            _, key = add_revision(db, context, tag, file, name)
            identifier = builds.start(db, context, key, builds.UPLOADED, contents)
    except BaseException:
        context.backend.files.remove([file])
        raise
    builds.announce(context, tag["name"], identifier, contents)
    return {"success": True}


@handler("environment_tags_rebuild", slow=True)
def rebuild(context: RequestContext) -> dict[str, Any]:
    """Builds a tag again from the same file."""
    with context.reading() as db:
        tag = _check_not_built(db, context)
        latest = TAGS.state(db, context, tag).latest
        if latest is None:
            raise bad_request(f"tag {tag['name']!r} has no file to build again")
        revision = get_row(db, TAG, "environment_revisions", {"pk": latest["revision"]})
    rebuild_revision(context, revision, tag["name"])
    return {"success": True}


@handler("environment_tags_download")
def download(context: RequestContext) -> FileResponse:
    """Returns the file of the build in use, exactly as it was uploaded."""
    with context.reading() as db:
        tag = find_tag(db, context)
        active = TAGS.state(db, context, tag).active
        if active is None:
            raise bad_request(f"tag {tag['name']!r} was not built, so it has no file to download")
        row = get_row(db, TAG, "environment_revisions", {"pk": active["revision"]})
    path = str(context.backend.files.path(row["file"]))
    return FileResponse(path, row["file_name"], TAG, "application/octet-stream")


@handler("environment_tag_dependencies_list")
def list_dependencies(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the files from which the packages of a tag are installed."""
    if base.find(context.path["environment_name"]):
        return []
    with context.reading() as db:
        state = TAGS.state(db, context, find_tag(db, context))
        return builds.dependencies(db, state.active or state.latest)


def _check_not_built(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the tag, which must have no successful build and none that runs."""
    tag = find_tag(db, context)
    state = TAGS.state(db, context, tag)
    if state.active is not None:
        raise bad_request(f"tag {tag['name']!r} was built successfully, so it can't be built again: create another tag")
    if state.latest is not None and state.status_of_tag(context.now) not in FINAL:
        raise bad_request(f"tag {tag['name']!r} is being built: wait for the end, or cancel the build")
    return tag


def _base_settings(context: RequestContext) -> dict[str, Any]:
    """Returns the base that the query names as settings of a tag."""
    names = ("base_environment_name", "base_environment_tag")
    given = {name: context.query[name] for name in names if context.query.get(name)}
    if not given:
        return {}
    if len(given) < len(names):
        raise bad_request("base_environment_name and base_environment_tag go together")
    name, tag = (given[key] for key in names)
    if base.find(name) is None:
        raise bad_request(f"there is no base environment {name!r}; an example is 'ubiops-ubuntu24-04-python3-13'")
    if tag != base.DEFAULT_TAG:
        raise bad_request(f"base environment {name!r} has no tag {tag!r}; it has {base.DEFAULT_TAG!r}")
    return given


def _settings_of(context: RequestContext, environment: str, tag: str) -> dict[str, Any]:
    """Returns the base of another tag as settings of a tag."""
    with context.reading() as db:
        source = custom_named(db, context.project, environment)
        row = find_row(db, "environment_tags", {"environment": source["pk"], "name": tag})
        below = base_of(source, row)
    return {"base_environment_name": below.name, "base_environment_tag": base.DEFAULT_TAG} if below else {}

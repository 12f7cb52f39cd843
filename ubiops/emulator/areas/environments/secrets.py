"""Variables that are set while a tag is built, such as passwords of package indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.environments import base
from ubiops.emulator.areas.environments.kinds import SECRET
from ubiops.emulator.areas.environments.lookup import custom_named, find_tag, tag_named
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


class Secrets(Resource):
    """The variables of a tag. Like those of deployments they need not be secret."""

    kind = SECRET
    noun = "secret"
    table = "environment_secrets"
    created_from = "EnvironmentVariableCreate"
    shown_as = "EnvironmentVariableList"
    path_parameter = "id"
    identified_by = "id"
    dated = False
    skips_unchanged = False

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the tag that the path names."""
        tag = find_tag(db, context)
        return Owner({"tag": tag["pk"]}, f"tag {tag['name']} of environment {context.path['environment_name']}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the secret."""
        return Subject(object_type="environment_tag_secret", object_name="" if action == "delete" else row["name"])

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks nothing: all rules are in the description of the request."""

    def find(self, db: sqlite3.Connection, context: RequestContext, owner: Owner | None = None) -> sqlite3.Row:
        """Returns the variable with the id of the path, or else with that name."""
        columns = (owner or self.owner(db, context)).columns
        value = context.path[self.path_parameter]
        found = find_row(db, self.table, {**columns, "id": value.lower()})
        return found or get_row(db, self.kind, self.table, {**columns, "name": value})

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores value and secrecy in columns of their own. A secret stays one."""
        if row is not None and row["secret"] and not settings["secret"]:
            raise bad_request(f"secret can't be changed to false: {row['name']} stays a secret")
        return settings

    def from_row(self, row: sqlite3.Row) -> dict[str, Any]:
        """Returns value and secrecy."""
        return {"value": row["value"], "secret": bool(row["secret"])}

    def fields(self, row: sqlite3.Row) -> dict[str, Any]:
        """Hides the value of a secret."""
        fields = super().fields(row)
        return {**fields, "value": None} if row["secret"] else fields

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the variables by name; tags of the platform have none."""
        if base.find(context.path["environment_name"]):
            return []
        with context.reading() as db:
            rows = self.rows(db, self.owner(db, context))
        return [self.fields(row) for row in sorted(rows, key=lambda row: str(row["name"]))]


SECRETS = Secrets()
handler("environment_tag_secrets_create")(SECRETS.create)
handler("environment_tag_secrets_list")(SECRETS.list_all)
handler("environment_tag_secrets_get")(SECRETS.get)
handler("environment_tag_secrets_update")(SECRETS.update)
handler("environment_tag_secrets_delete")(SECRETS.delete)


@handler("environment_tag_secrets_copy")
def copy(context: RequestContext) -> list[dict[str, Any]]:
    """Copies the variables of another tag over those of the same name.

    Returns all variables of the tag.
    """
    body = context.body
    with context.transaction() as db:
        owner = SECRETS.owner(db, context)
        source = tag_named(db, custom_named(db, context.project, body["source_environment"]), body["source_tag"])
        rows = db.execute("SELECT * FROM environment_secrets WHERE tag = ?", (source["pk"],)).fetchall()
        for row in rows:
            _put(db, owner.columns["tag"], row)
        if rows:
            names = ", ".join(sorted(row["name"] for row in rows))
            tag, origin = context.path["tag_name"], body["source_environment"]
            event = f"Copied secrets {names} from tag {source['name']} of environment {origin} for {owner.title}"
            audit.record(db, context, "update", event, Subject(object_type="environment_tag", object_name=tag))
    return [{**one, "inheritance_type": None, "inheritance_name": None} for one in SECRETS.list_all(context)]


def _put(db: sqlite3.Connection, tag: int, row: sqlite3.Row) -> None:
    """Creates a variable, or replaces the one of this name. A secret stays one."""
    found = find_row(db, "environment_secrets", {"tag": tag, "name": row["name"]})
    if found is None:
        db.execute(
            "INSERT INTO environment_secrets (id, tag, name, value, secret) VALUES (?, ?, ?, ?, ?)",
            (new_id(), tag, row["name"], row["value"], row["secret"]),
        )
    else:
        db.execute(
            "UPDATE environment_secrets SET value = ?, secret = ? WHERE pk = ?",
            (row["value"], row["secret"] or found["secret"], found["pk"]),
        )

"""Environment variables of deployments and versions: own and inherited ones, shadowing, secrets, copies."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator import audit
from ubiops.emulator.errors import VARIABLE, bad_request, name_taken, not_found
from ubiops.emulator.lookup import deployment_named, find_deployment, version_named
from ubiops.emulator.rules import is_variable_name
from ubiops.emulator.storage import new_id

if TYPE_CHECKING:
    from ubiops.emulator.call import Call
    from ubiops.emulator.storage import Storage


class Owner(NamedTuple):
    """What variables belong to: a deployment, or one of its versions."""

    project: str
    deployment: sqlite3.Row
    version: sqlite3.Row | None

    @property
    def keys(self) -> tuple[str, int, int | None]:
        """What the rows of its own variables have in common."""
        return self.project, self.deployment["number"], self.version["number"] if self.version else None

    @property
    def words(self) -> str:
        """How audit events and errors name it."""
        deployment = f"deployment {self.deployment['name']}"
        return f"version {self.version['name']} of {deployment}" if self.version else deployment

    def record(self, db: sqlite3.Connection, call: Call, action: str, event: str) -> None:
        """Writes an event to the audit log."""
        audit.record(db, call, action, event, self.keys[1], self.keys[2])


_NAME_RULE = "can't name a variable: it takes up to 64 letters and underscores, with a letter at both ends"
_OWN = "project = ? AND deployment IS ? AND version IS ?"


def create(call: Call) -> dict[str, Any]:
    """A new variable of its owner."""
    name, value, secret = _new_state(call)
    with call.world.storage.transaction() as db:
        owner = _owner(db, call)
        try:
            identifier = _insert(db, owner.keys, name, value, secret)
        except sqlite3.IntegrityError as error:
            raise name_taken(VARIABLE, name, owner.words) from error
        owner.record(db, call, "create", f"Created environment variable {name} for {owner.words}")
    return _shown(identifier, name, value, secret)


def list_all(call: Call) -> list[dict[str, Any]]:
    """The own variables and the inherited ones, by name. Of several with one name only the nearest is listed."""
    with call.world.storage.reading() as db:
        owner = _owner(db, call)
        project, deployment, version = owner.keys
        rows = db.execute(
            "SELECT * FROM variables WHERE project = ? AND (deployment IS NULL OR deployment = ?)"
            " AND (version IS NULL OR version = ?) ORDER BY deployment IS NOT NULL, version IS NOT NULL",
            (project, deployment, version),
        ).fetchall()
    # Farther ones come first, so nearer ones take their places.
    nearest = {row["name"]: row for row in rows}
    return [_inherited(nearest[name], owner) for name in sorted(nearest)]


def get(call: Call) -> dict[str, Any]:
    """One of the own variables."""
    with call.world.storage.reading() as db:
        row = _find(db, call, _owner(db, call))
    return _shown(row["id"], row["name"], row["value"], bool(row["secret"]))


def update(call: Call) -> dict[str, Any]:
    """Replaces name, value and secrecy of one of the own variables."""
    name, value, secret = _new_state(call)
    with call.world.storage.transaction() as db:
        owner = _owner(db, call)
        row = _find(db, call, owner)
        if row["secret"] and not secret:
            raise bad_request(f"secret can't be set to false again: environment variable {row['name']} stays a secret")
        try:
            db.execute(
                "UPDATE variables SET name = ?, value = ?, secret = ? WHERE number = ?",
                (name, value, secret, row["number"]),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(VARIABLE, name, owner.words) from error
        event = f"Updated environment variable {row['name']} for {owner.words}"
        owner.record(db, call, "update", event if name == row["name"] else f"{event}, now {name}")
    return _shown(row["id"], name, value, secret)


def delete(call: Call) -> None:
    """Deletes one of the own variables."""
    with call.world.storage.transaction() as db:
        owner = _owner(db, call)
        row = _find(db, call, owner)
        db.execute("DELETE FROM variables WHERE number = ?", (row["number"],))
        owner.record(db, call, "delete", f"Deleted environment variable {row['name']} for {owner.words}")


def copy(call: Call) -> list[dict[str, Any]]:
    """Copies the own variables of another owner, over those of the same name; answers the copies only."""
    copies = []
    with call.world.storage.transaction() as db:
        owner = _owner(db, call)
        deployment = deployment_named(db, call.project, call.body["source_deployment"])
        name = call.body.get("source_version")
        source = Owner(call.project, deployment, None if name is None else version_named(db, deployment, name))
        rows = db.execute(f"SELECT * FROM variables WHERE {_OWN} ORDER BY name", source.keys).fetchall()  # noqa: S608  # nosec B608
        for row in rows:
            copied = _put(db, owner.keys, row["name"], row["value"], bool(row["secret"]))
            copies.append({**copied, **_NOT_INHERITED})
        if rows:
            names = ", ".join(row["name"] for row in rows)
            event = f"Copied environment variables {names} from {source.words} for {owner.words}"
            owner.record(db, call, "update", event)
    return copies


def set_project_variable(storage: Storage, project: str, name: str, value: str, secret: bool = False) -> None:
    """Creates or replaces a variable of a project; the API has no operation for it.

    Raises:
        ValueError: The name can't be that of a variable, or the value is no string.
    """
    if not is_variable_name(name):
        raise ValueError(f"name {name!r} {_NAME_RULE}")
    if not isinstance(value, str):
        raise ValueError(f"the value of environment variable {name} has to be a string, not {type(value).__name__}")
    with storage.transaction() as db:
        _put(db, (project, None, None), name, value, secret)


_NOT_INHERITED = {"inheritance_type": None, "inheritance_name": None}


def _owner(db: sqlite3.Connection, call: Call) -> Owner:
    """What the path names: a version if there is one in it, and a deployment otherwise."""
    deployment = find_deployment(db, call)
    version = version_named(db, deployment, call.path["version"]) if "version" in call.path else None
    return Owner(call.project, deployment, version)


def _find(db: sqlite3.Connection, call: Call, owner: Owner) -> sqlite3.Row:
    found: sqlite3.Row | None = db.execute(
        f"SELECT * FROM variables WHERE id = ? AND {_OWN}",  # noqa: S608  # nosec B608
        (call.path["id"].lower(), *owner.keys),
    ).fetchone()
    if found is None:
        raise not_found(VARIABLE)
    return found


def _new_state(call: Call) -> tuple[str, str, bool]:
    name = call.body["name"]
    if not is_variable_name(name):
        raise bad_request(f"name {name!r} {_NAME_RULE}")
    return name, call.body["value"], call.body["secret"]


def _insert(
    db: sqlite3.Connection, keys: tuple[str, int | None, int | None], name: str, value: str, secret: bool
) -> str:
    identifier = new_id()
    db.execute(
        "INSERT INTO variables (id, project, deployment, version, name, value, secret) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (identifier, *keys, name, value, secret),
    )
    return identifier


def _put(
    db: sqlite3.Connection, keys: tuple[str, int | None, int | None], name: str, value: str, secret: bool
) -> dict[str, Any]:
    """Creates a variable, or replaces the one of this name. What was a secret stays one."""
    found = db.execute(f"SELECT * FROM variables WHERE {_OWN} AND name = ?", (*keys, name)).fetchone()  # noqa: S608  # nosec B608
    if found is None:
        return _shown(_insert(db, keys, name, value, secret), name, value, secret)
    secret = secret or bool(found["secret"])
    db.execute("UPDATE variables SET value = ?, secret = ? WHERE number = ?", (value, secret, found["number"]))
    return _shown(found["id"], name, value, secret)


def _shown(identifier: str, name: str, value: str, secret: bool) -> dict[str, Any]:
    return {"id": identifier, "name": name, "value": None if secret else value, "secret": secret}


def _inherited(row: sqlite3.Row, owner: Owner) -> dict[str, Any]:
    shown = _shown(row["id"], row["name"], row["value"], bool(row["secret"]))
    if row["deployment"] is None:
        return {**shown, "inheritance_type": "project", "inheritance_name": owner.project}
    if row["version"] is None and owner.version is not None:
        return {**shown, "inheritance_type": "deployment", "inheritance_name": owner.deployment["name"]}
    return {**shown, **_NOT_INHERITED}

"""Objects that the API creates, lists, gets, updates and deletes."""

from __future__ import annotations

import functools
import json
import sqlite3
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ubiops.emulator.core import audit, deletion
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.description import defaults, properties
from ubiops.emulator.core.errors import name_taken
from ubiops.emulator.core.lookup import condition, get_row
from ubiops.emulator.core.storage import new_id
from ubiops.emulator.core.validation import check_texts
from ubiops.emulator.core.validators import check_name, has_label, read_label_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.emulator.core.audit import Subject
    from ubiops.emulator.core.context import RequestContext


class Owner(NamedTuple):
    """What an object belongs to, such as a project or a deployment.

    Attributes:
        columns: The columns that the rows of all its objects have in common.
        title: Its name in errors and audit events, such as "deployment rain".
    """

    columns: dict[str, Any]
    title: str


class Resource(ABC):
    """One kind of object.

    A subclass says where the objects are stored and what is special about them.

    `create`, `list_all`, `get`, `update` and `delete` are handlers, to be registered
    for the operations of the API. Which fields an object has and what their defaults
    are comes from the model that creates it; which of them a response shows, and in
    which order, from the response's model.

    The table has the columns pk, id, name and those of `Owner.columns`; created and
    updated if `dated`; and settings, a JSON object, unless `to_columns` and
    `from_row` are overridden.

    Attributes:
        kind: The kind of object in errors, such as "Deployment version".
        noun: The kind of object in audit events, such as "version".
        table: The table of the objects.
        created_from: The model that creates an object.
        shown_as: The model of the details. Its limits hold for every object.
        path_parameter: The path parameter that identifies an object.
        identified_by: The column that this path parameter holds: name or id.
        name_field: The field that holds the name of an object.
        dated: Whether objects show when they were created and updated.
        skips_unchanged: Whether an update that changes nothing leaves no trace.
    """

    kind: ClassVar[str]
    noun: ClassVar[str]
    table: ClassVar[str]
    created_from: ClassVar[str]
    shown_as: ClassVar[str]
    path_parameter: ClassVar[str]
    identified_by: ClassVar[str] = "name"
    name_field: ClassVar[str] = "name"
    dated: ClassVar[bool] = True
    skips_unchanged: ClassVar[bool] = True

    # To be defined by subclasses

    @abstractmethod
    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns what the objects of a request belong to."""

    @abstractmethod
    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns what an audit event about an object is about."""

    # May be overridden by subclasses

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The settings of an object that is created without any."""
        return defaults(self.created_from)

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Returns the present settings with the changes of a request."""
        fields = (name for name in properties(self.created_from) if name != self.name_field)
        return {**present, **{name: body[name] for name in fields if name in body}}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Rejects a name or settings, as they would be after a request."""
        check_texts(self.shown_as, {self.name_field: name, **settings})
        check_name(name, self.name_field)

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Returns the columns to store, beside the name.

        The row is None for a new object.
        """
        return {"settings": json.dumps(settings)}

    def from_row(self, row: sqlite3.Row) -> dict[str, Any]:
        """Returns the settings of an object."""
        settings: dict[str, Any] = json.loads(row["settings"])
        return settings

    def created(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:  # noqa: B027 - optional
        """Completes the creation of an object."""

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the names of the files to remove when an object is deleted."""
        return []

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns the text of an audit event."""
        return f"{verb} {self.noun} {name} for {owner.title}"

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Returns all fields of objects that have the same owner."""
        return [self.fields(row) for row in rows]

    # Handlers

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates an object."""
        name, settings = context.body[self.name_field], self.read(context.body, self.defaults)
        self.check(name, settings)
        with context.transaction() as db:
            owner = self.owner(db, context)
            columns = {"id": new_id(), **owner.columns, "name": name, **self.to_columns(db, context, settings, None)}
            if self.dated:
                columns.update(created=context.now, updated=context.now)
            row = self._insert(db, owner, columns)
            self.created(db, row)
            audit.record(db, context, "create", self.event("Created", name, owner), self.subject("create", row))
            return self.serialize(db, context, [row])[0]

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the objects of an owner in the order of their creation.

        The query parameter `labels` filters them, if there is one.
        """
        wanted = read_label_filter(context.query.get("labels"))
        with context.reading() as db:
            found = self.serialize(db, context, self.rows(db, self.owner(db, context)))
        return [one for one in found if wanted is None or has_label(one["labels"], wanted)]

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns one object."""
        with context.reading() as db:
            return self.serialize(db, context, [self.find(db, context)])[0]

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes the fields that are given and keeps the others."""
        with context.transaction() as db:
            owner = self.owner(db, context)
            row = self.find(db, context, owner)
            name, settings = context.body.get(self.name_field, row["name"]), self.read(context.body, self.from_row(row))
            self.check(name, settings)
            columns = {"name": name, **self.to_columns(db, context, settings, row)}
            if self.skips_unchanged and all(row[column] == value for column, value in columns.items()):
                return self.serialize(db, context, [row])[0]
            if self.dated:
                columns["updated"] = context.now
            changed = self._update(db, owner, row, columns)
            event = self.event("Updated", row["name"], owner)
            event = event if name == row["name"] else f"{event}, now {name}"
            audit.record(db, context, "update", event, self.subject("update", row))
            return self.serialize(db, context, [changed])[0]

    def delete(self, context: RequestContext) -> None:
        """Deletes an object with everything that belongs to it."""
        with context.transaction() as db:
            owner = self.owner(db, context)
            row = self.find(db, context, owner)
            files = self.files(db, row)
            finish = deletion.prepare(db, context.backend, self.table, row["pk"])
            db.execute(f"DELETE FROM {self.table} WHERE pk = ?", (row["pk"],))  # noqa: S608  # nosec B608
            audit.record(db, context, "delete", self.event("Deleted", row["name"], owner), self.subject("delete", row))
        finish()
        context.backend.files.remove(files)

    # Parts of handlers

    def rows(self, db: sqlite3.Connection, owner: Owner) -> list[sqlite3.Row]:
        """Returns the rows of an owner's objects in the order of their creation."""
        query = f"SELECT * FROM {self.table} WHERE {condition(owner.columns)} ORDER BY pk"  # noqa: S608  # nosec B608
        return db.execute(query, tuple(owner.columns.values())).fetchall()

    def find(self, db: sqlite3.Connection, context: RequestContext, owner: Owner | None = None) -> sqlite3.Row:
        """Returns the row of the object that the path names."""
        owner = owner or self.owner(db, context)
        value = context.path[self.path_parameter]
        return get_row(
            db,
            self.kind,
            self.table,
            {**owner.columns, self.identified_by: value.lower() if self.identified_by == "id" else value},
        )

    def fields(self, row: sqlite3.Row) -> dict[str, Any]:
        """Returns the fields of an object that its row holds."""
        fields = {"id": row["id"], self.name_field: row["name"], **self.from_row(row)}
        if self.dated:
            fields.update(creation_date=in_microseconds(row["created"]), last_updated=in_microseconds(row["updated"]))
        return fields

    def _insert(self, db: sqlite3.Connection, owner: Owner, columns: dict[str, Any]) -> sqlite3.Row:
        names, values = ", ".join(columns), ", ".join("?" * len(columns))
        try:
            done = db.execute(
                f"INSERT INTO {self.table} ({names}) VALUES ({values})",  # noqa: S608  # nosec B608
                tuple(columns.values()),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(self.kind, columns["name"], owner.title) from error
        return get_row(db, self.kind, self.table, {"pk": done.lastrowid})

    def _update(self, db: sqlite3.Connection, owner: Owner, row: sqlite3.Row, columns: dict[str, Any]) -> sqlite3.Row:
        changes = ", ".join(f"{column} = ?" for column in columns)
        try:
            db.execute(
                f"UPDATE {self.table} SET {changes} WHERE pk = ?",  # noqa: S608  # nosec B608
                (*columns.values(), row["pk"]),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(self.kind, columns["name"], owner.title) from error
        return get_row(db, self.kind, self.table, {"pk": row["pk"]})

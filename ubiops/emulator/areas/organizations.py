"""Organizations and their members.

The organization ``local`` exists from the start and owns all projects that were created
by being named. Roles and rights of members have no effect: whoever holds a token may do
everything.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.resource_counts import count_resources
from ubiops.emulator.areas.user import USER, emulator_user, user_with
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import ApiError, bad_request, name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.validation import check_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

EMULATED = """
The organization `local` exists from the start. It owns all projects that were created
by being named, and others can be created. There are no subscriptions or vouchers.
"""
KIND = "Organization"
DEFAULT = "local"
_DEFAULT_SUBSCRIPTION = "free"
_OPERATORS_FIELDS = ("subscription", "subscription_end_date", "subscription_start_date")
_PLATFORM = Owner({}, "the emulator")


class Organizations(Resource):
    """All organizations."""

    kind = KIND
    noun = "organization"
    table = "organizations"
    created_from = "OrganizationCreate"
    shown_as = "OrganizationDetail"
    path_parameter = "organization_name"
    dated = False

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the platform, which owns all organizations."""
        return _PLATFORM

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the organization. No audit log shows the event."""
        return Subject(object_type="organization", object_name=row["name"])

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the name as that of a new organization."""
        check_texts(self.created_from, {"name": name})

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Adds the date of the creation."""
        columns = super().to_columns(db, context, settings, row)
        return columns if row is not None else {**columns, "created": context.now}

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists all organizations."""
        with context.reading() as db:
            return self.serialize(db, context, db.execute("SELECT * FROM organizations ORDER BY pk").fetchall())

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates an organization. The caller becomes its first member and admin."""
        created = super().create(context)
        with context.transaction() as db:
            _join(db, context, get_row(db, KIND, "organizations", {"id": created["id"]}))
        return created

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes what its admins may change."""
        for field in _OPERATORS_FIELDS:
            if field in context.body:
                raise ApiError(403, f"{field} can only be changed by the operator of the platform")
        return super().update(context)

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what is the same for all."""
        return [
            {
                "subscription": _DEFAULT_SUBSCRIPTION,
                "two_factor_authentication_forced": False,
                **self.fields(row),
                "creation_date": in_microseconds(row["created"]),
                "status": "active",
                "overage_usage": False,
            }
            for row in rows
        ]


ORGANIZATIONS = Organizations()
handler("organizations_list")(ORGANIZATIONS.list_all)
handler("organizations_create")(ORGANIZATIONS.create)
handler("organizations_get")(ORGANIZATIONS.get)
handler("organizations_update")(ORGANIZATIONS.update)


def organization_named(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """Returns the organization of this name.

    Raises:
        ApiError: There is none: a 400 that says which there are.
    """
    found = find_row(db, "organizations", {"name": name})
    if found is None:
        known = ", ".join(repr(row["name"]) for row in db.execute("SELECT name FROM organizations ORDER BY pk"))
        raise bad_request(f"there is no organization {name!r}; there are {known}")
    return found


@handler("organizations_resource_usage")
def count_objects(context: RequestContext) -> dict[str, int]:
    """Counts the objects of all projects of an organization."""
    with context.transaction() as db:
        organization = ORGANIZATIONS.find(db, context)
        rows = db.execute("SELECT name FROM projects WHERE organization = ?", (organization["pk"],)).fetchall()
        members = _members(db, context, organization)
        return {"projects": len(rows), "users": len(members), **count_resources(db, [row["name"] for row in rows])}


@handler("organization_users_list")
def list_members(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the members of an organization."""
    with context.transaction() as db:
        return [_shown(row) for row in _members(db, context, ORGANIZATIONS.find(db, context))]


@handler("organization_users_create")
def add_member(context: RequestContext) -> dict[str, Any]:
    """Adds an existing account to an organization."""
    email = context.body["email"]
    with context.transaction() as db:
        organization = ORGANIZATIONS.find(db, context)
        members = _members(db, context, organization)
        user = user_with(db, email)
        if user is None:
            raise bad_request(f"there is no account with the e-mail address {email}; create it with user_create")
        if any(member["id"] == user["id"] for member in members):
            raise name_taken(USER, email, f"organization {organization['name']}")
        _insert(db, context, organization, user, admin=context.body.get("admin", False))
        return _shown(_member(db, context, organization, user["id"]))


@handler("organization_users_get")
def get_member(context: RequestContext) -> dict[str, Any]:
    """Returns a member of an organization."""
    with context.transaction() as db:
        return _shown(_member(db, context, ORGANIZATIONS.find(db, context)))


@handler("organization_users_update")
def update_member(context: RequestContext) -> dict[str, Any]:
    """Makes a member an admin, or takes that right away."""
    with context.transaction() as db:
        organization = ORGANIZATIONS.find(db, context)
        member = _member(db, context, organization)
        admin = context.body.get("admin", bool(member["admin"]))
        if not admin:
            _keep_an_admin(db, organization, member)
        db.execute("UPDATE organization_users SET admin = ? WHERE pk = ?", (admin, member["membership"]))
        return _shown(_member(db, context, organization))


@handler("organization_users_delete")
def remove_member(context: RequestContext) -> None:
    """Removes a member from an organization and from its projects."""
    with context.transaction() as db:
        organization = ORGANIZATIONS.find(db, context)
        member = _member(db, context, organization)
        _keep_an_admin(db, organization, member)
        db.execute("DELETE FROM organization_users WHERE pk = ?", (member["membership"],))
        db.execute(
            "DELETE FROM project_users WHERE user = ?"
            " AND project IN (SELECT name FROM projects WHERE organization = ?)",
            (member["pk"], organization["pk"]),
        )


_MEMBERS = (
    "SELECT users.*, organization_users.pk AS membership, admin, organization_users.created AS joined"
    " FROM organization_users JOIN users ON users.pk = organization_users.user WHERE organization = ?"
)


def _join(db: sqlite3.Connection, context: RequestContext, organization: sqlite3.Row) -> None:
    _insert(db, context, organization, emulator_user(db, context), admin=True)


def _insert(
    db: sqlite3.Connection, context: RequestContext, organization: sqlite3.Row, user: sqlite3.Row, *, admin: bool
) -> None:
    db.execute(
        "INSERT INTO organization_users (organization, user, admin, created) VALUES (?, ?, ?, ?)",
        (organization["pk"], user["pk"], admin, context.now),
    )


def _members(db: sqlite3.Connection, context: RequestContext, organization: sqlite3.Row) -> list[sqlite3.Row]:
    """Returns the members. An organization that has none yet gets the caller."""
    query = f"{_MEMBERS} ORDER BY organization_users.pk"
    found = db.execute(query, (organization["pk"],)).fetchall()
    if not found:
        _join(db, context, organization)
        found = db.execute(query, (organization["pk"],)).fetchall()
    return found


def _member(
    db: sqlite3.Connection, context: RequestContext, organization: sqlite3.Row, user_id: str | None = None
) -> sqlite3.Row:
    """Returns a member, by default the one that the path names."""
    wanted = (user_id or context.path["user_id"]).lower()
    return member_of(db, context, organization, wanted)


def member_of(db: sqlite3.Connection, context: RequestContext, organization: sqlite3.Row, user_id: str) -> sqlite3.Row:
    """Returns the member with this id.

    Raises:
        ApiError: There is none: a 404.
    """
    found = next((row for row in _members(db, context, organization) if row["id"] == user_id), None)
    if found is None:
        raise ApiError(404, f"{USER} was not found")
    return found


def _keep_an_admin(db: sqlite3.Connection, organization: sqlite3.Row, member: sqlite3.Row) -> None:
    admins = [row["id"] for row in db.execute(f"{_MEMBERS} AND admin", (organization["pk"],))]
    if admins == [member["id"]]:
        raise bad_request("the last admin of an organization can be neither removed nor demoted")


def _shown(member: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": member["id"],
        "email": member["email"],
        "name": member["name"] or "",
        "status": "active",
        "surname": member["surname"] or "",
        "admin": bool(member["admin"]),
        "join_date": datetime.fromtimestamp(member["joined"], timezone.utc).date().isoformat(),
    }

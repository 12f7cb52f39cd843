"""Limits that single users of a service have, in place of the service's default."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.projects.users import project_users
from ubiops.emulator.areas.services.services import SERVICES
from ubiops.emulator.core.errors import bad_request, name_taken
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.service_tokens import email_of
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


class Limits:
    """The limits of one kind.

    Args:
        kind: What is limited: rate or concurrency.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._title = f"User {kind} limit"

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the limits of a service."""
        with context.reading() as db:
            service = SERVICES.find(db, context)
            query = "SELECT * FROM service_limits WHERE service = ? AND kind = ? ORDER BY pk"
            return [_shown(row) for row in db.execute(query, (service["pk"], self._kind))]

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Gives a user a limit."""
        user_id = context.body["user_id"].lower()
        value = _value(context)
        with context.transaction() as db:
            service = SERVICES.find(db, context)
            email = _email(db, context, user_id)
            try:
                db.execute(
                    "INSERT INTO service_limits (id, service, kind, user_id, user_email, value)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (new_id(), service["pk"], self._kind, user_id, email, value),
                )
            except sqlite3.IntegrityError as error:
                raise name_taken(self._title, email, f"service {service['name']}") from error
            return _shown(self._find(db, context, user_id))

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns the limit of a user."""
        with context.reading() as db:
            return _shown(self._find(db, context))

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes the limit of a user."""
        with context.transaction() as db:
            row = self._find(db, context)
            if "limit" in context.body:
                db.execute("UPDATE service_limits SET value = ? WHERE pk = ?", (_value(context), row["pk"]))
            return _shown(self._find(db, context))

    def delete(self, context: RequestContext) -> None:
        """Takes the limit of a user away."""
        with context.transaction() as db:
            db.execute("DELETE FROM service_limits WHERE pk = ?", (self._find(db, context)["pk"],))

    def _find(self, db: sqlite3.Connection, context: RequestContext, user_id: str | None = None) -> sqlite3.Row:
        service = SERVICES.find(db, context)
        user_id = user_id or context.path["user_id"].lower()
        return get_row(
            db,
            self._title,
            "service_limits",
            {"service": service["pk"], "kind": self._kind, "user_id": user_id},
        )


RATES, CONCURRENCIES = Limits("rate"), Limits("concurrency")
handler("services_user_rate_limit_list")(RATES.list_all)
handler("services_user_rate_limit_create")(RATES.create)
handler("services_user_rate_limit_get")(RATES.get)
handler("services_user_rate_limit_update")(RATES.update)
handler("services_user_rate_limit_delete")(RATES.delete)
handler("services_user_concurrency_limit_list")(CONCURRENCIES.list_all)
handler("services_user_concurrency_limit_create")(CONCURRENCIES.create)
handler("services_user_concurrency_limit_get")(CONCURRENCIES.get)
handler("services_user_concurrency_limit_update")(CONCURRENCIES.update)
handler("services_user_concurrency_limit_delete")(CONCURRENCIES.delete)


def _value(context: RequestContext) -> int:
    value: int = context.body["limit"]
    if not 1 <= value < 2**63:
        raise bad_request(f"limit must be 1 or more, not {value}")
    return value


def _email(db: sqlite3.Connection, context: RequestContext, user_id: str) -> str:
    program = find_row(db, "service_users", {"project": context.project, "id": user_id})
    if program is not None:
        return email_of(program)
    for user in project_users(db, context):
        if user["id"] == user_id:
            return str(user["email"])
    raise bad_request(f"user_id {user_id!r} is the id of no user or service user of project {context.project}")


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "user_id": row["user_id"], "user_email": row["user_email"], "limit": row["value"]}

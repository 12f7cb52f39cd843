"""Webhooks: create, list, get, update, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.targets import find_target, names, show_target
from ubiops.emulator.areas.webhooks.rules import check_settings, hide_protected, keep_protected
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

_TARGET = ("object_name", "version")


class Webhooks(Resource):
    """The webhooks of a project."""

    kind = "Webhook"
    noun = "webhook"
    table = "webhooks"
    created_from = "WebhookCreate"
    shown_as = "WebhookDetail"
    path_parameter = "webhook_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the webhook, in the log of the project."""
        return Subject(object_type="webhook", object_name=row["name"])

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns a text that doesn't name the project."""
        return f"{verb} webhook {name}"

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces headers whole, but keeps the values of protected ones."""
        settings = {"description": "", "labels": {}, **super().read(body, present)}
        settings["headers"] = keep_protected(settings["headers"], present["headers"])
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks event, URL, timeout and headers as well."""
        super().check(name, settings)
        check_settings(settings)

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores what the webhook is about in columns of its own. It never changes."""
        target = find_target(db, context.project, settings) if row is None else {name: row[name] for name in names()}
        stored = {name: value for name, value in settings.items() if name not in _TARGET}
        return {"settings": json.dumps(stored), **target}

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what the webhooks are about, and hides what is protected."""
        found = []
        for row in rows:
            fields = self.fields(row)
            found.append({**fields, "headers": hide_protected(fields["headers"]), **show_target(db, row)})
        return found

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Filters by type of object and event as well."""
        wanted = {name: context.query[name] for name in ("object_type", "event") if context.query.get(name)}
        return [one for one in super().list_all(context) if all(one[name] == value for name, value in wanted.items())]


WEBHOOKS = Webhooks()
handler("webhooks_create")(WEBHOOKS.create)
handler("webhooks_list")(WEBHOOKS.list_all)
handler("webhooks_get")(WEBHOOKS.get)
handler("webhooks_update")(WEBHOOKS.update)
handler("webhooks_delete")(WEBHOOKS.delete)

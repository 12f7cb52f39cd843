"""Test calls: one call as a webhook with certain settings would make it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.targets import find_target
from ubiops.emulator.areas.webhooks.payload import Happening, make_payload
from ubiops.emulator.areas.webhooks.rules import check_settings
from ubiops.emulator.areas.webhooks.service import Call, WebhookService
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext

_DEFAULTS = {"headers": [], "timeout": 10, "retry": False, "include_result": False}


@handler("webhook_tests_create")
def create(context: RequestContext) -> dict[str, Any]:
    """Makes a call in the background, about a request that doesn't exist."""
    settings = {**_DEFAULTS, **context.body}
    check_settings(settings)
    identifier = new_id()
    with context.transaction() as db:
        happening = _example(db, context, settings)
        db.execute(
            "INSERT INTO webhook_tests (id, project, status) VALUES (?, ?, 'pending')", (identifier, context.project)
        )
    body = make_payload(happening, settings["event"], settings["include_result"])
    ended = functools.partial(_store, context.backend, identifier)
    context.backend.service(WebhookService).submit(Call(settings, body, ended))
    return {"id": identifier, "status": "pending", "error_message": None}


@handler("webhook_tests_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns how the call of a test went."""
    key = {"id": context.path["test_id"].lower(), "project": context.project}
    with context.reading() as db:
        row = get_row(db, "Webhook test", "webhook_tests", key)
    return {"id": row["id"], "status": row["status"], "error_message": row["error_message"]}


def _store(backend: Backend, identifier: str, error: str | None) -> None:
    status = "completed" if error is None else "failed"
    with backend.storage.transaction() as db:
        db.execute("UPDATE webhook_tests SET status = ?, error_message = ? WHERE id = ?", (status, error, identifier))


def _example(db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any]) -> Happening:
    """Returns what could happen to a request to the object of a webhook.

    That a finished request of a test is a completed one, with an empty result, is a
    guess.
    """
    kind = settings["object_type"]
    target = find_target(db, context.project, settings)
    tables = {"deployment": ("deployments", "versions"), "pipeline": ("pipelines", "pipeline_versions")}
    found = find_row(db, tables[kind][0], {"pk": target[kind]})
    if found is None:
        raise not_found(kind.capitalize())
    key = target[f"{kind}_version"]
    version = find_row(db, tables[kind][1], {"pk": found["default_version"] if key is None else key})
    happened = settings["event"].rpartition("_")[2]
    statuses = {"started": "processing", "finished": "completed"}
    status = statuses.get(happened) or happened
    return Happening(
        type=kind,
        kind=happened,
        project=context.project,
        name=found["name"],
        id=found["id"],
        version=version["name"] if version else "",
        version_id=version["id"] if version else "",
        request_id=new_id(),
        status=status,
        result={} if status == "completed" else None,
    )

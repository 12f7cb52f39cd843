"""Schedules: create, list, get, update, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.inputs import check_fields
from ubiops.emulator.areas.deployment_requests.limits import BATCH_TIMEOUT
from ubiops.emulator.areas.pipelines.forms import form_of
from ubiops.emulator.areas.pipelines.targets import DEPLOYMENT, find_target, names, show_target
from ubiops.emulator.areas.request_schedules import cron
from ubiops.emulator.areas.request_schedules.service import ScheduleService
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

MAXIMUM_TIMEOUT = 345_600
_TARGET = ("object_type", "object_name", "version")


class Schedules(Resource):
    """The schedules of a project."""

    kind = "Schedule"
    noun = "schedule"
    table = "schedules"
    created_from = "ScheduleCreate"
    shown_as = "ScheduleList"
    path_parameter = "schedule_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the schedule, in the log of the project."""
        return Subject(object_type="schedule", object_name=row["name"])

    def event(self, verb: str, name: str, owner: Owner) -> str:
        """Returns a text that doesn't name the project."""
        return f"{verb} schedule {name}"

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Adds what the description gives no default for."""
        return {"description": "", "labels": {}, "request_data": None, **super().read(body, present)}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the schedule and the timeout as well."""
        super().check(name, settings)
        try:
            cron.parse(settings["schedule"])
        except cron.CronError as error:
            raise bad_request(f"Schedule is not valid: {settings['schedule'][:100]} ({error})") from error
        BATCH_TIMEOUT.check(settings["timeout"])
        if settings["timeout"] > MAXIMUM_TIMEOUT:
            raise bad_request(f"timeout must be {MAXIMUM_TIMEOUT} or less, not {settings['timeout']}")

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores what the schedule is about in columns of its own. It never changes."""
        target = find_target(db, context.project, settings) if row is None else {name: row[name] for name in names()}
        if row is None or "request_data" in context.body:
            _check_data(db, target, settings["request_data"])
        stored = {name: value for name, value in settings.items() if name not in _TARGET}
        return {"settings": json.dumps(stored), **target}

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what the schedules are about."""
        return [{**self.fields(row), **show_target(db, row)} for row in rows]

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Starts the schedule as well."""
        created = super().create(context)
        context.backend.service(ScheduleService).reload()
        return created

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Starts the changed schedule. What was due before is not sent any more."""
        updated = super().update(context)
        context.backend.service(ScheduleService).reload()
        return updated

    def delete(self, context: RequestContext) -> None:
        """Stops the schedule as well."""
        super().delete(context)
        context.backend.service(ScheduleService).reload()


def _check_data(db: sqlite3.Connection, target: dict[str, Any], data: Any) -> None:
    """Checks the input of a schedule: a single one, never a list."""
    kind = DEPLOYMENT if target[DEPLOYMENT] is not None else "pipeline"
    row = get_row(db, kind.capitalize(), f"{kind}s", {"pk": target[kind]})
    settings = json.loads(row["settings"])
    if settings.get("input_type") != "structured":
        if not isinstance(data, str):
            raise bad_request(f"request_data must be a string, because the input of {row['name']} is plain")
        return
    if not isinstance(data, dict):
        raise bad_request(f"request_data must be an object with the input fields of {row['name']}")
    check_fields(form_of(settings, "input").fields, data)


SCHEDULES = Schedules()
handler("request_schedules_create")(SCHEDULES.create)
handler("request_schedules_list")(SCHEDULES.list_all)
handler("request_schedules_get")(SCHEDULES.get)
handler("request_schedules_update")(SCHEDULES.update)
handler("request_schedules_delete")(SCHEDULES.delete)

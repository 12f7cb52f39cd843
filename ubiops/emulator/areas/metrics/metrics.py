"""Metrics: create, list, get, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.metrics.builtin import FIRST_OWN_ID, METRICS
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.validation import check_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

KIND = "Metric"
PREFIX = "custom."


class Metrics(Resource):
    """The metrics that were created in a project."""

    kind = KIND
    noun = "metric"
    table = "metrics"
    created_from = "MetricCreate"
    shown_as = "MetricDetail"
    path_parameter = "metric_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the metric."""
        return Subject(object_type="metric", object_name=row["name"])

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks that a metric is the user's own."""
        check_texts(self.shown_as, {"name": name, **settings})
        if not name.startswith(PREFIX) or name == PREFIX:
            raise bad_request(f"name must begin with '{PREFIX}', such as '{PREFIX}{name[:20] or 'error'}'")

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Lists the platform's metrics and those of the project."""
        custom = context.query.get("custom")
        everything = [*METRICS.values(), *super().list_all(context)]
        return [one for one in everything if custom in (None, one["custom"])]

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns a metric."""
        return METRICS.get(context.path[self.path_parameter]) or super().get(context)

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes a metric of the project."""
        _check_own(context)
        return super().update(context)

    def delete(self, context: RequestContext) -> None:
        """Deletes a metric of the project with all its values."""
        _check_own(context)
        super().delete(context)

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what the creator may have left out."""
        optional = {"description": "", "unit": "", "labels": []}
        return [{**optional, **self.fields(row), "id": FIRST_OWN_ID + row["pk"], "custom": True} for row in rows]


OWN_METRICS = Metrics()
handler("metrics_create")(OWN_METRICS.create)
handler("metrics_list")(OWN_METRICS.list_all)
handler("metrics_get")(OWN_METRICS.get)
handler("metrics_update")(OWN_METRICS.update)
handler("metrics_delete", slow=True)(OWN_METRICS.delete)


def own_metric(db: sqlite3.Connection, context: RequestContext, name: str) -> sqlite3.Row:
    """Returns the row of a metric of the project.

    Raises:
        ApiError: There is none: a 404, or a 400 for a metric of the platform.
    """
    if name in METRICS:
        raise bad_request(f"the values of {name} are measured by the platform; your own metrics begin with '{PREFIX}'")
    return get_row(db, KIND, "metrics", {"project": context.project, "name": name})


def _check_own(context: RequestContext) -> None:
    name = context.path["metric_name"]
    if name in METRICS:
        raise bad_request(f"{name} is a metric of the platform and can be neither changed nor deleted")
    if not name.startswith(PREFIX):
        raise not_found(KIND)

"""Services: create, list, get, update, delete, and their status."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.lookup import deployment_named, version_named
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

_REFERENCES = ("deployment", "version")
_HIGHEST_PORT = 65_535
_LIMITS = ("rate_limit", "rate_limit_user_default", "concurrency_limit", "concurrency_limit_user_default")
# The platform's defaults are not documented; most of these are what examples show.
_DEFAULTS: dict[str, Any] = {
    "labels": {},
    "authentication_required": True,
    "type": "default",
    "cache_aware_llm_routing": False,
    "description": "",
    "authentication_method_token_enabled": True,
    "authentication_header_pass_through": False,
    "request_logging_excluded_paths": "",
    "request_logging_excluded_extensions": [],
    "rate_limit": None,
    "rate_limit_user_default": None,
    "concurrency_limit": None,
    "concurrency_limit_user_default": None,
    "imported_name": None,
    "imported_namespace": None,
    "imported_cluster_domain": "cluster.local",
}


class Services(Resource):
    """The services of a project."""

    kind = "Service"
    noun = "service"
    table = "services"
    created_from = "ServiceCreate"
    shown_as = "ServiceDetail"
    path_parameter = "service_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the service."""
        return Subject(object_type="service", object_name=row["name"])

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The settings of a service that is created without any."""
        return _DEFAULTS

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Leaves out what has columns of its own."""
        return {name: value for name, value in super().read(body, present).items() if name not in _REFERENCES}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks numbers as well."""
        super().check(name, settings)
        if not 1 <= settings["port"] <= _HIGHEST_PORT:
            raise bad_request(f"port must be between 1 and {_HIGHEST_PORT}, not {settings['port']}")
        for field in _LIMITS:
            if settings[field] is not None and settings[field] < 1:
                raise bad_request(f"{field} must be 1 or more, or null for no limit")

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Adds the deployment and the version, which must exist."""
        columns = super().to_columns(db, context, settings, row)
        if row is None and not context.body.get("deployment"):
            raise bad_request("deployment is required")
        if not any(name in context.body for name in _REFERENCES):
            return columns
        try:
            return {**columns, **_references(db, context, row)}
        except ApiError as error:
            raise bad_request(error.message) from error

    def list_all(self, context: RequestContext) -> list[dict[str, Any]]:
        """Filters by versions as well."""
        found = super().list_all(context)
        wanted = context.query.get("deployment_version_ids")
        if not wanted:
            return found
        with context.reading() as db:
            rows = db.execute(
                "SELECT services.id, versions.id AS version FROM services JOIN deployments"
                " ON deployments.pk = services.deployment JOIN versions"
                " ON versions.pk = ifnull(services.version, deployments.default_version)"
                " WHERE services.project = ?",
                (context.project,),
            )
            versions = {row["id"]: row["version"] for row in rows}
        return [one for one in found if versions.get(one["id"]) in wanted.lower().split(",")]

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the names of deployment and version. No port is opened."""
        names = {
            table: {row["pk"]: row["name"] for row in db.execute(query, (context.project,))}
            for table, query in (
                ("deployments", "SELECT pk, name FROM deployments WHERE project = ?"),
                (
                    "versions",
                    "SELECT versions.pk, versions.name FROM versions JOIN deployments"
                    " ON deployments.pk = deployment WHERE project = ?",
                ),
            )
        }
        return [
            {
                "id": row["id"],
                "name": row["name"],
                **json.loads(row["settings"]),
                "deployment": names["deployments"][row["deployment"]],
                "version": names["versions"].get(row["version"]),
                "time_created": in_microseconds(row["created"]),
                "time_updated": in_microseconds(row["updated"]),
                "imported_scheme": "http",
                "endpoint": None,
            }
            for row in rows
        ]


SERVICES = Services()
handler("services_create")(SERVICES.create)
handler("services_list")(SERVICES.list_all)
handler("services_get")(SERVICES.get)
handler("services_update")(SERVICES.update)
handler("services_delete")(SERVICES.delete)


@handler("services_status_get")
def show_status(context: RequestContext) -> dict[str, Any]:
    """Says that no port is open."""
    with context.reading() as db:
        row = SERVICES.find(db, context)
    return {"id": row["id"], "ready": False, "instances_ready": 0}


def _references(db: sqlite3.Connection, context: RequestContext, row: sqlite3.Row | None) -> dict[str, Any]:
    """Returns the keys of deployment and version. None is the default version."""
    body = context.body
    if body.get("deployment"):
        deployment = deployment_named(db, context.project, body["deployment"])
    else:
        deployment = db.execute("SELECT * FROM deployments WHERE pk = ?", (row["deployment"] if row else 0,)).fetchone()
    same = row is not None and row["deployment"] == deployment["pk"]
    version = row["version"] if row is not None and same else None
    if "version" in body:
        version = version_named(db, deployment, body["version"])["pk"] if body["version"] else None
    return {"deployment": deployment["pk"], "version": version}

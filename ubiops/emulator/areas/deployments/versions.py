"""Versions of deployments: create, list, get, update, delete."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments import environments, instance_types
from ubiops.emulator.areas.deployments.kinds import VERSION
from ubiops.emulator.areas.deployments.lookup import find_deployment
from ubiops.emulator.areas.deployments.version_states import states_of_versions
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

MINIMUM_IDLE_TIME_WITH_GPU = 300


class Versions(Resource):
    """The versions of a deployment."""

    kind = VERSION
    noun = "version"
    table = "versions"
    created_from = "DeploymentVersionCreate"
    shown_as = "DeploymentVersionDetail"
    path_parameter = "version"
    name_field = "version"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the deployment that the path names."""
        deployment = find_deployment(db, context)
        return Owner({"deployment": deployment["pk"]}, f"deployment {deployment['name']}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the version, or its deployment if the version appears or goes."""
        return Subject(row["deployment"], row["pk"] if action == "update" else None)

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a version. The id of its instance type group is stored."""
        return super().create(instance_types.with_group(context))

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes the fields that are given; new requests run with them as well."""
        with context.reading() as db:
            key = self.find(db, context)["pk"]
        updated = super().update(instance_types.with_group(context))
        _restart(context, key)
        return updated

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the description, with an environment and an instance type."""
        own = {"environment": environments.DEFAULT, "instance_type_group_id": instance_types.DEFAULT.id}
        return {**own, **super().defaults}

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces labels and ports whole."""
        settings = super().read(body, present)
        if mode := settings.get("request_retention_mode"):
            settings["request_retention_mode"] = mode.lower()
        name = settings.pop("environment_name", None)
        if name is not None and body.get("environment", name) != name:
            raise bad_request(f"environment {body['environment']!r} and environment_name {name!r} must be the same")
        settings["environment"] = name or settings["environment"]
        if settings["environment"] != present["environment"] and "environment_tag" not in body:
            # The tag belonged to the previous environment.
            settings.pop("environment_tag", None)
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks settings against each other as well."""
        super().check(name, settings)
        least, most = settings["minimum_instances"], settings["maximum_instances"]
        if least > most:
            raise bad_request(f"minimum_instances ({least}) must not be above maximum_instances ({most})")
        group = instance_types.by_id(settings["instance_type_group_id"])
        if group and group.gpu and settings["maximum_idle_time"] < MINIMUM_IDLE_TIME_WITH_GPU:
            raise bad_request(
                f"maximum_idle_time is {settings['maximum_idle_time']}, but on instances with a GPU it must be "
                f"at least {MINIMUM_IDLE_TIME_WITH_GPU}"
            )
        ports = Counter((port["public_port"], port["protocol"]) for port in settings["ports"])
        for (number, protocol), times in ports.items():
            if times > 1:
                raise bad_request(f"ports has more than one entry for the public port {number} ({protocol})")

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Checks the environment, which may be one of the project."""
        environment = (settings["environment"], settings.get("environment_tag"))
        present = {} if row is None else self.from_row(row)
        if environment != (present.get("environment"), present.get("environment_tag")):
            deployment = json.loads(find_deployment(db, context)["settings"])
            supported = deployment.get("supports_request_format", True)
            environments.check_usable(db, context.project, *environment, supported)
        return super().to_columns(db, context, settings, row)

    def created(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Makes the first version of a deployment its default."""
        others = "SELECT 1 FROM versions WHERE deployment = ? AND pk != ?"
        if not db.execute(others, (row["deployment"], row["pk"])).fetchone():
            db.execute("UPDATE deployments SET default_version = ? WHERE pk = ?", (row["pk"], row["deployment"]))

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the files of all revisions."""
        return [found["file"] for found in db.execute("SELECT file FROM revisions WHERE version = ?", (row["pk"],))]

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what follows from the deployment, the revisions and their builds."""
        if not rows:
            return []
        deployment = get_row(db, VERSION, "deployments", {"pk": rows[0]["deployment"]})
        states = states_of_versions(db, context.now, deployment["pk"], rows[0]["pk"] if len(rows) == 1 else None)
        groups = {group.id: group for group in instance_types.groups_of(db, deployment["project"])}
        found = []
        for row in rows:
            fields, state = self.fields(row), states[row["pk"]]
            environment = environments.resolve(
                db, deployment["project"], fields["environment"], fields.get("environment_tag"), context.now
            )
            group = groups.get(fields["instance_type_group_id"])
            fields.update(
                deployment=deployment["name"],
                default=row["pk"] == deployment["default_version"],
                environment_name=fields["environment"],
                environment_tag=environment.tag,
                maximum_queue_size=fields.get("maximum_queue_size", fields["maximum_queue_size_batch"]),
                health_check=fields.get("health_check"),
                command=fields.get("command"),
                args=fields.get("args"),
                environment_display_name=environment.display_name,
                status=state.status,
                active_revision=state.active_revision,
                latest_revision=state.latest_revision,
                instance_type=group.instance_type if group else "",
                instance_type_group_name=group.name if group else "",
                last_file_upload=None if state.last_upload is None else in_microseconds(state.last_upload),
                has_request_method=state.has_request,
                has_requests_method=state.has_requests,
            )
            found.append(fields)
        return found


def _restart(context: RequestContext, version: int) -> None:
    if context.backend.runner is not None:
        context.backend.runner.changed(version)


VERSIONS = Versions()
handler("deployment_versions_create")(VERSIONS.create)
handler("deployment_versions_list")(VERSIONS.list_all)
handler("deployment_versions_get")(VERSIONS.get)
handler("deployment_versions_update")(VERSIONS.update)
handler("deployment_versions_delete", slow=True)(VERSIONS.delete)

"""Where a request goes to: an available version, with its settings for requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.lookup import deployment_named, version_named
from ubiops.emulator.areas.deployments.version_states import states_of_versions
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_DEFAULT_QUEUE_SIZES = {"express": 100, "batch": 100_000}


@dataclass(frozen=True)
class Destination:
    """A version with the settings that requests need, as they were when it was found.

    Attributes:
        project: The project.
        deployment: The name of the deployment.
        deployment_pk: The key of the deployment.
        deployment_id: The id of the deployment.
        version: The name of the version.
        version_pk: The key of the version.
        version_id: The id of the version.
        input_type: structured or plain.
        input_fields: The data types of the input fields by their names.
        retention: What is kept of requests: full, metadata or none.
        retention_time: Seconds that it is kept.
        restarts: Whether an interrupted request runs again.
        queue_size: How many requests may wait, whatever their kind. None if there are
            limits for each kind.
        queue_sizes: How many express and how many batch requests may wait.
    """

    project: str
    deployment: str
    deployment_pk: int
    deployment_id: str
    version: str
    version_pk: int
    version_id: str
    input_type: str
    input_fields: Mapping[str, str]
    retention: str
    retention_time: float
    restarts: bool
    queue_size: int | None
    queue_sizes: Mapping[str, int]

    def keeping(self, retention: str, retention_time: float) -> Destination:
        """Returns the destination for requests that were created with this retention.

        A change of the version's settings doesn't affect them.
        """
        return replace(self, retention=retention, retention_time=retention_time)


def find_destination(
    db: sqlite3.Connection, now: float, project: str, deployment_name: str, version_name: str | None
) -> Destination:
    """Returns where requests to a version, or by default the default version, go to.

    Raises:
        ApiError: Deployment or version don't exist, or can't handle requests.
    """
    deployment = deployment_named(db, project, deployment_name)
    version = find_version_or_default(db, deployment, version_name)
    if version is None:
        raise bad_request(f"Deployment {deployment_name} has no version yet, so it can't handle requests")
    status = states_of_versions(db, now, deployment["pk"], version["pk"])[version["pk"]].status
    if status != "available":
        raise bad_request(f"Version is not available: The version is currently in the {status} stage")
    found = destination_of(deployment, version)
    if found.input_type not in ("structured", "plain"):
        raise bad_request(f"Deployment {deployment_name} does not support the request format")
    return found


def find_version_or_default(
    db: sqlite3.Connection, deployment: sqlite3.Row, version_name: str | None
) -> sqlite3.Row | None:
    """Returns the version of this name or the default one, if there is one."""
    if version_name is not None:
        return version_named(db, deployment, version_name)
    return find_row(db, "versions", {"pk": deployment["default_version"]})


def destination_with_key(db: sqlite3.Connection, version: int) -> Destination:
    """Returns the destination of stored requests, whatever the state of the version."""
    found = find_row(db, "versions", {"pk": version})
    deployment = find_row(db, "deployments", {"pk": found["deployment"]}) if found else None
    if found is None or deployment is None:
        raise ApiError(404, "Deployment version was not found")
    return destination_of(deployment, found)


def destination_of(deployment: sqlite3.Row, version: sqlite3.Row) -> Destination:
    """Returns a destination from the rows of deployment and version."""
    fields: dict[str, Any] = json.loads(deployment["settings"])
    settings: dict[str, Any] = json.loads(version["settings"])
    supported = fields.get("supports_request_format", True)
    return Destination(
        project=deployment["project"],
        deployment=deployment["name"],
        deployment_pk=deployment["pk"],
        deployment_id=deployment["id"],
        version=version["name"],
        version_pk=version["pk"],
        version_id=version["id"],
        input_type=str(fields.get("input_type")) if supported else "",
        input_fields={field["name"]: field["data_type"] for field in fields.get("input_fields") or ()},
        retention=settings.get("request_retention_mode") or "full",
        retention_time=float(settings.get("request_retention_time", 604800)),
        restarts=bool(settings.get("restart_request_interruption")),
        queue_size=settings.get("maximum_queue_size"),
        queue_sizes={
            kind: settings.get(f"maximum_queue_size_{kind}", default) for kind, default in _DEFAULT_QUEUE_SIZES.items()
        },
    )

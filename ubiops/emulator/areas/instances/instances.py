"""Instances: list, get, stop, and their events.

The runner knows them: there is no table, and an instance that has ended is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.instance_types import TYPES
from ubiops.emulator.areas.deployments.lookup import find_version
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request, not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.paging import page

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext
    from ubiops.emulator.core.interfaces import InstanceView

KIND = "Instance"
STOPPED = "stopped"
_NODE = {"ipv4_address": "127.0.0.1", "ipv6_address": None}
_NODE_POOL = {"cluster": {"type": "local"}}
_TYPES_BY_NAME = {one.name: one for one in TYPES.values()}


@handler("instances_list", "project_instances_list")
def list_all(context: RequestContext) -> dict[str, Any]:
    """Lists the instances of a version or a project, oldest first."""
    found = _instances(context)
    wanted = context.query.get("status")
    return page(context, [_shown(one, version) for one, version in found if not wanted or one.status in wanted])


@handler("instances_get", "project_instances_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns an instance."""
    return _shown(*_find(context))


@handler("instances_update", "project_instances_update")
def update(context: RequestContext) -> dict[str, Any]:
    """Stops an instance. What it runs is interrupted."""
    if (context.body or {}).get("status") != STOPPED:
        raise bad_request(f"status is required and must be '{STOPPED}'")
    instance, version = _find(context)
    runner = context.backend.runner
    if runner is None or not runner.stop_instance(instance.id):
        raise not_found(KIND)
    with context.transaction() as db:
        event = (
            f"Stopped instance {instance.id} of version {version['name']} of deployment {version['deployment_name']}"
        )
        audit.record(db, context, "update", event, Subject(version["deployment"], version["pk"]))
    stopping = next((one for one in runner.instances() if one.id == instance.id), None)
    # It may have ended already.
    return {**_shown(stopping or instance, version), "status": "stopping"}


@handler("instance_events_list")
def list_events(context: RequestContext) -> dict[str, Any]:
    """Lists what happened to an instance, newest first."""
    instance, _ = _find(context)
    shown = [
        {"id": one.id, "time_created": in_microseconds(one.created), "description": one.text}
        for one in reversed(instance.events)
    ]
    return page(context, shown)


def _instances(context: RequestContext) -> list[tuple[InstanceView, sqlite3.Row]]:
    """Returns the instances of the version or the project that the path names."""
    with context.reading() as db:
        key = find_version(db, context)["pk"] if "version" in context.path else None
        rows = db.execute(
            "SELECT versions.*, deployments.name AS deployment_name FROM versions"
            " JOIN deployments ON deployments.pk = versions.deployment"
            " WHERE deployments.project = ? AND (? IS NULL OR versions.pk = ?)",
            (context.project, key, key),
        )
        versions = {row["pk"]: row for row in rows}
    runner = context.backend.runner
    found = runner.instances() if runner is not None else ()
    return [(one, versions[one.version]) for one in found if one.version in versions]


def _find(context: RequestContext) -> tuple[InstanceView, sqlite3.Row]:
    wanted = context.path["instance_id"].lower()
    found = next((pair for pair in _instances(context) if pair[0].id == wanted), None)
    if found is None:
        raise not_found(KIND)
    return found


def _shown(instance: InstanceView, version: sqlite3.Row) -> dict[str, Any]:
    kind = _TYPES_BY_NAME.get(instance.instance_type or "")
    return {
        "id": instance.id,
        "status": instance.status,
        "instance_type": None
        if kind is None
        else {"id": kind.id, "name": kind.name, "display_name": kind.display_name},
        "time_created": in_microseconds(instance.created),
        "time_updated": in_microseconds(instance.updated),
        "deployment": version["deployment_name"],
        "version": version["name"],
        "node": None if kind is None else _NODE,
        "node_pool": None if kind is None else _NODE_POOL,
    }

"""Versions of deployments: create, list, get, update, delete."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from ubiops.emulator import audit, environments, instance_types
from ubiops.emulator.clock import in_microseconds
from ubiops.emulator.errors import VERSION, bad_request, name_taken
from ubiops.emulator.lookup import find_deployment, find_version, version_named
from ubiops.emulator.rules import check_description, check_name, has_label, read_label_filter
from ubiops.emulator.storage import new_id
from ubiops.emulator.version_states import states_of_versions

if TYPE_CHECKING:
    from ubiops.emulator.call import Call
    from ubiops.emulator.version_states import VersionState

DEFAULTS: dict[str, Any] = {
    "environment": environments.DEFAULT,
    "instance_type_group_id": instance_types.DEFAULT.id,
    "maximum_instances": 5,
    "minimum_instances": 0,
    "maximum_idle_time": 300,
    "description": "",
    "labels": {},
    "request_retention_time": 604800,
    "request_retention_mode": "full",
    "maximum_queue_size_express": 100,
    "maximum_queue_size_batch": 100000,
    "static_ip": False,
    "restart_request_interruption": False,
    "ports": [],
    "scaling_strategy": "default",
    "instance_processes": 1,
}
MINIMUM_IDLE_TIME_WITH_GPU = 300
_PORT = ("public_port", "deployment_port", "protocol")


def deployment_versions_create(call: Call) -> dict[str, Any]:
    """A new version, without code. The first one of a deployment becomes its default."""
    name = call.body["version"]
    settings = {**DEFAULTS, **_given(call.body)}
    _check(name, settings)
    now = call.world.clock.now()
    with call.world.storage.transaction() as db:
        deployment = find_deployment(db, call)
        first = not db.execute("SELECT 1 FROM versions WHERE deployment = ?", (deployment["number"],)).fetchone()
        try:
            db.execute(
                "INSERT INTO versions (id, deployment, name, settings, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), deployment["number"], name, json.dumps(settings), now, now),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(VERSION, name, f"deployment {deployment['name']!r}") from error
        row = version_named(db, deployment, name)
        if first:
            db.execute(
                "UPDATE deployments SET default_version = ? WHERE number = ?", (row["number"], deployment["number"])
            )
        event = f"Created version {name} for deployment {deployment['name']}"
        audit.record(db, call, "create", event, deployment["number"])
        return _detail(db, call, find_deployment(db, call), row)


def deployment_versions_list(call: Call) -> list[dict[str, Any]]:
    """The versions of a deployment in the order of their creation, all or those with one of the labels."""
    wanted = read_label_filter(call.query.get("labels"))
    with call.world.storage.reading() as db:
        deployment = find_deployment(db, call)
        query = "SELECT * FROM versions WHERE deployment = ? ORDER BY number"
        rows = db.execute(query, (deployment["number"],)).fetchall()
        states = states_of_versions(db, call.world.clock.now(), deployment["number"])
    shown = (_shown(deployment, row, json.loads(row["settings"]), states[row["number"]]) for row in rows)
    return [one for one in shown if has_label(one["labels"], wanted)]


def deployment_versions_get(call: Call) -> dict[str, Any]:
    """One version."""
    with call.world.storage.reading() as db:
        deployment = find_deployment(db, call)
        return _detail(db, call, deployment, version_named(db, deployment, call.path["version"]))


def deployment_versions_update(call: Call) -> dict[str, Any]:
    """Changes what is given, and checks everything anew; labels and ports are replaced whole."""
    with call.world.storage.transaction() as db:
        deployment = find_deployment(db, call)
        row = version_named(db, deployment, call.path["version"])
        name = call.body.get("version", row["name"])
        settings = {**json.loads(row["settings"]), **_given(call.body)}
        _check(name, settings)
        changed = (name, json.dumps(settings))
        if changed == (row["name"], row["settings"]):
            return _detail(db, call, deployment, row)
        try:
            db.execute(
                "UPDATE versions SET name = ?, settings = ?, updated = ? WHERE number = ?",
                (*changed, call.world.clock.now(), row["number"]),
            )
        except sqlite3.IntegrityError as error:
            raise name_taken(VERSION, name, f"deployment {deployment['name']!r}") from error
        event = f"Updated version {row['name']} for deployment {deployment['name']}"
        event = event if name == row["name"] else f"{event}, now {name}"
        audit.record(db, call, "update", event, deployment["number"], row["number"])
        return _detail(db, call, deployment, version_named(db, deployment, name))


def deployment_versions_delete(call: Call) -> None:
    """Deletes a version with its code and variables. If it was the default, the deployment has none any more."""
    with call.world.storage.transaction() as db:
        row = find_version(db, call)
        files = db.execute("SELECT file FROM revisions WHERE version = ?", (row["number"],)).fetchall()
        db.execute("DELETE FROM versions WHERE number = ?", (row["number"],))
        event = f"Deleted version {row['name']} for deployment {call.path['deployment_name']}"
        audit.record(db, call, "delete", event, row["deployment"])
    call.world.files.remove([file["file"] for file in files])


def _given(body: dict[str, Any]) -> dict[str, Any]:
    """The settings that a request gives."""
    given = {name: body[name] for name in DEFAULTS if name in body}
    if "ports" in given:
        given["ports"] = [{name: port[name] for name in _PORT} for port in given["ports"]]
    group = _group(body)
    return {**given, "instance_type_group_id": group.id} if group else given


def _group(body: dict[str, Any]) -> instance_types.InstanceTypeGroup | None:
    """The hardware that a request asks for; the id is the surest of the three ways."""
    ways = (
        ("instance_type_group_id", "id", "instance type group with the id"),
        ("instance_type_group_name", "name", "instance type group with the name"),
        ("instance_type", "instance_type", "instance type"),
    )
    for field, attribute, words in ways:
        if field in body:
            value = body[field].lower() if attribute == "id" else body[field]
            group = instance_types.find(attribute, value)
            if group is None:
                known = ", ".join(repr(getattr(one, attribute)) for one in instance_types.GROUPS)
                raise bad_request(f"there is no {words} {body[field]!r}; there are {known}")
            return group
    return None


def _check(name: str, settings: dict[str, Any]) -> None:
    """Holds a version, as it would be, to the rules that concern several of its settings."""
    check_name(name, "version")
    check_description(settings["description"])
    if environments.find(settings["environment"]) is None:
        raise bad_request(
            f"there is no environment {settings['environment']!r}; there are python3-8 to python3-13, r4-0, "
            "and those with '-cuda' behind them"
        )
    least, most = settings["minimum_instances"], settings["maximum_instances"]
    if least > most:
        raise bad_request(f"minimum_instances ({least}) may not be above maximum_instances ({most})")
    group = instance_types.by_id(settings["instance_type_group_id"])
    if group and group.gpu and settings["maximum_idle_time"] < MINIMUM_IDLE_TIME_WITH_GPU:
        raise bad_request(
            f"maximum_idle_time is {settings['maximum_idle_time']}, but on instances with a GPU it is "
            f"{MINIMUM_IDLE_TIME_WITH_GPU} at least"
        )
    ports = [(port["public_port"], port["protocol"]) for port in settings["ports"]]
    for number, protocol in ports:
        if ports.count((number, protocol)) > 1:
            raise bad_request(f"ports has more than one entry for the public port {number} ({protocol})")


def _detail(db: sqlite3.Connection, call: Call, deployment: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    state = states_of_versions(db, call.world.clock.now(), deployment["number"], row["number"])[row["number"]]
    settings = json.loads(row["settings"])
    group = instance_types.by_id(settings["instance_type_group_id"])
    return {
        **_shown(deployment, row, settings, state),
        "instance_type_group_id": settings["instance_type_group_id"],
        "instance_type_group_name": group.name if group else "",
        "last_file_upload": None if state.last_upload is None else in_microseconds(state.last_upload),
        "has_request_method": state.has_request,
        "has_requests_method": state.has_requests,
    }


def _shown(deployment: sqlite3.Row, row: sqlite3.Row, settings: dict[str, Any], state: VersionState) -> dict[str, Any]:
    environment = environments.find(settings["environment"])
    group = instance_types.by_id(settings["instance_type_group_id"])
    return {
        "id": row["id"],
        "deployment": deployment["name"],
        "version": row["name"],
        "default": row["number"] == deployment["default_version"],
        "description": settings["description"],
        "environment": settings["environment"],
        "environment_display_name": environment.display_name if environment else settings["environment"],
        "status": state.status,
        "active_revision": state.active_revision,
        "latest_revision": state.latest_revision,
        "maximum_instances": settings["maximum_instances"],
        "minimum_instances": settings["minimum_instances"],
        "maximum_idle_time": settings["maximum_idle_time"],
        "labels": settings["labels"],
        "creation_date": in_microseconds(row["created"]),
        "last_updated": in_microseconds(row["updated"]),
        "request_retention_time": settings["request_retention_time"],
        "request_retention_mode": settings["request_retention_mode"],
        "maximum_queue_size_express": settings["maximum_queue_size_express"],
        "maximum_queue_size_batch": settings["maximum_queue_size_batch"],
        "static_ip": settings["static_ip"],
        "restart_request_interruption": settings["restart_request_interruption"],
        "ports": settings["ports"],
        "instance_type": group.instance_type if group else "",
        "scaling_strategy": settings["scaling_strategy"],
        "instance_processes": settings["instance_processes"],
    }

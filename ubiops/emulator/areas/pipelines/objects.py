"""The objects of a pipeline version as they are stored, and what they refer to.

A version's graph is stored as JSON. Deployments, pipelines and their versions are
referred to by their keys, so they may be renamed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments import lookup as deployments
from ubiops.emulator.areas.deployments.version_states import states_of_versions
from ubiops.emulator.areas.pipelines import lookup as pipelines
from ubiops.emulator.areas.pipelines.forms import Form, form_of, show_fields
from ubiops.emulator.areas.pipelines.graph import Node, Plan, make_plan
from ubiops.emulator.areas.pipelines.operators import check_operator, operator_form
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.lookup import find_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_UNKNOWN = Form("plain", {})
ON_ERROR = ("stop", "continue")


def read_object(
    db: sqlite3.Connection, now: float, pipeline: sqlite3.Row, given: dict[str, Any], ids: dict[str, str]
) -> dict[str, Any]:
    """Returns an object to store.

    Args:
        db: The database.
        now: The time by the emulator's clock.
        pipeline: The pipeline that it becomes a part of.
        given: The object, as the API has it.
        ids: The ids of the version's present objects by name. An object keeps its id as
            long as there is one of its name.

    Raises:
        ApiError: It refers to something that doesn't exist or isn't available, or has
            invalid settings.
    """
    kind, name = given.get("reference_type", "deployment"), given["name"]
    configuration = given.get("configuration")
    stored = {
        "id": ids.get(name) or new_id(),
        "name": name,
        "reference_type": kind,
        "reference_name": given["reference_name"],
        "reference": None,
        "version": None,
        "version_name": given.get("version") or None,
        "configuration": configuration,
        "metadata": given.get("metadata") or {},
    }
    if kind == "operator":
        check_operator(name, given["reference_name"], configuration or {})
        return {**stored, "version_name": None}
    on_error = (configuration or {}).get("on_error", "stop")
    if on_error not in ON_ERROR:
        raise bad_request(f"object {name}: on_error must be stop or continue, not {str(on_error)[:100]!r}")
    refer = _refer_to_deployment if kind == "deployment" else _refer_to_pipeline
    try:
        stored["reference"], stored["version"] = refer(db, now, pipeline, given["reference_name"], given.get("version"))
    except ApiError as error:
        # The path of the request is right, so a 404 would be misleading.
        raise bad_request(error.message) if error.status == 404 else error from error
    return stored


def _refer_to_deployment(
    db: sqlite3.Connection, now: float, pipeline: sqlite3.Row, name: str, version_name: str | None
) -> tuple[int, int | None]:
    deployment = deployments.deployment_named(db, pipeline["project"], name)
    if version_name:
        version: int | None = deployments.version_named(db, deployment, version_name)["pk"]
    else:
        version = deployment["default_version"]
    if version is None:
        raise bad_request(f"Version is not available: deployment {name} has no default version")
    status = states_of_versions(db, now, deployment["pk"], version)[version].status
    if status != "available":
        raise bad_request(f"Version is not available: The version is currently in the {status} stage")
    return deployment["pk"], version if version_name else None


def _refer_to_pipeline(
    db: sqlite3.Connection, now: float, pipeline: sqlite3.Row, name: str, version_name: str | None
) -> tuple[int, int | None]:
    other = pipelines.pipeline_named(db, pipeline["project"], name)
    version = pipelines.version_named(db, other, version_name)["pk"] if version_name else other["default_version"]
    if version is None:
        raise bad_request(f"Version is not available: pipeline {name} has no default version")
    if pipeline["pk"] in _used_pipelines(db, other["pk"]):
        raise bad_request(f"Pipeline {name} can't be an object of pipeline {pipeline['name']}: that would be a cycle")
    return other["pk"], version if version_name else None


def _used_pipelines(db: sqlite3.Connection, first: int) -> set[int]:
    """Returns a pipeline and all that any of its versions use, directly or not."""
    found, waiting = {first}, [first]
    while waiting:
        for row in db.execute("SELECT graph FROM pipeline_versions WHERE pipeline = ?", (waiting.pop(),)):
            for stored in json.loads(row["graph"])["objects"]:
                if stored["reference_type"] == "pipeline" and stored["reference"] not in found:
                    found.add(stored["reference"])
                    waiting.append(stored["reference"])
    return found


def stored_objects(db: sqlite3.Connection, project: str) -> Iterator[tuple[sqlite3.Row, dict[str, Any]]]:
    """Yields all stored objects of a project, with the rows of their versions."""
    rows = db.execute(
        "SELECT graph, pipelines.name AS pipeline_name, pipeline_versions.* FROM pipeline_versions"
        " JOIN pipelines ON pipelines.pk = pipeline_versions.pipeline WHERE project = ?",
        (project,),
    ).fetchall()
    for row in rows:
        for stored in json.loads(row["graph"])["objects"]:
            yield row, stored


def resolve(db: sqlite3.Connection, stored: dict[str, Any]) -> Node:
    """Returns an object with the present names and fields of what it refers to.

    If that is gone, it has the names that it had, and no fields.
    """
    kind, configuration = stored["reference_type"], stored["configuration"] or {}
    name, version_name = stored["reference_name"], stored["version_name"]
    sides = [_UNKNOWN, _UNKNOWN]
    if kind == "operator":
        sides = [operator_form(name, configuration, side) for side in ("input", "output")]
    else:
        tables = ("deployments", "versions") if kind == "deployment" else ("pipelines", "pipeline_versions")
        target = find_row(db, tables[0], {"pk": stored["reference"]})
        if target is not None:
            name, settings = target["name"], json.loads(target["settings"])
            sides = [form_of(settings, side) for side in ("input", "output")]
        version = find_row(db, tables[1], {"pk": stored["version"]})
        version_name = version["name"] if version is not None else version_name
    return Node(
        stored["id"],
        stored["name"],
        kind,
        name,
        stored["reference"],
        stored["version"],
        version_name,
        sides[0],
        sides[1],
        configuration,
    )


def show_object(db: sqlite3.Connection, stored: dict[str, Any]) -> dict[str, Any]:
    """Returns an object as responses show it."""
    node = resolve(db, stored)
    return {
        "id": node.id,
        "name": node.name,
        "reference_name": node.reference_name,
        "reference_type": node.kind,
        "version": node.version_name,
        "input_type": node.input.type,
        "output_type": node.output.type,
        "configuration": stored["configuration"],
        "metadata": stored["metadata"],
        "input_fields": show_fields(node.input),
        "output_fields": show_fields(node.output),
    }


def plan_of(db: sqlite3.Connection, pipeline: sqlite3.Row, graph: dict[str, Any]) -> Plan:
    """Returns the checked graph of a version, with what its objects refer to now.

    Raises:
        ApiError: It is not valid, or not any more.
    """
    settings = json.loads(pipeline["settings"])
    nodes = [resolve(db, stored) for stored in graph["objects"]]
    return make_plan(nodes, graph["attachments"], form_of(settings, "input"), form_of(settings, "output"))

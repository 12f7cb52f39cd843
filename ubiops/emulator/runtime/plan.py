"""What is needed to run a version, read from the database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments import environments, instance_types
from ubiops.emulator.areas.deployments.inherited import code_file, variables_of
from ubiops.emulator.areas.deployments.version_states import active_revision, is_building
from ubiops.emulator.core.auth import strip_prefix
from ubiops.emulator.runtime.interpreters import NO_IMAGE, Interpreter, interpreter_for

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.deployments.instance_types import InstanceTypeGroup
    from ubiops.emulator.core.backend import Backend

PREFIX = "/v2.1"
# An emulator that accepts any token accepts this one.
ANY_TOKEN = "Token local-emulator"  # noqa: S105
NOT_AVAILABLE = "The version is not available: it has no revision that was built"
_MEGABYTE = 1024**2


@dataclass(frozen=True)
class Plan:
    """How a version is run. Two that are equal need no other instances.

    Attributes:
        refusal: Why the version can't be run, for the callers of its requests.
        revision: The id of the active revision.
        file: The stored name of its package.
        code_file: The name of the file with the code, if it isn't the usual one.
        interpreter: The interpreter and the packages of the environment.
        variables: All environment variables.
        secrets: The values of secret ones.
        context: What ``Deployment`` gets, but for process_id.
        labels: The labels of log entries, but for those of an instance or request.
        input_fields: Names and types of the inputs; None if they are plain.
        output_fields: Names and types of the outputs; None if they are plain.
        processes: The number of processes of an instance.
        memory: The memory of an instance in bytes.
        instance_type: The name of its instance type.
        minimum: The least number of instances.
        maximum: The largest number of instances.
        idle_time: Seconds until an idle instance stops.
        building: Whether a build of the version has not finished.
    """

    project: str
    version: int
    refusal: str | None = None
    revision: str = ""
    file: str = ""
    code_file: str | None = None
    interpreter: Interpreter = field(default_factory=Interpreter)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    context: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    input_fields: dict[str, str] | None = None
    output_fields: dict[str, str] | None = None
    processes: int = 1
    memory: int = 0
    instance_type: str = ""
    minimum: int = field(default=0, compare=False)
    maximum: int = field(default=1, compare=False)
    idle_time: float = field(default=300, compare=False)
    building: bool = field(default=False, compare=False)

    @property
    def is_temporary(self) -> bool:
        """Whether the version may be refused only until it is built."""
        return self.refusal == NOT_AVAILABLE and self.building


def load_plan(backend: Backend, version: int) -> Plan | None:
    """Returns how a version is run at present, or None if it doesn't exist."""
    with backend.storage.reading() as db:
        row = db.execute("SELECT * FROM versions WHERE pk = ?", (version,)).fetchone()
        if row is None:
            return None
        deployment = db.execute("SELECT * FROM deployments WHERE pk = ?", (row["deployment"],)).fetchone()
        project = deployment["project"]
        settings, of_deployment = json.loads(row["settings"]), json.loads(deployment["settings"])
        revision = active_revision(db, backend.clock.now(), version)
        building = is_building(db, backend.clock.now(), version)
        interpreter = interpreter_for(db, row, backend.clock.now())
        environment = environments.of_version(db, row, backend.clock.now())
        variables = variables_of(db, project, row)
        group = _group(db, project, settings["instance_type_group_id"])
        project_row = db.execute("SELECT id FROM projects WHERE name = ?", (project,)).fetchone()
    limits: dict[str, Any] = {
        "processes": max(1, settings.get("instance_processes") or 1),
        "memory": _memory(group.instance_type),
        "instance_type": group.instance_type,
        "minimum": settings.get("minimum_instances") or 0,
        "maximum": max(1, settings.get("maximum_instances") or 1),
        "idle_time": settings.get("maximum_idle_time") or 300,
        "building": building,
    }
    labels = {
        "deployment_id": deployment["id"],
        "deployment_name": deployment["name"],
        "deployment_version_id": row["id"],
        "deployment_version": row["name"],
        "deployment_version_revision_id": revision["id"] if revision else "",
        "environment_name": settings["environment"],
        "environment_tag": environment.tag,
    }
    if not of_deployment.get("supports_request_format", True):
        return Plan(project, version, NO_IMAGE, labels=labels)
    if revision is None:
        return Plan(project, version, NOT_AVAILABLE, labels=labels, **limits)
    fields = {side: _fields(of_deployment, side) for side in ("input", "output")}
    return Plan(
        project=project,
        version=version,
        refusal=interpreter.refusal,
        revision=revision["id"],
        file=revision["file"],
        code_file=code_file(variables.values),
        interpreter=interpreter,
        variables={**_given(backend), **variables.values},
        secrets=variables.secrets,
        context={
            "project": project,
            "project_id": project_row["id"] if project_row else "",
            "deployment": deployment["name"],
            "deployment_id": deployment["id"],
            "version": row["name"],
            "version_id": row["id"],
            "input_type": of_deployment.get("input_type"),
            "output_type": of_deployment.get("output_type"),
            "input_fields": list(fields["input"] or ()),
            "output_fields": list(fields["output"] or ()),
            "language": "python{}.{}".format(*environment.environment.version),
            "environment_variables": variables.own,
        },
        labels=labels,
        input_fields=fields["input"],
        output_fields=fields["output"],
        **limits,
    )


def _given(backend: Backend) -> dict[str, str]:
    """Returns the variables that lead to the API of this emulator."""
    tokens = backend.settings.tokens
    token = f"Token {strip_prefix(tokens[0])}" if tokens else ANY_TOKEN
    host = f"{backend.address}{PREFIX}"
    return {
        "INT_API_URL": host,
        "INT_API_TOKEN": token,
        "UBIOPS_API_HOST": host,
        "UBIOPS_API_TOKEN": token,
    }


def _fields(settings: dict[str, Any], side: str) -> dict[str, str] | None:
    if settings.get(f"{side}_type") != "structured":
        return None
    return {one["name"]: one["data_type"] for one in settings.get(f"{side}_fields") or ()}


def _group(db: sqlite3.Connection, project: str, identifier: str) -> InstanceTypeGroup:
    everywhere = instance_types.by_id(identifier)
    if everywhere is not None:
        return everywhere
    own = (group for group in instance_types.groups_of(db, project) if group.id == identifier)
    return next(own, instance_types.DEFAULT)


def _memory(instance_type: str) -> int:
    """Returns the bytes of memory of an instance type such as 512mb."""
    number = instance_type.partition("mb")[0]
    return int(number) * _MEGABYTE if number.isdigit() else 0

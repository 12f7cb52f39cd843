"""The instance types, and the groups of them that versions can run on.

Some groups exist in every project. A project can have further ones, which the area
instances creates.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.core.errors import bad_request

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


class InstanceTypeGroup(NamedTuple):
    """Hardware: its id, its name, and the name of the older instance type."""

    id: str
    name: str
    instance_type: str
    gpu: bool = False


GROUPS = (
    InstanceTypeGroup("3c9e50b7-1d84-4f2a-a6b3-82d7f0c4e915", "256 MB + 0.0625 vCPU", "256mb"),
    InstanceTypeGroup("f48b02d7-9e61-4a5c-b3d0-7c1e6a95f208", "512 MB + 0.125 vCPU", "512mb"),
    InstanceTypeGroup("2b6d8e14-f0a7-4c39-8b52-5e9c7d1a0f43", "1024 MB + 0.25 vCPU", "1024mb"),
    InstanceTypeGroup("91f7a4c2-6e3b-4d08-9c75-b40e8d2f1a63", "2048 MB + 0.5 vCPU", "2048mb"),
    InstanceTypeGroup("d05c8b36-e2f1-47a9-80d4-16f9a7c3b52e", "4096 MB + 1 vCPU", "4096mb"),
    InstanceTypeGroup("68e1d9f3-047a-4bc5-92e8-f5b20c7a4d16", "8192 MB + 2 vCPU", "8192mb"),
    InstanceTypeGroup("a7b3f05e-c918-4e62-b1d7-3d60e4829cf5", "16384 MB + 4 vCPU", "16384mb"),
    InstanceTypeGroup(
        "4e82c6d1-5b90-4f37-ae14-c7019f3d8b2a", "16384 MB + 4 vCPU + NVIDIA Tesla T4", "16384mb_t4", True
    ),
    InstanceTypeGroup(
        "b9d40f72-83ac-4156-9e0b-60c5e2a7f1d8", "32768 MB + 8 vCPU + NVIDIA Tesla T4", "32768mb_t4", True
    ),
)
DEFAULT = GROUPS[1]
# The fields that choose a group, the attribute that each of them names, and its title
# in errors. The id is the most reliable of them, so it comes first.
_FIELDS = (
    ("instance_type_group_id", "id", "instance type group with the id"),
    ("instance_type_group_name", "name", "instance type group with the name"),
    ("instance_type", "instance_type", "instance type"),
)


class InstanceType(NamedTuple):
    """Hardware of one kind. Memory is in megabytes."""

    id: str
    name: str
    display_name: str
    memory: int
    gpu: bool


def _type(group: InstanceTypeGroup) -> InstanceType:
    name = group.instance_type
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"instance-type/{name}"))
    return InstanceType(identifier, name, group.name, int(name.partition("mb")[0]), group.gpu)


# Each group that exists everywhere has one type.
TYPES = {one.id: one for one in map(_type, GROUPS)}


def by_id(identifier: str) -> InstanceTypeGroup | None:
    """Returns the group of this id that exists everywhere, or None."""
    return next((group for group in GROUPS if group.id == identifier.lower()), None)


def groups_of(db: sqlite3.Connection, project: str) -> list[InstanceTypeGroup]:
    """Returns the groups of a project, those that exist everywhere first."""
    rows = db.execute("SELECT * FROM instance_type_groups WHERE project = ? ORDER BY pk", (project,))
    return [*GROUPS, *map(_own_group, rows)]


def _own_group(row: sqlite3.Row) -> InstanceTypeGroup:
    types = [TYPES[item["id"]] for item in json.loads(row["settings"])["instance_types"]]
    return InstanceTypeGroup(row["id"], row["name"], types[0].name, any(one.gpu for one in types))


def with_group(context: RequestContext) -> RequestContext:
    """Replaces what a request says of a group by the id of the group.

    Raises:
        ApiError: There is no such group.
    """
    given = [field for field, _, _ in _FIELDS if field in context.body]
    if not given:
        return context
    with context.reading() as db:
        group = _requested(context.body, groups_of(db, context.project))
    others = {name: value for name, value in context.body.items() if name not in given}
    return replace(context, body={**others, "instance_type_group_id": group.id})


def _requested(body: dict[str, Any], groups: list[InstanceTypeGroup]) -> InstanceTypeGroup:
    field, attribute, title = next(one for one in _FIELDS if one[0] in body)
    wanted = body[field].lower() if attribute == "id" else body[field]
    found = next((group for group in groups if getattr(group, attribute) == wanted), None)
    if found is None:
        known = ", ".join(repr(getattr(one, attribute)) for one in groups)
        raise bad_request(f"there is no {title} {body[field]!r}; there are {known}")
    return found

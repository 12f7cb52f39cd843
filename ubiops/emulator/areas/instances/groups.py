"""Instance types, and the groups of them in a project."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.instance_types import GROUPS, TYPES, InstanceType, InstanceTypeGroup, by_id
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.paging import page
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.validation import check_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

KIND = "Instance type group"
_SCHEDULE_TIMEOUT = 3600
# When the types and groups that exist everywhere were created is made up.
_CREATED = "2024-01-01T00:00:00.000000Z"
# Prices and sizes follow the examples of the platform's documentation. That a GPU costs
# nothing extra is a guess.
_MEMORY_PER_CPU = 4096
_STORAGE_PER_MEMORY = 4
_MEMORY_PER_CREDIT = 1024


class Groups(Resource):
    """The groups that were created in a project."""

    kind = KIND
    noun = "instance type group"
    table = "instance_type_groups"
    created_from = "InstanceTypeGroupCreate"
    shown_as = "InstanceTypeGroupList"
    path_parameter = "instance_type_group_id"
    identified_by = "id"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project."""
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the group."""
        return Subject(object_type="instance_type_group", object_name=row["name"])

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Replaces the types whole, in the order of their priority."""
        if "instance_types" not in body:
            return present
        items = [_stored(item, position) for position, item in enumerate(body["instance_types"])]
        identifiers = [item["id"] for item in items]
        if not items or len(set(identifiers)) < len(items):
            raise bad_request("instance_types must name at least one instance type, and each only once")
        return {"instance_types": sorted(items, key=lambda item: int(item["priority"]))}

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Rejects the names of groups that exist everywhere."""
        check_texts(self.created_from, {"name": name})
        if any(group.name == name for group in GROUPS):
            raise bad_request(f"{KIND} {name!r} already exists in every project")

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a group. Without a name it is named after its types (a guess)."""
        if "name" not in context.body:
            items = self.read(context.body, {})["instance_types"]
            name = ", else ".join(TYPES[item["id"]].display_name for item in items)
            if any(group.name == name for group in GROUPS):
                name = f"{name} (own)"
            context = replace(context, body={**context.body, "name": name[:256]})
        return self._unique(super().create, context)

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Renames a group, or replaces its types."""
        _check_own(context)
        return self._unique(super().update, context)

    def list_all(self, context: RequestContext) -> Any:
        """Lists the groups that exist everywhere and those of the project."""
        with context.reading() as db:
            own = self.serialize(db, context, self.rows(db, self.owner(db, context)))
        return page(context, [*map(_everywhere, GROUPS), *own])

    def get(self, context: RequestContext) -> dict[str, Any]:
        """Returns a group."""
        group = by_id(context.path[self.path_parameter])
        return _everywhere(group) if group else super().get(context)

    def delete(self, context: RequestContext) -> None:
        """Deletes a group that no version uses."""
        _check_own(context)
        with context.reading() as db:
            used = _versions(db, context.project, self.find(db, context)["id"])
        if used:
            deployment, version = used[0]["deployment_name"], used[0]["name"]
            raise ApiError(409, f"the group is used by version {version} of deployment {deployment}")
        super().delete(context)

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds what is known of the types."""
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "time_created": in_microseconds(row["created"]),
                "time_updated": in_microseconds(row["updated"]),
                "instance_types": [
                    {**_shown(TYPES[item["id"]]), **item} for item in self.from_row(row)["instance_types"]
                ],
            }
            for row in rows
        ]

    @staticmethod
    def _unique(call: Any, context: RequestContext) -> dict[str, Any]:
        try:
            found: dict[str, Any] = call(context)
        except ApiError as error:
            # These operations don't document a conflict.
            raise bad_request(error.message) if error.status == 409 else error from None
        return found


OWN_GROUPS = Groups()
handler("instance_type_groups_create")(OWN_GROUPS.create)
handler("instance_type_groups_list")(OWN_GROUPS.list_all)
handler("instance_type_groups_get")(OWN_GROUPS.get)
handler("instance_type_groups_update")(OWN_GROUPS.update)
handler("instance_type_groups_delete")(OWN_GROUPS.delete)


@handler("instance_types_list")
def list_types(context: RequestContext) -> dict[str, Any]:
    """Lists all instance types, which are the same in every project."""
    return page(context, [_shown(one) for one in TYPES.values()])


@handler("instance_type_groups_usage")
def list_usage(context: RequestContext) -> dict[str, Any]:
    """Lists the versions that use a group."""
    group = OWN_GROUPS.get(context)
    with context.reading() as db:
        rows = _versions(db, context.project, group["id"])
    return page(
        context,
        [
            {
                "id": row["id"],
                "deployment": row["deployment_name"],
                "version": row["name"],
                "instance_type_group_id": group["id"],
                "instance_type_group_name": group["name"],
            }
            for row in rows
        ],
    )


def _stored(item: dict[str, Any], position: int) -> dict[str, Any]:
    identifier = item["id"].lower()
    if identifier not in TYPES:
        raise bad_request(f"there is no instance type with the id {item['id']!r}; instance_types_list returns all")
    return {
        "id": identifier,
        "priority": item.get("priority", position),
        "schedule_timeout": item.get("schedule_timeout", _SCHEDULE_TIMEOUT),
    }


def _check_own(context: RequestContext) -> None:
    group = by_id(context.path["instance_type_group_id"])
    if group is not None:
        raise bad_request(f"the group {group.name!r} exists in every project and can be neither changed nor deleted")


def _versions(db: sqlite3.Connection, project: str, group: str) -> list[sqlite3.Row]:
    rows = db.execute(
        "SELECT versions.*, deployments.name AS deployment_name FROM versions"
        " JOIN deployments ON deployments.pk = versions.deployment WHERE project = ? ORDER BY versions.pk",
        (project,),
    )
    return [row for row in rows if json.loads(row["settings"])["instance_type_group_id"] == group]


def _everywhere(group: InstanceTypeGroup) -> dict[str, Any]:
    item = {"priority": 0, "schedule_timeout": _SCHEDULE_TIMEOUT}
    types = [{**_shown(one), **item} for one in TYPES.values() if one.name == group.instance_type]
    return {
        "id": group.id,
        "name": group.name,
        "time_created": _CREATED,
        "time_updated": _CREATED,
        "instance_types": types,
    }


def _shown(one: InstanceType) -> dict[str, Any]:
    return {
        "id": one.id,
        "time_created": _CREATED,
        "name": one.name,
        "display_name": one.display_name,
        "cpu": one.memory / _MEMORY_PER_CPU,
        "memory": float(one.memory),
        "storage": float(one.memory * _STORAGE_PER_MEMORY),
        "accelerator": float(one.gpu),
        "credit_rate": one.memory / _MEMORY_PER_CREDIT,
        "dedicated_node": False,
        "node_pool": {"cluster": {"type": "local"}},
    }

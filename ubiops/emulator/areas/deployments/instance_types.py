"""The instance type groups that versions can run on."""

from __future__ import annotations

from typing import Any, NamedTuple

from ubiops.emulator.core.errors import bad_request


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


def find(attribute: str, value: str) -> InstanceTypeGroup | None:
    """Returns the first group with this id, name or old name, or None."""
    return next((group for group in GROUPS if getattr(group, attribute) == value), None)


def by_id(identifier: str) -> InstanceTypeGroup | None:
    """Returns the group of this id, or None."""
    return find("id", identifier.lower())


def requested(body: dict[str, Any]) -> InstanceTypeGroup | None:
    """Returns the group that a request asks for, or None if it asks for none.

    Raises:
        ApiError: There is no such group.
    """
    for field, attribute, title in _FIELDS:
        if field in body:
            group = find(attribute, body[field].lower() if attribute == "id" else body[field])
            if group is None:
                known = ", ".join(repr(getattr(one, attribute)) for one in GROUPS)
                raise bad_request(f"there is no {title} {body[field]!r}; there are {known}")
            return group
    return None

"""The instance type groups that versions can run on."""

from __future__ import annotations

from typing import NamedTuple


class InstanceTypeGroup(NamedTuple):
    """Hardware under its id, its name, and the name that it had before there were groups."""

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


def find(attribute: str, value: str) -> InstanceTypeGroup | None:
    """The first group with this id, name or old name, or None if there is none."""
    return next((group for group in GROUPS if getattr(group, attribute) == value), None)


def by_id(identifier: str) -> InstanceTypeGroup | None:
    """The group of this id, or None if there is none."""
    return find("id", identifier.lower())

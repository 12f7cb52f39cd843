"""Fields that are given by position, as the official client accepts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from ubiops.models._base import Model

LEADING = {
    "DeploymentCreate": 2,
    "DeploymentCreateResponse": 2,
    "DeploymentDetail": 2,
    "DeploymentList": 2,
    "DeploymentRequestDetail": 8,
    "DeploymentRequestSingleDetail": 8,
    "DeploymentVersionCreate": 2,
    "DeploymentVersionDetail": 5,
    "DeploymentVersionList": 5,
    "DeploymentVersionUpdate": 2,
    "EnvironmentCreate": 1,
    "EnvironmentList": 2,
    "EnvironmentUpdate": 0,
    "ExperimentCreate": 2,
    "ExperimentDetail": 3,
    "ExperimentList": 2,
    "ExperimentUpdate": 2,
    "ExportCreate": 4,
    "InstanceDetail": 2,
    "InstanceList": 2,
    "PipelineRequestDeploymentRequest": 1,
    "PipelineRequestOperatorRequest": 1,
    "PipelineRequestPipelineRequest": 1,
    "PipelineVersionCreate": 5,
    "PipelineVersionDetail": 10,
    "PipelineVersionUpdate": 5,
    "ProjectDetail": 6,
    "ProjectInstanceList": 2,
    "QuotaDetail": 0,
    "ServiceUserList": 3,
    "ServiceUserTokenDetail": 2,
}
"""The number of fields whose position is the same in both generations of the official
client, for models in which not all are. ``test/migration`` compares it with them."""


def by_name(cls: type[Model], args: tuple[Any, ...], fields: dict[str, Any]) -> dict[str, Any]:
    """Returns all fields by name.

    Raises:
        ubiops.ApiTypeError: There are too many positional fields, or one is given by
            name as well.
    """
    names = list(cls._by_name)
    if len(args) == 1 and isinstance(args[0], Mapping):
        raise ApiTypeError(
            f"{cls.__name__} takes the fields of a dict as {cls.__name__}(**data), or {cls.__name__}.from_dict(data)"
        )
    accepted = names[: LEADING.get(cls.__name__, len(names))]
    if len(args) > len(accepted):
        example = f"{cls.__name__}({names[0] if names else 'name'}=...)"
        count = f"only its first {len(accepted)}" if accepted else "none"
        why = (
            f"takes {count} of its fields by position, because the order of the others depends on the API's generation"
            if len(accepted) < len(names)
            else f"has {len(names)} fields, got {len(args)}"
        )
        raise ApiTypeError(f"{cls.__name__} {why}; give fields by name, as in {example}")
    for name in accepted[: len(args)]:
        if name in fields:
            raise ApiTypeError(f"{cls.__name__} got the field {name!r} by position and by name")
    return {**dict(zip(accepted, args)), **fields}

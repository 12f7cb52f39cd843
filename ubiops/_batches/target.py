"""Where requests go: a deployment or a pipeline, and perhaps one version of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops.api.core_api import CoreApi


@dataclass(frozen=True)
class Target:
    """A deployment or a pipeline.

    Attributes:
        kind: ``deployment`` or ``pipeline``.
        project: The name of the project.
        name: The name of the deployment or pipeline.
        version: The name of the version; None for the default version.
    """

    kind: str
    project: str
    name: str
    version: str | None

    def check(self, caller: str) -> None:
        """Checks the names.

        Raises:
            ubiops.ApiTypeError: One is not a string.
            ubiops.ApiValueError: One is empty.
        """
        names = {"project_name": self.project, f"{self.kind}_name": self.name}
        if self.version is not None:
            names["version"] = self.version
        for name, value in names.items():
            if not isinstance(value, str):
                raise ApiTypeError(f"{caller}(): {name!r} must be a string, got {type(value).__name__}")
            if not value:
                raise ApiValueError(f"{caller}(): {name!r} must not be empty")

    def create(self, api: CoreApi, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
        """Creates requests for some inputs, or none of them."""
        if self.kind == "pipeline":
            if self.version is None:
                return api.batch_pipeline_requests_create(self.project, self.name, inputs, **options)
            return api.batch_pipeline_version_requests_create(self.project, self.name, self.version, inputs, **options)
        if self.version is None:
            return api.batch_deployment_requests_create(self.project, self.name, inputs, **options)
        return api.batch_deployment_version_requests_create(self.project, self.name, self.version, inputs, **options)

    def collect(self, api: CoreApi, ids: Sequence[str]) -> Any:
        """Gets requests; fails if one does not exist."""
        if self.kind == "pipeline":
            if self.version is None:
                return api.pipeline_requests_batch_get(self.project, self.name, ids)
            return api.pipeline_version_requests_batch_get(self.project, self.name, self.version, ids)
        if self.version is None:
            return api.deployment_requests_batch_get(self.project, self.name, ids)
        return api.deployment_version_requests_batch_get(self.project, self.name, self.version, ids)

"""Waiting until something has finished, such as a build or a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._waiting.updates import StatusUpdate
from ubiops.utils._wait_for_builds import (
    wait_for_deployment_version,
    wait_for_environment,
    wait_for_experiment,
    wait_for_revision,
)
from ubiops.utils._wait_for_requests import (
    wait_for_deployment_request,
    wait_for_deployment_version_request,
    wait_for_experiment_run,
    wait_for_export,
    wait_for_import,
    wait_for_pipeline_request,
    wait_for_pipeline_version_request,
)

__all__ = [
    "StatusUpdate",
    "wait_for_deployment_request",
    "wait_for_deployment_version",
    "wait_for_deployment_version_request",
    "wait_for_environment",
    "wait_for_experiment",
    "wait_for_experiment_run",
    "wait_for_export",
    "wait_for_import",
    "wait_for_pipeline_request",
    "wait_for_pipeline_version_request",
    "wait_for_revision",
]


if not TYPE_CHECKING:
    # Hidden from type checkers, which would take it to mean that every name exists.
    def __getattr__(name: str) -> object:
        from ubiops._signposts import missing_name

        raise missing_name(__name__, name, __all__)

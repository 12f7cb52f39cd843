"""The helpers of ``ubiops.utils`` for the async client, under the same names.

Import it by its name: ``import ubiops.aio.utils``, or ``from ubiops.aio.utils import
wait_for_revision``. All arguments are those of the blocking functions, except that the
client is an async one. Cancel a task to end what it does.
"""

from __future__ import annotations

from ubiops.aio._wait_for import (
    wait_for_deployment_request,
    wait_for_deployment_version,
    wait_for_deployment_version_request,
    wait_for_environment,
    wait_for_experiment,
    wait_for_experiment_run,
    wait_for_export,
    wait_for_import,
    wait_for_pipeline_request,
    wait_for_pipeline_version_request,
    wait_for_revision,
)

__all__ = [
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

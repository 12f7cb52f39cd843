"""The helpers of ``ubiops.utils`` for the async client, under the same names.

Import it by its name: ``import ubiops.aio.utils``, or ``from ubiops.aio.utils import
upload_file``. All arguments are those of the blocking functions, except that the client
is an async one. Cancel a task to end what it does.
"""

from __future__ import annotations

from ubiops._batches.results import MapResult
from ubiops._deploying.environment import DeployedEnvironment
from ubiops._storage.uri import UbiOpsFile
from ubiops.aio._batches import RequestMap, map_pipeline_requests, map_requests
from ubiops.aio._deploying import deploy, deploy_environment
from ubiops.aio._file_operations import (
    download_file,
    download_files,
    handle_file_input,
    upload_file,
    upload_files,
)
from ubiops.aio._streaming import stream_deployment_request, stream_pipeline_request
from ubiops.aio._training import Training
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
from ubiops.utils.paging import Pages, paginate

__all__ = [
    "DeployedEnvironment",
    "MapResult",
    "Pages",
    "RequestMap",
    "Training",
    "UbiOpsFile",
    "deploy",
    "deploy_environment",
    "download_file",
    "download_files",
    "handle_file_input",
    "map_pipeline_requests",
    "map_requests",
    "paginate",
    "stream_deployment_request",
    "stream_pipeline_request",
    "upload_file",
    "upload_files",
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

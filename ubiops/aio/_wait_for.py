"""The functions of ``ubiops.utils.wait_for`` for the async client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from ubiops._waiting import builds, requests, transfers
from ubiops._waiting.polling import WaitOptions
from ubiops._waiting.steps import run_async
from ubiops.aio._helpers import async_api_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._waiting.updates import StatusUpdate
    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi
    from ubiops.models import (
        DeploymentRequestSingleDetail,
        DeploymentVersionDetail,
        EnvironmentList,
        EnvironmentTagList,
        ExportDetail,
        ImportDetail,
        PipelineRequestSingleDetail,
        RevisionList,
    )
    from ubiops.training import ExperimentDetail, ExperimentRunDetail


async def wait_for_deployment_version(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str,
    revision_id: str | None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[RevisionList]], object] | None = None,
) -> DeploymentVersionDetail:
    """Like ``ubiops.utils.wait_for_deployment_version``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_deployment_version")
    return await run_async(builds.deployment_version(api, options, project_name, deployment_name, version, revision_id))


async def wait_for_revision(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str,
    revision_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[RevisionList]], object] | None = None,
) -> RevisionList:
    """Like ``ubiops.utils.wait_for_revision``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_revision")
    return await run_async(builds.revision(api, options, project_name, deployment_name, version, revision_id))


@overload
async def wait_for_environment(
    client: ApiClient | CoreApi,
    project_name: str,
    environment_name: str,
    tag_name: None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[Any]], object] | None = None,
) -> EnvironmentList: ...
@overload
async def wait_for_environment(
    client: ApiClient | CoreApi,
    project_name: str,
    environment_name: str,
    tag_name: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[EnvironmentTagList]], object] | None = None,
) -> EnvironmentTagList: ...
async def wait_for_environment(
    client: ApiClient | CoreApi,
    project_name: str,
    environment_name: str,
    tag_name: str | None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[Any]], object] | None = None,
) -> EnvironmentList | EnvironmentTagList:
    """Like ``ubiops.utils.wait_for_environment``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_environment")
    found: EnvironmentList | EnvironmentTagList = await run_async(
        builds.environment(api, options, project_name, environment_name, tag_name)
    )
    return found


async def wait_for_experiment(
    client: ApiClient | CoreApi,
    project_name: str,
    experiment_name: str,
    revision_id: str | None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[RevisionList]], object] | None = None,
) -> ExperimentDetail:
    """Like ``ubiops.utils.wait_for_experiment``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_experiment")
    return await run_async(builds.experiment(api, options, project_name, experiment_name, revision_id))


async def wait_for_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    request_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[DeploymentRequestSingleDetail]], object] | None = None,
) -> DeploymentRequestSingleDetail:
    """Like ``ubiops.utils.wait_for_deployment_request``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_deployment_request")
    return await run_async(requests.deployment_request(api, options, project_name, deployment_name, request_id))


async def wait_for_deployment_version_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str,
    request_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[DeploymentRequestSingleDetail]], object] | None = None,
) -> DeploymentRequestSingleDetail:
    """Like ``ubiops.utils.wait_for_deployment_version_request``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_deployment_version_request")
    return await run_async(
        requests.deployment_version_request(api, options, project_name, deployment_name, version, request_id)
    )


async def wait_for_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    request_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[PipelineRequestSingleDetail]], object] | None = None,
) -> PipelineRequestSingleDetail:
    """Like ``ubiops.utils.wait_for_pipeline_request``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_pipeline_request")
    return await run_async(requests.pipeline_request(api, options, project_name, pipeline_name, request_id))


async def wait_for_pipeline_version_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str,
    request_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[PipelineRequestSingleDetail]], object] | None = None,
) -> PipelineRequestSingleDetail:
    """Like ``ubiops.utils.wait_for_pipeline_version_request``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_pipeline_version_request")
    return await run_async(
        requests.pipeline_version_request(api, options, project_name, pipeline_name, version, request_id)
    )


async def wait_for_experiment_run(
    client: ApiClient | CoreApi,
    project_name: str,
    experiment_name: str,
    run_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    *,
    on_status: Callable[[StatusUpdate[DeploymentRequestSingleDetail]], object] | None = None,
) -> ExperimentRunDetail:
    """Like ``ubiops.utils.wait_for_experiment_run``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = async_api_of(client, "wait_for_experiment_run")
    return await run_async(requests.experiment_run(api, options, project_name, experiment_name, run_id))


async def wait_for_export(
    client: ApiClient | CoreApi,
    project_name: str,
    export_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    *,
    on_status: Callable[[StatusUpdate[ExportDetail]], object] | None = None,
) -> ExportDetail:
    """Like ``ubiops.utils.wait_for_export``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status)
    api = async_api_of(client, "wait_for_export")
    return await run_async(transfers.export(api, options, project_name, export_id))


async def wait_for_import(
    client: ApiClient | CoreApi,
    project_name: str,
    import_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    *,
    on_status: Callable[[StatusUpdate[ImportDetail]], object] | None = None,
) -> ImportDetail:
    """Like ``ubiops.utils.wait_for_import``, to be awaited."""
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status)
    api = async_api_of(client, "wait_for_import")
    return await run_async(transfers.import_(api, options, project_name, import_id))

"""Waiting for requests, runs of experiments, exports and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._waiting import requests, transfers
from ubiops._waiting.polling import WaitOptions, core_api_of
from ubiops._waiting.steps import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._waiting.updates import StatusUpdate
    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.models import DeploymentRequestSingleDetail, ExportDetail, ImportDetail, PipelineRequestSingleDetail
    from ubiops.training import ExperimentRunDetail


def wait_for_deployment_request(
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
    """Waits until a request to a deployment has completed.

    Polls as ``wait_for_revision`` does, without the input and the result of the
    request. They are only part of what is returned.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        request_id: The id of the request.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the request, too, unless
            ``quiet``. Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the request
            and at each change. An exception that it raises ends the wait.

    Returns:
        The request with its result.

    Raises:
        ubiops.StatusError: The request failed or was cancelled.
        ubiops.WaitTimeoutError: The timeout expired. The request continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``deployment_requests_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_deployment_request")
    return run(requests.deployment_request(api, options, project_name, deployment_name, request_id))


def wait_for_deployment_version_request(
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
    """Waits until a request to a version of a deployment has completed.

    Polls as ``wait_for_deployment_request`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        request_id: The id of the request.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the request, too, unless
            ``quiet``. Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the request
            and at each change. An exception that it raises ends the wait.

    Returns:
        The request with its result.

    Raises:
        ubiops.StatusError: The request failed or was cancelled.
        ubiops.WaitTimeoutError: The timeout expired. The request continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``deployment_version_requests_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_deployment_version_request")
    return run(requests.deployment_version_request(api, options, project_name, deployment_name, version, request_id))


def wait_for_pipeline_request(
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
    """Waits until a request to a pipeline has completed.

    Polls as ``wait_for_deployment_request`` does. Log lines are shown in the order in
    which they were written, whatever object of the pipeline they come from.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        pipeline_name: The name of the pipeline.
        request_id: The id of the request.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the request in all objects of the
            pipeline, too, unless ``quiet``. Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the request
            and at each change. An exception that it raises ends the wait.

    Returns:
        The request with its result.

    Raises:
        ubiops.StatusError: The request failed or was cancelled.
        ubiops.WaitTimeoutError: The timeout expired. The request continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``pipeline_requests_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_pipeline_request")
    return run(requests.pipeline_request(api, options, project_name, pipeline_name, request_id))


def wait_for_pipeline_version_request(
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
    """Waits until a request to a version of a pipeline has completed.

    Polls as ``wait_for_pipeline_request`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        pipeline_name: The name of the pipeline.
        version: The name of the version.
        request_id: The id of the request.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the request in all objects of the
            pipeline, too, unless ``quiet``. Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the request
            and at each change. An exception that it raises ends the wait.

    Returns:
        The request with its result.

    Raises:
        ubiops.StatusError: The request failed or was cancelled.
        ubiops.WaitTimeoutError: The timeout expired. The request continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``pipeline_version_requests_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_pipeline_version_request")
    return run(requests.pipeline_version_request(api, options, project_name, pipeline_name, version, request_id))


def wait_for_experiment_run(
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
    """Waits until a run of an experiment has completed.

    Polls as ``wait_for_deployment_request`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        experiment_name: The name of the experiment.
        run_id: The id of the run.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the run, too, unless ``quiet``.
            Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the run and at
            each change. An exception that it raises ends the wait.

    Returns:
        The run with its result.

    Raises:
        ubiops.StatusError: The run failed or was cancelled.
        ubiops.WaitTimeoutError: The timeout expired. The run continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``deployment_version_requests_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_experiment_run")
    return run(requests.experiment_run(api, options, project_name, experiment_name, run_id))


def wait_for_export(
    client: ApiClient | CoreApi,
    project_name: str,
    export_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    *,
    on_status: Callable[[StatusUpdate[ExportDetail]], object] | None = None,
) -> ExportDetail:
    """Waits until an export has completed.

    Polls as ``wait_for_revision`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        export_id: The id of the export.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        on_status: Called with a ``StatusUpdate`` for the first status of the export and
            at each change. An exception that it raises ends the wait.

    Returns:
        The export.

    Raises:
        ubiops.StatusError: The export failed.
        ubiops.WaitTimeoutError: The timeout expired. The export continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operation: ``exports_get``.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status)
    api = core_api_of(client, "wait_for_export")
    return run(transfers.export(api, options, project_name, export_id))


def wait_for_import(
    client: ApiClient | CoreApi,
    project_name: str,
    import_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    *,
    on_status: Callable[[StatusUpdate[ImportDetail]], object] | None = None,
) -> ImportDetail:
    """Waits until an import has completed, or until it waits for its confirmation.

    Polls as ``wait_for_revision`` does. If the import is to be confirmed, the wait ends
    with the status ``confirmation``; confirm the import with ``imports_update``, and
    wait again.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        import_id: The id of the import.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        on_status: Called with a ``StatusUpdate`` for the first status of the import and
            at each change. An exception that it raises ends the wait.

    Returns:
        The import.

    Raises:
        ubiops.StatusError: The import failed.
        ubiops.WaitTimeoutError: The timeout expired. The import continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operation: ``imports_get``.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status)
    api = core_api_of(client, "wait_for_import")
    return run(transfers.import_(api, options, project_name, import_id))

"""Waiting for requests to deployments and pipelines, and for runs of experiments."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ubiops._waiting.logs import LogSearch, label_query
from ubiops._waiting.polling import Wait
from ubiops._waiting.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import DeploymentRequestSingleDetail, PipelineRequestSingleDetail
    from ubiops.training import ExperimentRunDetail


def deployment_request(
    api: CoreApi, options: WaitOptions, project_name: str, deployment_name: str, request_id: str
) -> Steps[DeploymentRequestSingleDetail]:
    """Waits for a request, as ``wait_for_deployment_request`` does."""
    __tracebackhide__ = True
    names = {"project_name": project_name, "deployment_name": deployment_name, "request_id": request_id}
    wait = Wait("wait_for_deployment_request", api, options, **names)
    get = partial(api.deployment_requests_get, project_name, deployment_name, request_id)
    query = label_query(deployment_name=deployment_name, deployment_request_id=request_id)
    found: DeploymentRequestSingleDetail = yield from _poll(
        wait, get, f"request {request_id} to {deployment_name}", query
    )
    return found


def deployment_version_request(
    api: CoreApi, options: WaitOptions, project_name: str, deployment_name: str, version: str, request_id: str
) -> Steps[DeploymentRequestSingleDetail]:
    """Waits for a request, as ``wait_for_deployment_version_request`` does."""
    __tracebackhide__ = True
    names = {
        "project_name": project_name,
        "deployment_name": deployment_name,
        "version": version,
        "request_id": request_id,
    }
    wait = Wait("wait_for_deployment_version_request", api, options, **names)
    get = partial(api.deployment_version_requests_get, project_name, deployment_name, request_id, version)
    query = label_query(deployment_name=deployment_name, deployment_version=version, deployment_request_id=request_id)
    found: DeploymentRequestSingleDetail = yield from _poll(
        wait, get, f"request {request_id} to {deployment_name} {version}", query
    )
    return found


def experiment_run(
    api: CoreApi, options: WaitOptions, project_name: str, experiment_name: str, run_id: str
) -> Steps[ExperimentRunDetail]:
    """Waits for a run, as ``wait_for_experiment_run`` does."""
    __tracebackhide__ = True
    from ubiops.training._models import run_detail
    from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME as DEPLOYMENT

    names = {"project_name": project_name, "experiment_name": experiment_name, "run_id": run_id}
    wait = Wait("wait_for_experiment_run", api, options, **names)
    get = partial(api.deployment_version_requests_get, project_name, DEPLOYMENT, run_id, experiment_name)
    query = label_query(deployment_name=DEPLOYMENT, deployment_version=experiment_name, deployment_request_id=run_id)
    found = yield from _poll(wait, get, f"run {run_id} of experiment {experiment_name}", query)
    return run_detail(found)


def pipeline_request(
    api: CoreApi, options: WaitOptions, project_name: str, pipeline_name: str, request_id: str
) -> Steps[PipelineRequestSingleDetail]:
    """Waits for a request, as ``wait_for_pipeline_request`` does."""
    __tracebackhide__ = True
    names = {"project_name": project_name, "pipeline_name": pipeline_name, "request_id": request_id}
    wait = Wait("wait_for_pipeline_request", api, options, **names)
    get = partial(api.pipeline_requests_get, project_name, pipeline_name, request_id)
    query = label_query(pipeline_name=pipeline_name, pipeline_request_id=request_id)
    found: PipelineRequestSingleDetail = yield from _poll(
        wait, get, f"request {request_id} to pipeline {pipeline_name}", query
    )
    return found


def pipeline_version_request(
    api: CoreApi, options: WaitOptions, project_name: str, pipeline_name: str, version: str, request_id: str
) -> Steps[PipelineRequestSingleDetail]:
    """Waits for a request, as ``wait_for_pipeline_version_request`` does."""
    __tracebackhide__ = True
    names = {
        "project_name": project_name,
        "pipeline_name": pipeline_name,
        "version": version,
        "request_id": request_id,
    }
    wait = Wait("wait_for_pipeline_version_request", api, options, **names)
    get = partial(api.pipeline_version_requests_get, project_name, pipeline_name, request_id, version)
    query = label_query(pipeline_name=pipeline_name, pipeline_version=version, pipeline_request_id=request_id)
    found: PipelineRequestSingleDetail = yield from _poll(
        wait, get, f"request {request_id} to pipeline {pipeline_name} {version}", query
    )
    return found


def _poll(wait: Wait, get: Callable[..., Any], what: str, query: str) -> Steps[Any]:
    """Polls without inputs and results, which may be large, and then gets them once."""
    __tracebackhide__ = True
    yield from wait.poll(
        lambda limit: get(metadata_only=True, _request_timeout=limit),
        label=what,
        hint=None if wait.shows_logs else "stream_logs=True shows the log lines",
        logs=LogSearch(query, "time_created"),
    )
    # The wait is over, so that this call has the configuration's timeouts.
    return (yield from step(get))

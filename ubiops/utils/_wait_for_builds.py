"""Waiting for builds of versions, environments and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from ubiops._waiting import builds
from ubiops._waiting.polling import WaitOptions, core_api_of
from ubiops._waiting.steps import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops._waiting.updates import StatusUpdate
    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.models import DeploymentVersionDetail, EnvironmentList, EnvironmentTagList, RevisionList
    from ubiops.training import ExperimentDetail


def wait_for_deployment_version(
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
    """Waits until the build of a version has succeeded.

    Polls the latest revision, or ``revision_id``, as ``wait_for_revision`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision to wait for. Default: the latest revision.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the build, too, unless ``quiet``.
            Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the revision
            and at each change. An exception that it raises ends the wait.

    Returns:
        The version after the build.

    Raises:
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive, or there is no revision.

    Operations: ``deployment_versions_get`` and ``revisions_get``; ``logs_list`` for the
    logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_deployment_version")
    return run(builds.deployment_version(api, options, project_name, deployment_name, version, revision_id))


def wait_for_revision(
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
    """Waits until the build of a revision has succeeded.

    Polls the revision: first after 0.1 seconds, then at increasing intervals of up to 5
    seconds. Shows the status and how long the wait has taken. A terminal or a notebook
    shows one line that is kept up to date. Elsewhere, and if the environment variable
    ``CI`` is set, a line is printed at each change and every 30 seconds.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the build, too, unless ``quiet``.
            Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the revision
            and at each change. An exception that it raises ends the wait.

    Returns:
        The revision after the build.

    Raises:
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive.

    Operations: ``revisions_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_revision")
    return run(builds.revision(api, options, project_name, deployment_name, version, revision_id))


@overload
def wait_for_environment(
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
def wait_for_environment(
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
def wait_for_environment(
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
    """Waits until the build of an environment has succeeded.

    Polls as ``wait_for_revision`` does: the tag ``tag_name``. Without it, the latest
    build of the environment in ``/v2.1``, and the first of its tags in ``/v2``. Returns
    at once for an environment of the platform.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        environment_name: The name of the environment.
        tag_name: The name of the tag to wait for. Default: none.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the build, too, unless ``quiet``.
            Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the build or
            tag and at each change. An exception that it raises ends the wait.

    Returns:
        The tag after the build; without ``tag_name``, the environment.

    Raises:
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive, or there is no build.

    Operations: ``environments_get`` and ``environment_builds_get``, or
    ``environment_tags_list`` and ``environment_tags_get``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_environment")
    found: EnvironmentList | EnvironmentTagList = run(
        builds.environment(api, options, project_name, environment_name, tag_name)
    )
    return found


def wait_for_experiment(
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
    """Waits until the build of an experiment has succeeded.

    Polls the latest revision of the experiment's version of the deployment ``training-
    base-deployment``, or ``revision_id``, as ``wait_for_revision`` does.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        experiment_name: The name of the experiment.
        revision_id: The id of the revision to wait for. Default: the latest revision.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log lines of the build, too, unless ``quiet``.
            Default: False.
        on_status: Called with a ``StatusUpdate`` for the first status of the revision
            and at each change. An exception that it raises ends the wait.

    Returns:
        The experiment after the build.

    Raises:
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: The timeout is not positive, or there is no revision.

    Operations: ``deployment_versions_get``, ``revisions_get`` and
    ``deployment_version_environment_variables_list``; ``logs_list`` for the logs.
    """
    __tracebackhide__ = True
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    api = core_api_of(client, "wait_for_experiment")
    return run(builds.experiment(api, options, project_name, experiment_name, revision_id))

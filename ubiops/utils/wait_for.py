"""Waiting until something has finished, such as a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._waiting.logs import LogSearch, label_query
from ubiops._waiting.polling import Wait
from ubiops._waiting.updates import StatusUpdate
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.models import DeploymentVersionDetail, RevisionList

__all__ = ["StatusUpdate", "wait_for_deployment_version", "wait_for_revision"]


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
    names = {"project_name": project_name, "deployment_name": deployment_name, "version": version}
    if revision_id is not None:
        names["revision_id"] = revision_id
    wait = Wait("wait_for_deployment_version", client, timeout, quiet, on_status, stream_logs=stream_logs, **names)
    get_version = wait.api.deployment_versions_get
    if revision_id is None:
        found = wait.call(
            lambda limit: get_version(project_name, deployment_name, version, _request_timeout=limit),
            subject=f"version {version!r} of deployment {deployment_name!r}",
        )
        revision_id = found.latest_revision
        if not revision_id:
            raise ApiValueError(
                f"version {version!r} of deployment {deployment_name!r} has no revision to wait for: "
                "upload a file first"
            )
    _poll_revision(wait, project_name, deployment_name, version, revision_id)
    # The wait is over, so that this call has the configuration's timeouts.
    return get_version(project_name, deployment_name, version)


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
    names = {
        "project_name": project_name,
        "deployment_name": deployment_name,
        "version": version,
        "revision_id": revision_id,
    }
    wait = Wait("wait_for_revision", client, timeout, quiet, on_status, stream_logs=stream_logs, **names)
    return _poll_revision(wait, **names)


def _poll_revision(wait: Wait, project_name: str, deployment_name: str, version: str, revision_id: str) -> RevisionList:
    __tracebackhide__ = True
    get_revision = wait.api.revisions_get
    wait.names["revision_id"] = revision_id
    return wait.poll(
        lambda limit: get_revision(project_name, deployment_name, revision_id, version, _request_timeout=limit),
        label=f"{deployment_name} {version}",
        subject=f"the build of revision {revision_id} of {deployment_name} {version}",
        hint="fix the deployment package and upload it again",
        logs=LogSearch(
            label_query(
                deployment_name=deployment_name, deployment_version=version, deployment_version_revision_id=revision_id
            )
        ),
    )


if not TYPE_CHECKING:
    # Hidden from type checkers, which would take it to mean that every name exists.
    def __getattr__(name: str) -> object:
        from ubiops._signposts import missing_name

        raise missing_name(__name__, name, __all__)

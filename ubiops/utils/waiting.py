"""Waiting until a build has come to its end."""

from __future__ import annotations

import warnings
from time import monotonic, sleep
from typing import TYPE_CHECKING

from ubiops._core.timeouts import check_seconds
from ubiops.api.core_api import CoreApi
from ubiops.exceptions import ApiException, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from ubiops.api_client import ApiClient
    from ubiops.models import DeploymentVersionDetail, RevisionList

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_FINAL = ("success", "failed")


def wait_for_deployment_version(
    client: ApiClient,
    project_name: str,
    deployment_name: str,
    version: str,
    revision_id: str | None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
) -> DeploymentVersionDetail:
    """Waits until a version is available: until the build of its latest revision, or of the given one, has succeeded.

    Args:
        client: The client that makes the calls; a ``CoreApi`` will do as well.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision to wait for. Default: the version's latest one.
        timeout: Seconds to wait at most. Default: 1800.
        quiet: Whether to print nothing; otherwise each change of status is printed in a line.
        stream_logs: Taken for the official client's sake. The build's logs are not among the API's operations that this
            version covers: True warns of it, and the changes of status are printed.

    Returns:
        The version as it is then.

    Raises:
        ubiops.ApiException: With status 504 when the time ran out; with status 0 when the build failed, and the build's
            own error message; otherwise what a call raised.
        ubiops.ApiValueError: The timeout is not above zero, or the version has no revision to wait for.

    Operations: ``deployment_versions_get`` and ``revisions_get``.
    """
    api = _core_api(client)
    found = api.deployment_versions_get(project_name, deployment_name, version)
    revision = revision_id or found.latest_revision
    if not revision:
        raise ApiValueError(
            f"version {version!r} of deployment {deployment_name!r} has no revision to wait for: upload a file first"
        )
    _wait(api, project_name, deployment_name, version, revision, timeout, quiet, stream_logs)
    return api.deployment_versions_get(project_name, deployment_name, version)


def wait_for_revision(
    client: ApiClient,
    project_name: str,
    deployment_name: str,
    version: str,
    revision_id: str,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
) -> RevisionList:
    """Waits until the build of a revision has succeeded.

    Args:
        client: The client that makes the calls; a ``CoreApi`` will do as well.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision.
        timeout: Seconds to wait at most. Default: 1800.
        quiet: Whether to print nothing; otherwise each change of status is printed in a line.
        stream_logs: Taken for the official client's sake. The build's logs are not among the API's operations that this
            version covers: True warns of it, and the changes of status are printed.

    Returns:
        The revision as it is then.

    Raises:
        ubiops.ApiException: With status 504 when the time ran out; with status 0 when the build failed, and the build's
            own error message; otherwise what a call raised.
        ubiops.ApiValueError: The timeout is not above zero.

    Operation: ``revisions_get``.
    """
    return _wait(_core_api(client), project_name, deployment_name, version, revision_id, timeout, quiet, stream_logs)


def _core_api(client: ApiClient | CoreApi) -> CoreApi:
    return client if isinstance(client, CoreApi) else CoreApi(client)


def _wait(
    api: CoreApi,
    project: str,
    deployment: str,
    version: str,
    revision_id: str,
    timeout: float,
    quiet: bool,
    stream_logs: bool,
) -> RevisionList:
    limit = check_seconds(timeout, "timeout")
    if limit is None:
        raise ApiTypeError("timeout takes a number of seconds, got None")
    if stream_logs:
        warnings.warn(
            "build logs can't be streamed with this version; the changes of status are shown", UserWarning, stacklevel=3
        )
    started = monotonic()
    pause = _FIRST_PAUSE
    status = None
    while True:
        revision = api.revisions_get(project, deployment, revision_id, version)
        seconds = monotonic() - started
        if revision.status != status:
            status = revision.status
            if stream_logs or not quiet:
                print(f"{deployment} {version}: {status} after {seconds:.1f} s", flush=True)  # noqa: T201 - asked for
        if status == "failed":
            raise ApiException(
                0,
                f"the build of revision {revision_id} of {deployment} {version} failed",
                message=revision.error_message or None,
                hint="mend the deployment package and upload it again",
            )
        if status in _FINAL:
            return revision
        if seconds + pause > limit:
            raise ApiException(
                504,
                f"the build of revision {revision_id} of {deployment} {version} is {status!r} after {seconds:.0f} s",
                hint="raise timeout, or ask revisions_get later: the build goes on",
            )
        sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)

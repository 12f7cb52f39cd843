"""Wait until a build has finished."""

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
    """Waits until a version is available, that is, until its build has succeeded.

    Polls the build of the latest revision, or of ``revision_id``, at increasing
    intervals.

    Args:
        client: The client that makes the calls; a ``CoreApi`` is accepted as well.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision to wait for. Default: the latest revision.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: If True, prints nothing. Otherwise, each change of status is printed.
        stream_logs: Accepted for compatibility with the official client. This version
            can't read build logs: if True, it warns and prints the changes of status.

    Returns:
        The version after the build.

    Raises:
        ubiops.ApiException: With status 504 if the timeout expired; with status 0 and
            the build's error message if the build failed; otherwise whatever a call
            raised.
        ubiops.ApiValueError: If the timeout is not positive, or the version has no
            revision.

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

    Polls the revision at increasing intervals.

    Args:
        client: The client that makes the calls; a ``CoreApi`` is accepted as well.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        revision_id: The id of the revision.
        timeout: Maximum time to wait, in seconds. Default: 1800.
        quiet: If True, prints nothing. Otherwise, each change of status is printed.
        stream_logs: Accepted for compatibility with the official client. This version
            can't read build logs: if True, it warns and prints the changes of status.

    Returns:
        The revision after the build.

    Raises:
        ubiops.ApiException: With status 504 if the timeout expired; with status 0 and
            the build's error message if the build failed; otherwise whatever a call
            raised.
        ubiops.ApiValueError: If the timeout is not positive.

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
        raise ApiTypeError("timeout must be a number of seconds, got None")
    if stream_logs:
        warnings.warn(
            "this version can't stream build logs; changes of status are printed instead", UserWarning, stacklevel=3
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
                print(f"{deployment} {version}: {status} after {seconds:.1f} s", flush=True)  # noqa: T201 - requested
        if status == "failed":
            raise ApiException(
                0,
                f"the build of revision {revision_id} of {deployment} {version} failed",
                message=revision.error_message or None,
                hint="fix the deployment package and upload it again",
            )
        if status in _FINAL:
            return revision
        if seconds + pause > limit:
            raise ApiException(
                504,
                f"the build of revision {revision_id} of {deployment} {version} "
                f"is still {status!r} after {seconds:.0f} s (timeout={limit:g})",
                hint="raise timeout, or call revisions_get later: the build continues",
            )
        sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)

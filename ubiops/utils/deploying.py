"""Deploying a folder: whatever is missing or different is created or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._deploying import deployment as _deployment
from ubiops._deploying import environment as _environment
from ubiops._deploying.environment import DeployedEnvironment
from ubiops._waiting.polling import WaitOptions, core_api_of
from ubiops._waiting.steps import run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from ubiops._packages.folder import PackageFolder
    from ubiops._waiting.updates import StatusUpdate
    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.models import (
        DeploymentCreate,
        DeploymentVersionCreate,
        DeploymentVersionDetail,
        EnvironmentCreate,
        RevisionList,
    )

__all__ = ["DeployedEnvironment", "deploy", "deploy_environment"]


def deploy(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str,
    folder: str | os.PathLike[str] | PackageFolder,
    deployment_settings: Mapping[str, Any] | DeploymentCreate | None = None,
    version_settings: Mapping[str, Any] | DeploymentVersionCreate | None = None,
    *,
    validate: bool = True,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    on_status: Callable[[StatusUpdate[RevisionList]], object] | None = None,
) -> DeploymentVersionDetail:
    """Deploys the code of a folder, and waits until it can handle requests.

    Creates the deployment and the version if they don't exist, updates their settings
    if they differ from those that are given, uploads the folder if it has changed, and
    waits for the build. Called again with nothing changed, it only reads.

    Whether the folder has changed is decided by a hash of the names and contents of its
    files. The hash of the last upload and its revision are kept in the label
    ``ubiops-package`` of the version, so that an upload by other means is noticed. A
    folder whose build has failed is uploaded again; a build that is under way is waited
    for.

    If a call fails, or after Ctrl-C, a deployment or version that was created by this
    call is deleted again, unless the folder has been uploaded. After a failed build
    they stay, with the logs of the build.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version.
        folder: The folder with the code, a ``PackageFolder``, or a zip archive.
        deployment_settings: The settings of the deployment, such as ``input_type`` and
            ``input_fields``. Settings that are not given are not changed. To create a
            deployment, its input type and output type are needed.
        version_settings: The settings of the version, such as ``environment``. Settings
            that are not given are not changed.
        validate: Whether to check the package first, as ``validate_package`` does.
        timeout: Maximum time to wait for the build, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log of the build.
        on_status: Called with a ``StatusUpdate`` for the first status of the build and
            at each change. An exception that it raises ends the wait.

    Returns:
        The version.

    Raises:
        PackageError: The package has problems, or can't be packed. Nothing was sent.
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: A setting is not valid, or can't be changed.

    Operations: ``deployments_create``, ``deployment_versions_create``,
    ``revisions_file_upload``, and those that get and update.
    """
    api = core_api_of(client, "deploy")
    wanted = _deployment.plan(
        project_name, deployment_name, version, folder, deployment_settings, version_settings, validate
    )
    return run(_deployment.deploy(api, wanted, WaitOptions(timeout, quiet, on_status, stream_logs)))


def deploy_environment(
    client: ApiClient | CoreApi,
    project_name: str,
    environment_name: str,
    folder: str | os.PathLike[str] | PackageFolder,
    base_environment: str | None = None,
    *,
    base_environment_tag: str = "v1",
    tag: str | None = None,
    settings: Mapping[str, Any] | EnvironmentCreate | None = None,
    timeout: float = 1800,
    quiet: bool = False,
    stream_logs: bool = False,
    on_status: Callable[[StatusUpdate[Any]], object] | None = None,
) -> DeployedEnvironment:
    """Deploys an environment with the packages that a folder lists, and waits until it
    is built.

    Creates the environment if it doesn't exist, updates its settings if they differ
    from those that are given, uploads the folder if it has changed, and waits for the
    build. Called again with nothing changed, it only reads.

    In ``/v2.1``, the hash of the last upload is kept in the label ``ubiops-package`` of
    the environment. In ``/v2``, a tag is built once: by default, the tag is named after
    the hash, so that other contents become another tag. If you choose the name, the
    hash is kept in the label ``ubiops-package-TAG``, and a tag with other contents is
    an error.

    If a call fails, or after Ctrl-C, an environment or tag that was created by this
    call is deleted again, unless the folder has been uploaded.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        environment_name: The name of the environment.
        folder: The folder with ``requirements.txt`` or ``ubiops.yaml``, or one of the
            files that the upload accepts, such as a zip archive.
        base_environment: The environment to build on, such as ``python3-11``. Default:
            none, for a Docker image.
        base_environment_tag: The tag of the base environment; used in ``/v2`` only.
        tag: The name of the tag, in ``/v2`` only. Default: named after the contents.
        settings: Further settings, such as ``description``. Settings that are not given
            are not changed.
        timeout: Maximum time to wait for the build, in seconds. Default: 1800.
        quiet: Whether to show nothing. Default: False, which shows the status.
        stream_logs: Whether to show the log of the build.
        on_status: Called with a ``StatusUpdate`` for the first status of the build and
            at each change.

    Returns:
        The environment; its ``version_settings`` are those of a version on it.

    Raises:
        PackageError: The folder can't be packed. Nothing was sent.
        ubiops.StatusError: The build failed.
        ubiops.WaitTimeoutError: The timeout expired. The build continues.
        ubiops.ApiException: A call failed.
        ubiops.ApiValueError: A setting is not valid, or can't be changed.

    Operations: ``environments_create``, ``environment_revisions_file_upload``,
    ``environment_tags_build``, and those that get and update.
    """
    api = core_api_of(client, "deploy_environment")
    wanted = _environment.plan(
        project_name, environment_name, folder, base_environment, base_environment_tag, tag, settings
    )
    return run(_environment.deploy_environment(api, wanted, WaitOptions(timeout, quiet, on_status, stream_logs)))

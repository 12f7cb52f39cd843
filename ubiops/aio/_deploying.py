"""The functions of ``ubiops.utils.deploying`` for the async client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ubiops._deploying import deployment as _deployment
from ubiops._deploying import environment as _environment
from ubiops._waiting.polling import WaitOptions
from ubiops._waiting.steps import run_async
from ubiops.aio._helpers import async_api_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from ubiops._deploying.environment import DeployedEnvironment
    from ubiops._packages.folder import PackageFolder
    from ubiops._waiting.updates import StatusUpdate
    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi
    from ubiops.models import (
        DeploymentCreate,
        DeploymentVersionCreate,
        DeploymentVersionDetail,
        EnvironmentCreate,
        RevisionList,
    )


async def deploy(
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
    """Like ``ubiops.utils.deploy``, to be awaited. The folder is read in a thread."""
    __tracebackhide__ = True
    api = async_api_of(client, "deploy")
    wanted = await asyncio.to_thread(
        _deployment.plan,
        project_name,
        deployment_name,
        version,
        folder,
        deployment_settings,
        version_settings,
        validate,
    )
    return await run_async(_deployment.deploy(api, wanted, WaitOptions(timeout, quiet, on_status, stream_logs)))


async def deploy_environment(
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
    """Like ``ubiops.utils.deploy_environment``, to be awaited."""
    __tracebackhide__ = True
    api = async_api_of(client, "deploy_environment")
    wanted = await asyncio.to_thread(
        _environment.plan,
        project_name,
        environment_name,
        folder,
        base_environment,
        base_environment_tag,
        tag,
        settings,
    )
    options = WaitOptions(timeout, quiet, on_status, stream_logs)
    return await run_async(_environment.deploy_environment(api, wanted, options))

"""Deploys a package: deployment, version, settings, upload, and the wait."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._deploying.objects import Created, get_or_create, remove_by
from ubiops._deploying.settings import LABEL, changes, labels_of, mark, read_settings, with_mark
from ubiops._deploying.source import Source
from ubiops._waiting import builds
from ubiops._waiting.polling import FAILED, SUCCEEDED
from ubiops._waiting.steps import step
from ubiops.exceptions import ApiValueError
from ubiops.models import DeploymentCreate, DeploymentVersionCreate

if TYPE_CHECKING:
    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import DeploymentDetail, DeploymentVersionDetail

_FIXED = ("input_type", "output_type", "supports_request_format")


class Plan(NamedTuple):
    """What is wanted.

    Attributes:
        project: The name of the project.
        deployment: The name of the deployment.
        version: The name of the version.
        source: What is uploaded.
        fingerprint: The fingerprint of its contents.
        of_deployment: The settings of the deployment.
        of_version: The settings of the version.
    """

    project: str
    deployment: str
    version: str
    source: Source
    fingerprint: str
    of_deployment: dict[str, Any]
    of_version: dict[str, Any]


def plan(
    project: str,
    deployment: str,
    version: str,
    folder: Any,
    deployment_settings: Any,
    version_settings: Any,
    validate: bool,
) -> Plan:
    """Checks what is wanted, and the package. Nothing is sent.

    Raises:
        PackageError: The package can't be packed, or has problems.
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: A setting is not valid.
    """
    of_deployment = read_settings(deployment_settings, DeploymentCreate, "deployment_settings", name=deployment)
    of_version = read_settings(version_settings, DeploymentVersionCreate, "version_settings", version=version)
    source = Source(folder)
    # Without the platform's requests, the code may be anything.
    if validate and of_deployment.get("supports_request_format") is not False:
        from ubiops.utils.package_operations import validate_package

        environment = of_version.get("environment") or of_version.get("environment_name")
        validate_package(source.value, environment).raise_for_problems()
    return Plan(project, deployment, version, source, source.fingerprint(), of_deployment, of_version)


def deploy(api: CoreApi, wanted: Plan, options: WaitOptions) -> Steps[DeploymentVersionDetail]:
    """Deploys, as ``ubiops.utils.deploy`` does."""
    __tracebackhide__ = True
    created = Created()
    try:
        version = yield from _prepare(api, wanted, created)
        revision = yield from _upload(api, wanted, version)
    except GeneratorExit:
        raise
    except BaseException:
        # Also after Ctrl-C.
        yield from created.remove()
        raise
    if revision is None:
        return version
    names = (wanted.project, wanted.deployment, wanted.version)
    yield from builds.revision(api, options, *names, revision)
    return (yield from step(partial(api.deployment_versions_get, *names)))


def _prepare(api: CoreApi, wanted: Plan, created: Created) -> Steps[DeploymentVersionDetail]:
    """Creates deployment and version, or changes their settings."""
    project, deployment, version = wanted[:3]
    found, is_new = yield from get_or_create(
        partial(api.deployments_get, project, deployment),
        partial(api.deployments_create, project, wanted.of_deployment),
    )
    if is_new:
        created.add(f"deployment {deployment!r}", partial(_remove_deployment, api, project, deployment))
    else:
        yield from _update_deployment(api, wanted, found)
    names = (project, deployment, version)
    current, is_new = yield from get_or_create(
        partial(api.deployment_versions_get, *names),
        partial(api.deployment_versions_create, project, deployment, wanted.of_version),
    )
    if is_new:
        created.add(f"version {version!r}", remove_by(api.deployment_versions_delete, *names))
    elif differing := changes(with_mark(wanted.of_version, current), current):
        current = yield from step(partial(api.deployment_versions_update, *names, differing))
    result: DeploymentVersionDetail = current
    return result


def _update_deployment(api: CoreApi, wanted: Plan, found: DeploymentDetail) -> Steps[None]:
    differing = changes(wanted.of_deployment, found)
    for name in _FIXED:
        if name in differing:
            raise ApiValueError(
                f"deployment {wanted.deployment!r} exists with {name}={getattr(found, name)!r}, which can't be "
                f"changed to {differing[name]!r}: delete the deployment first, or use another name"
            )
    if differing:
        yield from step(partial(api.deployments_update, wanted.project, wanted.deployment, differing))


def _remove_deployment(api: CoreApi, project: str, deployment: str) -> Steps[None]:
    """Deletes a deployment, unless another program has given it a version."""
    if not (yield from step(partial(api.deployment_versions_list, project, deployment))):
        yield from step(partial(api.deployments_delete, project, deployment))


def _upload(api: CoreApi, wanted: Plan, version: DeploymentVersionDetail) -> Steps[str | None]:
    """Uploads the package if it is not the one of the latest revision.

    Returns:
        The revision whose build is to be waited for; None if there is nothing to do.
    """
    names = (wanted.project, wanted.deployment, wanted.version)
    latest = version.latest_revision
    if latest and labels_of(version).get(LABEL) == mark(wanted.fingerprint, latest):
        if version.active_revision == latest:
            return None
        project, deployment, name = names
        revision = yield from step(partial(api.revisions_get, project, deployment, latest, name))
        if revision.status in SUCCEEDED:
            return None
        if revision.status not in FAILED:
            return latest
    receipt = yield from step(partial(api.revisions_file_upload, *names, file=wanted.source.value))
    uploaded: str = receipt.revision
    labels = {**labels_of(version), LABEL: mark(wanted.fingerprint, uploaded)}
    yield from step(partial(api.deployment_versions_update, *names, {"labels": labels}))
    return uploaded

"""Waiting for builds: of deployment versions, environments and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._waiting.logs import LogSearch, label_query
from ubiops._waiting.polling import Wait
from ubiops._waiting.steps import step
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import DeploymentVersionDetail, EnvironmentList, EnvironmentTagList, RevisionList
    from ubiops.training import ExperimentDetail


_PACKAGE_HINT = "fix the deployment package and upload it again"
_ENVIRONMENT_HINT = "fix the files of the environment and upload them again"


def revision(
    api: CoreApi, options: WaitOptions, project_name: str, deployment_name: str, version: str, revision_id: str
) -> Steps[RevisionList]:
    """Waits for the build of a revision, as ``wait_for_revision`` does."""
    __tracebackhide__ = True
    names = {
        "project_name": project_name,
        "deployment_name": deployment_name,
        "version": version,
        "revision_id": revision_id,
    }
    wait = Wait("wait_for_revision", api, options, **names)
    what = f"{deployment_name} {version}"
    return (yield from _poll_revision(wait, deployment_name, version, revision_id, what))


def deployment_version(
    api: CoreApi,
    options: WaitOptions,
    project_name: str,
    deployment_name: str,
    version: str,
    revision_id: str | None,
) -> Steps[DeploymentVersionDetail]:
    """Waits for the build of a version, as ``wait_for_deployment_version`` does."""
    __tracebackhide__ = True
    names = {"project_name": project_name, "deployment_name": deployment_name, "version": version}
    if revision_id is not None:
        names["revision_id"] = revision_id
    wait = Wait("wait_for_deployment_version", api, options, **names)
    what = f"version {version!r} of deployment {deployment_name!r}"
    revision_id = yield from _latest_revision(wait, deployment_name, version, revision_id, what)
    yield from _poll_revision(wait, deployment_name, version, revision_id, f"{deployment_name} {version}")
    # The wait is over, so that this call has the configuration's timeouts.
    return (yield from step(lambda: api.deployment_versions_get(project_name, deployment_name, version)))


def experiment(
    api: CoreApi, options: WaitOptions, project_name: str, experiment_name: str, revision_id: str | None
) -> Steps[ExperimentDetail]:
    """Waits for the build of an experiment, as ``wait_for_experiment`` does."""
    __tracebackhide__ = True
    from ubiops.training._experiments import get_experiment
    from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME as DEPLOYMENT

    names = {"project_name": project_name, "experiment_name": experiment_name}
    if revision_id is not None:
        names["revision_id"] = revision_id
    wait = Wait("wait_for_experiment", api, options, **names)
    what = f"experiment {experiment_name}"
    revision_id = yield from _latest_revision(wait, DEPLOYMENT, experiment_name, revision_id, what)
    yield from _poll_revision(wait, DEPLOYMENT, experiment_name, revision_id, what)
    return (yield from get_experiment(api, project_name, experiment_name))


def _latest_revision(wait: Wait, deployment_name: str, version: str, revision_id: str | None, what: str) -> Steps[str]:
    if revision_id is not None:
        return revision_id
    get, project_name = wait.api.deployment_versions_get, wait.names["project_name"]
    found = yield from wait.call(
        lambda limit: get(project_name, deployment_name, version, _request_timeout=limit), subject=what
    )
    latest = found.latest_revision
    if not latest:
        raise ApiValueError(f"{what} has no revision to wait for: upload a file first")
    return latest


def _poll_revision(wait: Wait, deployment_name: str, version: str, revision_id: str, what: str) -> Steps[RevisionList]:
    __tracebackhide__ = True
    get, project_name = wait.api.revisions_get, wait.names["project_name"]
    wait.names["revision_id"] = revision_id
    query = label_query(
        deployment_name=deployment_name, deployment_version=version, deployment_version_revision_id=revision_id
    )
    return (
        yield from wait.poll(
            lambda limit: get(project_name, deployment_name, revision_id, version, _request_timeout=limit),
            label=what,
            subject=f"the build of revision {revision_id} of {what}",
            hint=_PACKAGE_HINT,
            logs=LogSearch(query),
        )
    )


def environment(
    api: CoreApi, options: WaitOptions, project_name: str, environment_name: str, tag_name: str | None
) -> Steps[Any]:
    """Waits for the build of an environment, as ``wait_for_environment`` does.

    In ``/v2.1``, the latest build of the environment is polled; in ``/v2``, a tag.
    """
    __tracebackhide__ = True
    names = {"project_name": project_name, "environment_name": environment_name}
    if tag_name is not None:
        if isinstance(tag_name, (int, float)):
            # In official clients up to 4.12, the timeout is at this position.
            raise ApiTypeError(f"wait_for_environment(): 'tag_name' must be a string, got {tag_name!r}; use timeout=")
        names["tag_name"] = tag_name
    wait = Wait("wait_for_environment", api, options, **names)
    if tag_name is not None:
        return (yield from _poll_tag(wait, environment_name, tag_name))
    what = f"environment {environment_name}"
    found: EnvironmentList = yield from wait.call(
        lambda limit: api.environments_get(project_name, environment_name, _request_timeout=limit), subject=what
    )
    if found.latest_build and found.latest_revision:
        yield from _poll_build(wait, found)
    elif found.status is None:
        # Only /v2.1 has a status; without one, the tags have it.
        tags = yield from wait.call(
            lambda limit: api.environment_tags_list(project_name, environment_name, _request_timeout=limit),
            subject=what,
        )
        if not tags:
            raise ApiValueError(f"{what} has no tag to wait for: create one and build it first")
        # The official client waits for the first one, too.
        yield from _poll_tag(wait, environment_name, tags[0].name)
    elif found.project is not None and not found.system and found.status not in ("active", "available"):
        raise ApiValueError(f"{what} has no revision to wait for: upload a file first")
    else:
        # One of the platform, which is always ready.
        return found
    return (yield from step(lambda: api.environments_get(project_name, environment_name)))


def _poll_build(wait: Wait, found: EnvironmentList) -> Steps[Any]:
    __tracebackhide__ = True
    get, project_name = wait.api.environment_builds_get, wait.names["project_name"]
    name, build, revision_id = found.name, str(found.latest_build), str(found.latest_revision)
    wait.names["revision_id"] = revision_id
    return (
        yield from wait.poll(
            lambda limit: get(project_name, build, name, revision_id, _request_timeout=limit),
            label=f"environment {name}",
            subject=f"the build of revision {revision_id} of environment {name}",
            hint=_ENVIRONMENT_HINT,
            logs=LogSearch(label_query(environment_name=name, environment_build_id=build)),
        )
    )


def _poll_tag(wait: Wait, environment_name: str, tag_name: str) -> Steps[EnvironmentTagList]:
    __tracebackhide__ = True
    get, project_name = wait.api.environment_tags_get, wait.names["project_name"]
    wait.names["tag_name"] = tag_name
    return (
        yield from wait.poll(
            lambda limit: get(project_name, environment_name, tag_name, _request_timeout=limit),
            label=f"environment {environment_name}:{tag_name}",
            subject=f"the build of environment {environment_name}:{tag_name}",
            hint=_ENVIRONMENT_HINT,
            logs=LogSearch(label_query(environment_name=environment_name, environment_tag=tag_name)),
        )
    )

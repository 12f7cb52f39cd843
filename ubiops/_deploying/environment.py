"""Deploys an environment, in both generations of the API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._core.hosts import generation_of
from ubiops._deploying.objects import Created, get_or_create, remove_by
from ubiops._deploying.settings import LABEL, changes, labels_of, mark, read_settings, with_mark
from ubiops._deploying.source import Source
from ubiops._waiting import builds
from ubiops._waiting.polling import FAILED, SUCCEEDED
from ubiops._waiting.steps import step
from ubiops.exceptions import ApiValueError
from ubiops.models import EnvironmentCreate

if TYPE_CHECKING:
    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import EnvironmentList, EnvironmentTagList

_RUNNING = ("building", "processing", "queued")


@dataclass(frozen=True)
class DeployedEnvironment:
    """An environment that is ready.

    Attributes:
        name: The name of the environment.
        tag: The name of the tag in ``/v2``; None in ``/v2.1``.
        environment: The environment as the API returned it.
        tag_detail: The tag as the API returned it; None in ``/v2.1``.
    """

    name: str
    tag: str | None
    environment: EnvironmentList
    tag_detail: EnvironmentTagList | None = None

    @property
    def version_settings(self) -> dict[str, str]:
        """The settings of a version that runs on it."""
        if self.tag is None:
            return {"environment": self.name}
        return {"environment_name": self.name, "environment_tag": self.tag}


class EnvironmentPlan(NamedTuple):
    """What is wanted.

    Attributes:
        project: The name of the project.
        environment: The name of the environment.
        source: What is uploaded.
        base: The name of the base environment, if any.
        base_tag: The tag of the base environment in ``/v2``.
        tag: The name of the tag in ``/v2``; None for one that follows from the
            contents.
        settings: The settings of the environment.
    """

    project: str
    environment: str
    source: Source
    base: str | None
    base_tag: str
    tag: str | None
    settings: dict[str, Any]


def plan(
    project: str, environment: str, folder: Any, base: str | None, base_tag: str, tag: str | None, settings: Any
) -> EnvironmentPlan:
    """Checks what is wanted, and the files. Nothing is sent.

    Raises:
        PackageError: The folder can't be packed.
        ubiops.ApiTypeError: An argument has the wrong type.
        ubiops.ApiValueError: A setting is not valid.
    """
    wanted = read_settings(settings, EnvironmentCreate, "settings", name=environment)
    if wanted.setdefault("base_environment", base) != (base or wanted["base_environment"]):
        raise ApiValueError(f"'settings' has base_environment={wanted['base_environment']!r}, but this is {base!r}")
    base = wanted.pop("base_environment")
    # Checked as the field of the model is.
    read_settings({"base_environment": base}, EnvironmentCreate, "base_environment", name=environment)
    return EnvironmentPlan(project, environment, Source(folder, "environment_package"), base, base_tag, tag, wanted)


def deploy_environment(api: CoreApi, wanted: EnvironmentPlan, options: WaitOptions) -> Steps[DeployedEnvironment]:
    """Deploys an environment, as ``ubiops.utils.deploy_environment`` does."""
    __tracebackhide__ = True
    with_tags = generation_of(api.api_client.configuration.host)[1] == "v2"
    if wanted.tag is not None and not with_tags:
        raise ApiValueError("'tag' needs the API v2: in v2.1, environments have no tags")
    return (yield from (_deploy_tag if with_tags else _deploy_revision)(api, wanted, options))


def _deploy_revision(api: CoreApi, wanted: EnvironmentPlan, options: WaitOptions) -> Steps[DeployedEnvironment]:
    names = (wanted.project, wanted.environment)
    # Without a base, the base is not sent.
    base = {} if wanted.base is None else {"base_environment": wanted.base}
    fingerprint = wanted.source.fingerprint(wanted.base)
    created = Created()
    try:
        environment, is_new = yield from _prepare(api, wanted, created, base)
        if not is_new and base and environment.base_environment != wanted.base:
            raise ApiValueError(
                f"environment {wanted.environment!r} exists with base_environment={environment.base_environment!r}, "
                f"which can't be changed to {wanted.base!r}: delete the environment first, or use another name"
            )
        if not is_new:
            environment = yield from _update(api, wanted, environment)
            environment = (
                environment if environment.latest_revision else (yield from step(partial(api.environments_get, *names)))
            )
        waiting = yield from _upload(api, wanted, environment, fingerprint)
    except GeneratorExit:
        raise
    except BaseException:
        yield from created.remove()
        raise
    if waiting:
        environment = yield from builds.environment(api, options, *names, None)
    return DeployedEnvironment(wanted.environment, None, environment)


def _upload(api: CoreApi, wanted: EnvironmentPlan, environment: EnvironmentList, fingerprint: str) -> Steps[bool]:
    """Uploads the files if they are not those of the latest revision.

    Returns:
        Whether a build is to be waited for.
    """
    names = (wanted.project, wanted.environment)
    latest, build = environment.latest_revision, environment.latest_build
    if latest and build and labels_of(environment).get(LABEL) == mark(fingerprint, latest):
        if environment.active_build == build:
            return False
        found = yield from step(partial(api.environment_builds_get, wanted.project, build, wanted.environment, latest))
        if found.status not in FAILED:
            return found.status not in SUCCEEDED
    receipt = yield from step(partial(api.environment_revisions_file_upload, *names, file=wanted.source.value))
    labels = {**labels_of(environment), LABEL: mark(fingerprint, receipt.revision)}
    yield from step(partial(api.environments_update, *names, {"labels": labels}))
    return True


def _deploy_tag(api: CoreApi, wanted: EnvironmentPlan, options: WaitOptions) -> Steps[DeployedEnvironment]:
    names = (wanted.project, wanted.environment)
    base = {}
    if wanted.base is not None:
        base = {"base_environment_name": wanted.base, "base_environment_tag": wanted.base_tag}
    fingerprint = wanted.source.fingerprint(*base.values())
    tag = wanted.tag or f"content-{fingerprint[:16]}"
    created = Created()
    try:
        environment, is_new = yield from _prepare(api, wanted, created, {})
        if not is_new:
            environment = yield from _update(api, wanted, environment)
        found, is_new = yield from get_or_create(
            partial(api.environment_tags_get, *names, tag),
            partial(api.environment_tags_create, *names, {"name": tag}),
        )
        if is_new:
            created.add(f"tag {tag!r}", remove_by(api.environment_tags_delete, *names, tag))
        label, known = f"{LABEL}-{tag}", labels_of(environment)
        # The name of the tag says what it holds, unless the caller has chosen it.
        differs = wanted.tag is not None and known.get(label) != fingerprint
        if found.status in SUCCEEDED or found.status in _RUNNING:
            if differs:
                raise ApiValueError(
                    f"tag {tag!r} of environment {wanted.environment!r} was built from other files, or by other "
                    "means; a tag is built once: choose another name for the tag"
                )
        else:
            if differs:
                labels = {"labels": {**known, label: fingerprint}}
                environment = yield from step(partial(api.environments_update, *names, labels))
            yield from step(partial(api.environment_tags_build, *names, tag, file=wanted.source.value, **base))
    except GeneratorExit:
        raise
    except BaseException:
        yield from created.remove()
        raise
    if found.status not in SUCCEEDED:
        found = yield from builds.environment(api, options, *names, tag)
    return DeployedEnvironment(wanted.environment, tag, environment, found)


def _prepare(
    api: CoreApi, wanted: EnvironmentPlan, created: Created, base: dict[str, str]
) -> Steps[tuple[EnvironmentList, bool]]:
    """Gets the environment, or creates it; also returns whether it is new."""
    names = (wanted.project, wanted.environment)
    found, is_new = yield from get_or_create(
        partial(api.environments_get, *names),
        partial(api.environments_create, wanted.project, {**wanted.settings, **base}),
    )
    if is_new:
        created.add(f"environment {wanted.environment!r}", partial(_remove_environment, api, *names))
    elif found.system:
        raise ApiValueError(f"environment {wanted.environment!r} is one of the platform: choose another name")
    return found, is_new


def _update(api: CoreApi, wanted: EnvironmentPlan, found: EnvironmentList) -> Steps[EnvironmentList]:
    differing = changes(with_mark(wanted.settings, found), found)
    if differing:
        found = yield from step(partial(api.environments_update, wanted.project, wanted.environment, differing))
    return found


def _remove_environment(api: CoreApi, project: str, environment: str) -> Steps[None]:
    yield from step(partial(api.environments_delete, project, environment))

"""Experiments: versions of the training deployment, and the bucket of each."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

from ubiops._waiting import builds
from ubiops._waiting.steps import step
from ubiops.exceptions import ApiException, ApiTypeError, BadRequestError, NotFoundError
from ubiops.models._writing import given
from ubiops.training._errors import training_errors
from ubiops.training._models import ExperimentCreate, ExperimentDetail, ExperimentList, ExperimentUpdate, experiment_of
from ubiops.training.constants import (
    DEFAULT_BUCKET,
    DEFAULT_TRAINING_BUCKET_NAME,
    DEFAULT_TRAINING_DEPLOYMENT_NAME,
    TEMPLATE_DEPLOYMENT_NAME,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import DeploymentCreateResponse
    from ubiops.models._base import Model

    M = TypeVar("M", bound=Model)

_DEPLOYMENT_FIELDS = (
    "name",
    "description",
    "labels",
    "input_type",
    "output_type",
    "input_fields",
    "output_fields",
    "supports_request_format",
)
"""What of a template's details is part of a deployment; the rest is for its version."""


def read_data(cls: type[M], data: M | Mapping[str, Any], caller: str) -> M:
    """Returns the data of a call as a model.

    Raises:
        ubiops.ApiTypeError: It is something else.
    """
    if isinstance(data, cls):
        return data
    if isinstance(data, dict):
        return cls(**data)
    raise ApiTypeError(f"{caller}(): 'data' must be an {cls.__name__} or a dict, got {type(data).__name__}")


def initialize(api: CoreApi, project_name: str) -> Steps[DeploymentCreateResponse]:
    """Creates the training deployment, as ``Training.initialize`` does."""
    __tracebackhide__ = True
    with training_errors():
        template = yield from _find_template(api)
        data = {name: value for name, value in template.details.items() if name in _DEPLOYMENT_FIELDS}
        return (yield from step(lambda: api.deployments_create(project_name, data)))


def create_experiment(
    api: CoreApi,
    options: WaitOptions,
    project_name: str,
    data: ExperimentCreate | Mapping[str, Any],
    call_options: dict[str, Any],
) -> Steps[ExperimentList]:
    """Creates an experiment, as ``Training.experiments_create`` does."""
    __tracebackhide__ = True
    experiment = read_data(ExperimentCreate, data, "experiments_create")
    bucket = experiment.default_bucket or DEFAULT_BUCKET
    name = experiment.name
    values = {"request_retention_mode": "full", **given(experiment), "version": name}
    values.pop("name", None)
    values.pop("default_bucket", None)
    with training_errors():
        yield from _check_deployment(api, project_name)
        yield from _check_environment(api, project_name, experiment)
        yield from step(lambda: api.buckets_get(project_name, str(bucket)))
        template = yield from _find_template(api)
        deployment = DEFAULT_TRAINING_DEPLOYMENT_NAME
        yield from step(lambda: api.deployment_versions_create(project_name, deployment, values, **call_options))
        try:
            yield from _set_bucket(api, project_name, name, str(bucket))
            upload = partial(api.revisions_file_upload, template_deployment_id=template.id)
            uploaded = yield from step(lambda: upload(project_name, deployment, name))
        except BaseException:
            # Without its code it would be of no use, and its name would be taken.
            with contextlib.suppress(ApiException):
                yield from step(lambda: api.deployment_versions_delete(project_name, deployment, name))
            raise
        found = yield from builds.experiment(api, options, project_name, name, uploaded.revision)
    return ExperimentList.from_dict(
        {key: value for key, value in given(found).items() if key in ExperimentList.openapi_types}
    )


def get_experiment(
    api: CoreApi, project_name: str, experiment_name: str, **call_options: Any
) -> Steps[ExperimentDetail]:
    """Returns an experiment with its bucket."""
    __tracebackhide__ = True
    with training_errors():
        version = yield from step(
            lambda: api.deployment_versions_get(
                project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, experiment_name, **call_options
            )
        )
        bucket, _ = yield from find_bucket(api, project_name, experiment_name)
    return ExperimentDetail.from_dict(experiment_of(version, default_bucket=bucket))


def list_experiments(api: CoreApi, project_name: str, call_options: dict[str, Any]) -> Steps[list[ExperimentList]]:
    """Lists experiments, as ``Training.experiments_list`` does."""
    __tracebackhide__ = True
    with training_errors():
        versions = yield from step(
            lambda: api.deployment_versions_list(project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, **call_options)
        )
    return [ExperimentList.from_dict(experiment_of(version)) for version in versions]


def update_experiment(
    api: CoreApi,
    project_name: str,
    experiment_name: str,
    data: ExperimentUpdate | Mapping[str, Any],
    call_options: dict[str, Any],
) -> Steps[ExperimentDetail]:
    """Changes an experiment, as ``Training.experiments_update`` does."""
    __tracebackhide__ = True
    values = given(read_data(ExperimentUpdate, data, "experiments_update"))
    bucket = values.pop("default_bucket", None)
    if "name" in values:
        values["version"] = values.pop("name")
    with training_errors():
        if bucket is not None:
            yield from step(lambda: api.buckets_get(project_name, bucket))
            yield from _set_bucket(api, project_name, experiment_name, bucket)
        if values:
            yield from step(
                lambda: api.deployment_versions_update(
                    project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, experiment_name, values, **call_options
                )
            )
    return (yield from get_experiment(api, project_name, values.get("version", experiment_name)))


def delete_experiment(
    api: CoreApi, project_name: str, experiment_name: str, call_options: dict[str, Any]
) -> Steps[None]:
    """Deletes an experiment, as ``Training.experiments_delete`` does."""
    __tracebackhide__ = True
    with training_errors():
        yield from step(
            lambda: api.deployment_versions_delete(
                project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, experiment_name, **call_options
            )
        )


def call_for_experiment(method: Any, project_name: str, *arguments: Any, **options: Any) -> Steps[Any]:
    """Calls a method for the training deployment, with errors in its words."""
    __tracebackhide__ = True
    with training_errors():
        return (yield from step(lambda: method(project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, *arguments, **options)))


def find_bucket(api: CoreApi, project_name: str, experiment_name: str) -> Steps[tuple[str, str | None]]:
    """Returns the bucket of an experiment, and the id of the variable that names it."""
    variables = yield from step(
        lambda: api.deployment_version_environment_variables_list(
            project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, experiment_name
        )
    )
    for variable in variables:
        if variable.name == DEFAULT_TRAINING_BUCKET_NAME and variable.value:
            # One that is inherited belongs to the deployment or the project.
            own = variable.inheritance_type is None
            return variable.value, variable.id if own else None
    return DEFAULT_BUCKET, None


def _set_bucket(api: CoreApi, project_name: str, experiment_name: str, bucket: str) -> Steps[None]:
    deployment = DEFAULT_TRAINING_DEPLOYMENT_NAME
    data = {"name": DEFAULT_TRAINING_BUCKET_NAME, "value": bucket, "secret": False}
    _, identifier = yield from find_bucket(api, project_name, experiment_name)
    create = api.deployment_version_environment_variables_create
    update = api.deployment_version_environment_variables_update
    if identifier is None:
        yield from step(lambda: create(project_name, deployment, experiment_name, data))
    else:
        yield from step(lambda: update(project_name, deployment, identifier, experiment_name, data))


def _check_deployment(api: CoreApi, project_name: str) -> Steps[None]:
    __tracebackhide__ = True
    try:
        yield from step(lambda: api.deployments_get(project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME))
    except NotFoundError as error:
        raise BadRequestError(
            400,
            "Training disabled",
            message=f"project {project_name!r} has no deployment {DEFAULT_TRAINING_DEPLOYMENT_NAME!r}",
            hint=f"create it with initialize({project_name!r})",
        ) from error


def _check_environment(api: CoreApi, project_name: str, experiment: ExperimentCreate) -> Steps[None]:
    name, tag = experiment.environment or experiment.environment_name, experiment.environment_tag
    if isinstance(name, str):
        if isinstance(tag, str):
            yield from step(lambda: api.environment_tags_get(project_name, name, tag))
        else:
            yield from step(lambda: api.environments_get(project_name, name))


def _find_template(api: CoreApi) -> Steps[Any]:
    __tracebackhide__ = True
    templates = yield from step(api.template_deployments_list)
    for template in templates:
        if isinstance(template.details, dict) and template.details.get("name") == TEMPLATE_DEPLOYMENT_NAME:
            return template
    raise NotFoundError(
        404, "Template not found", message=f"the API has no template deployment {TEMPLATE_DEPLOYMENT_NAME!r}"
    )

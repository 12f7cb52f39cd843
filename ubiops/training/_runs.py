"""Runs: batch requests to the training deployment, and their files."""

from __future__ import annotations

import contextlib
import random
import string
from typing import TYPE_CHECKING, Any

from ubiops._storage.uri import UbiOpsFile
from ubiops._waiting.steps import step
from ubiops.exceptions import ApiException, ApiRequestError
from ubiops.training._errors import training_errors
from ubiops.training._experiments import find_bucket, read_data
from ubiops.training._models import (
    ExperimentRunCreate,
    ExperimentRunCreateResponse,
    ExperimentRunDetail,
    ExperimentRunList,
    run_detail,
    run_of,
)
from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi

_RANDOM = random.SystemRandom()


def create_run(
    api: CoreApi,
    store: Callable[..., Any],
    project_name: str,
    experiment_name: str,
    data: ExperimentRunCreate | Mapping[str, Any],
    call_options: dict[str, Any],
) -> Steps[ExperimentRunCreateResponse]:
    """Creates a run, as ``Training.experiment_runs_create`` does.

    Args:
        api: The API.
        store: ``handle_file_input``, which uploads a file and returns its URI.
        project_name: The name of the project.
        experiment_name: The name of the experiment.
        data: The run.
        call_options: The options of the call that creates the request.
    """
    __tracebackhide__ = True
    wanted = read_data(ExperimentRunCreate, data, "experiment_runs_create")
    deployment = DEFAULT_TRAINING_DEPLOYMENT_NAME
    with training_errors():
        found = yield from step(lambda: api.deployment_versions_get(project_name, deployment, experiment_name))
        if found.status != "available":
            raise ApiRequestError(
                500,
                "Creation Error",
                message=f"experiment {experiment_name!r} can't run: its status is {found.status!r}",
                hint="ubiops.utils.wait_for_experiment() waits for its build",
            )
        bucket, _ = yield from find_bucket(api, project_name, experiment_name)
        prefix = f"experiments/{experiment_name}/runs/{''.join(_RANDOM.choices(string.ascii_lowercase, k=8))}"
        item: dict[str, Any] = {"name": wanted.name, "description": wanted.description}
        uploaded: list[UbiOpsFile] = []
        try:
            for name, folder in (("training_code", "code"), ("training_data", "data")):
                item[name] = file = getattr(wanted, name)
                if file is not None:
                    item[name] = uri = yield from step(
                        lambda file=file, folder=folder: store(  # type: ignore[misc]
                            api, project_name, file, bucket, file_prefix=f"{prefix}/{folder}/"
                        )
                    )
                    if uri != file:
                        uploaded.append(UbiOpsFile.from_uri(uri))
            item["parameters"] = wanted.parameters
            create = api.batch_deployment_version_requests_create
            created = yield from step(lambda: create(project_name, deployment, experiment_name, [item], **call_options))
        except BaseException as error:
            if not isinstance(error, ApiException) or _was_rejected(error):
                yield from _discard(api, project_name, uploaded)
            raise
    return ExperimentRunCreateResponse.from_dict(run_of(created[0]))


def _was_rejected(error: ApiException) -> bool:
    """Returns whether the server did not create the run.

    Without a response it may have created it, and then the run needs its files.
    """
    return 400 <= (error.status or 0) < 500


def _discard(api: CoreApi, project_name: str, files: list[UbiOpsFile]) -> Steps[None]:
    for file in files:
        with contextlib.suppress(ApiException):
            yield from step(lambda file=file: api.files_delete(project_name, file.bucket, file.file))  # type: ignore[misc]


def get_run(
    api: CoreApi, project_name: str, experiment_name: str, run_id: str, call_options: dict[str, Any]
) -> Steps[ExperimentRunDetail]:
    """Returns a run, as ``Training.experiment_runs_get`` does."""
    __tracebackhide__ = True
    with training_errors():
        request = yield from step(
            lambda: api.deployment_version_requests_get(
                project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, run_id, experiment_name, **call_options
            )
        )
    return run_detail(request)


def list_runs(
    api: CoreApi, project_name: str, experiment_name: str, call_options: dict[str, Any]
) -> Steps[list[ExperimentRunList]]:
    """Lists runs, as ``Training.experiment_runs_list`` does."""
    __tracebackhide__ = True
    with training_errors():
        requests = yield from step(
            lambda: api.deployment_version_requests_list(
                project_name, DEFAULT_TRAINING_DEPLOYMENT_NAME, experiment_name, **call_options
            )
        )
    return [ExperimentRunList.from_dict(run_of(request)) for request in requests]

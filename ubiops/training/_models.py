"""The models of experiments and their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.models._base import Model, RequestModel, field
from ubiops.models._writing import given

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, Literal

    from ubiops.models._base import Null
    from ubiops.models.deployment_version_port import DeploymentVersionPort


class ExperimentCreate(RequestModel):
    """An experiment to create: where its runs are executed, and in which bucket their
    files are stored."""

    name: str = field(min_length=1)
    """Name of the experiment, unique in the project. Required."""
    environment: str | Null | None = field(default=None)
    """Name of the environment that the code runs on."""
    environment_name: str | Null | None = field(default=None)
    """Name of the environment, as ``environment`` is. API v2 only."""
    environment_tag: str | Null | None = field(default=None)
    """Tag of the environment, which names one of its builds. API v2 only."""
    instance_type: str | Null | None = field(default=None)
    """Old name of the hardware to run on. Use ``instance_type_group_id`` or
    ``instance_type_group_name`` instead."""
    instance_type_group_id: str | Null | None = field(default=None)
    """UUID of the instance type group to run on."""
    instance_type_group_name: str | Null | None = field(default=None)
    """Name of the instance type group to run on."""
    description: str | Null | None = field(default=None)
    """Purpose of the experiment."""
    labels: Mapping[str, str] | Null | None = field(default=None)
    """Labels, for filtering."""
    request_retention_time: int | Null | None = field(default=None)
    """How long runs are kept, in seconds."""
    request_retention_mode: Literal["none", "metadata", "full"] | Null | None = field(default=None)
    """What is kept of a run: ``full``, ``metadata`` or ``none``. Default: ``full``."""
    default_bucket: str | Null | None = field(default=None)
    """Name of the bucket for the files of runs. Default: ``default``."""


class ExperimentUpdate(RequestModel):
    """A change to an experiment. What is not given stays as it is."""

    name: str | Null | None = field(default=None, min_length=1)
    """New name of the experiment."""
    environment: str | Null | None = field(default=None)
    """Name of the environment that the code runs on."""
    environment_name: str | Null | None = field(default=None)
    """Name of the environment, as ``environment`` is. API v2 only."""
    environment_tag: str | Null | None = field(default=None)
    """Tag of the environment, which names one of its builds. API v2 only."""
    instance_type: str | Null | None = field(default=None)
    """Old name of the hardware to run on. Use ``instance_type_group_id`` or
    ``instance_type_group_name`` instead."""
    instance_type_group_id: str | Null | None = field(default=None)
    """UUID of the instance type group to run on."""
    instance_type_group_name: str | Null | None = field(default=None)
    """Name of the instance type group to run on."""
    description: str | Null | None = field(default=None)
    """Purpose of the experiment."""
    labels: Mapping[str, str] | Null | None = field(default=None)
    """Labels, for filtering."""
    default_bucket: str | Null | None = field(default=None)
    """Name of the bucket for the files of runs."""


class ExperimentDetail(Model):
    """An experiment with all its settings and its status."""

    id: str = field(default=None)
    """UUID of the experiment."""
    name: str = field(default=None)
    """Name of the experiment."""
    description: str = field(default=None)
    """Purpose of the experiment."""
    environment: str = field(default=None)
    """Name of the environment that the code runs on. API v2.1 only."""
    environment_display_name: str = field(default=None)
    """Display name of the environment. API v2.1 only."""
    environment_name: str = field(default=None)
    """Name of the environment that the code runs on. API v2 only."""
    environment_tag: str = field(default=None)
    """Tag of the environment that the code runs on. API v2 only."""
    status: str = field(default=None)
    """Whether runs can be created: only if it is ``available``."""
    active_revision: str | None = field(default=None)
    """UUID of the revision that handles runs. None before the first build."""
    latest_revision: str | None = field(default=None)
    """UUID of the newest revision."""
    instance_type: str = field(default=None)
    """Name of the hardware."""
    instance_type_group_id: str = field(default=None)
    """UUID of the instance type group."""
    instance_type_group_name: str = field(default=None)
    """Name of the instance type group."""
    maximum_instances: int = field(default=None)
    """Maximum number of instances."""
    minimum_instances: int = field(default=None)
    """Number of instances that keep running when idle."""
    maximum_idle_time: int = field(default=None)
    """Seconds until an idle instance is stopped."""
    labels: dict[str, str] = field(default=None)
    """Labels, for filtering."""
    creation_date: datetime = field(default=None)
    """Time at which the experiment was created."""
    last_updated: datetime = field(default=None)
    """Time of the last change."""
    request_retention_time: int = field(default=None)
    """How long runs are kept, in seconds."""
    request_retention_mode: str = field(default=None)
    """What is kept of a run."""
    maximum_queue_size: int = field(default=None)
    """Maximum number of waiting runs."""
    restart_request_interruption: bool = field(default=None)
    """Whether interrupted runs are started again."""
    ports: list[DeploymentVersionPort] = field(default=None)
    """Ports that are open."""
    last_file_upload: datetime | None = field(default=None)
    """Time of the last upload of code."""
    has_request_method: bool | None = field(default=None)
    """Whether the code has the method ``request``."""
    has_requests_method: bool | None = field(default=None)
    """Whether the code has the method ``requests``."""
    default_bucket: str = field(default=None)
    """Name of the bucket for the files of runs."""


class ExperimentList(Model):
    """An experiment in a list."""

    id: str = field(default=None)
    """UUID of the experiment."""
    name: str = field(default=None)
    """Name of the experiment."""
    environment: str = field(default=None)
    """Name of the environment that the code runs on. API v2.1 only."""
    environment_display_name: str = field(default=None)
    """Display name of the environment. API v2.1 only."""
    environment_name: str = field(default=None)
    """Name of the environment that the code runs on. API v2 only."""
    environment_tag: str = field(default=None)
    """Tag of the environment that the code runs on. API v2 only."""
    status: str = field(default=None)
    """Whether runs can be created: only if it is ``available``."""
    active_revision: str | None = field(default=None)
    """UUID of the revision that handles runs. None before the first build."""
    latest_revision: str | None = field(default=None)
    """UUID of the newest revision."""
    instance_type: str = field(default=None)
    """Name of the hardware."""
    labels: dict[str, str] = field(default=None)
    """Labels, for filtering."""
    creation_date: datetime = field(default=None)
    """Time at which the experiment was created."""
    last_updated: datetime = field(default=None)
    """Time of the last change."""


class ExperimentRunCreate(RequestModel):
    """A run to create: code that trains a model, and what it is called with."""

    name: str | Null | None = field(default=None)
    """Name of the run."""
    description: str | Null | None = field(default=None)
    """Purpose of the run."""
    training_code: str | Null | None = field(default=None)
    """The code: the path of a ``train.py`` or of a zip file that contains it, the path
    of a folder that contains it, or the URI of a file in a bucket."""
    training_data: str | Null | None = field(default=None)
    """The data: the path of a file or a folder, or the URI of a file in a bucket."""
    parameters: Mapping[str, Any] | Null | None = field(default=None, declared="dict(str, json)")
    """Parameters for the code."""


class ExperimentRunCreateResponse(Model):
    """A run that was created."""

    id: str = field(default=None)
    """UUID of the run."""
    experiment: str = field(default=None)
    """Name of the experiment."""
    status: str = field(default=None)
    """State of the run. ``completed``, ``failed`` and ``cancelled`` are final."""
    time_created: datetime = field(default=None)
    """Time at which the run was created."""


class ExperimentRunDetail(Model):
    """A run with its input and its result."""

    id: str = field(default=None)
    """UUID of the run."""
    experiment: str = field(default=None)
    """Name of the experiment."""
    status: str = field(default=None)
    """State of the run. ``completed``, ``failed`` and ``cancelled`` are final."""
    time_created: datetime = field(default=None)
    """Time at which the run was created."""
    time_started: datetime | None = field(default=None)
    """Time at which the run started. None before."""
    time_completed: datetime | None = field(default=None)
    """Time at which the run ended. None before."""
    error_message: str | None = field(default=None)
    """Why the run failed. None otherwise."""
    timeout: int = field(default=None)
    """Maximum time for the run, in seconds."""
    input_size: int | None = field(default=None)
    """Size of the input in bytes."""
    output_size: int | None = field(default=None)
    """Size of the output in bytes. None before the end."""
    request_data: Any = field(default=None)
    """The input: name, description, ``training_code`` and ``training_data`` as URIs,
    and parameters."""
    result: Any = field(default=None)
    """The result: ``artifact``, ``metadata``, ``metrics`` and
    ``additional_output_files``. None if there is none."""


class ExperimentRunList(Model):
    """A run in a list."""

    id: str = field(default=None)
    """UUID of the run."""
    experiment: str = field(default=None)
    """Name of the experiment."""
    status: str = field(default=None)
    """State of the run. ``completed``, ``failed`` and ``cancelled`` are final."""
    success: bool | None = field(default=None)
    """Whether the run was completed. Use ``status`` instead."""
    time_created: datetime = field(default=None)
    """Time at which the run was created."""
    time_started: datetime | None = field(default=None)
    """Time at which the run started. None before."""
    time_completed: datetime | None = field(default=None)
    """Time at which the run ended. None before."""


class ExperimentRunUpdate(RequestModel):
    """A change to a run: it can only be cancelled."""

    status: Literal["cancelled"] = field()
    """The new status, which can only be ``cancelled``. Required."""


def experiment_of(version: Model, **more: Any) -> dict[str, Any]:
    """Returns the fields of an experiment, from the version that it is."""
    values = {**given(version), **more}
    values.pop("deployment", None)
    values.pop("default", None)
    values["name"] = values.pop("version", None)
    return values


def run_of(request: Model) -> dict[str, Any]:
    """Returns the fields of a run, from the request that it is."""
    values = given(request)
    values.pop("deployment", None)
    values["experiment"] = values.pop("version", None)
    return values


def run_detail(request: Model) -> ExperimentRunDetail:
    """Returns the run that a request is."""
    return ExperimentRunDetail.from_dict(run_of(request))

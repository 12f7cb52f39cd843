"""Training for the async client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._waiting.polling import WaitOptions
from ubiops._waiting.steps import run_async
from ubiops.aio._file_operations import handle_file_input
from ubiops.aio._helpers import async_api_of
from ubiops.models._writing import given
from ubiops.training import _experiments, _runs
from ubiops.training._models import ExperimentRunUpdate
from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Literal

    from ubiops._waiting.updates import StatusUpdate
    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi
    from ubiops.models import (
        DeploymentCreateResponse,
        EnvironmentVariableCreate,
        EnvironmentVariableList,
        InheritedEnvironmentVariableList,
        RevisionList,
    )
    from ubiops.training._models import (
        ExperimentCreate,
        ExperimentDetail,
        ExperimentList,
        ExperimentRunCreate,
        ExperimentRunCreateResponse,
        ExperimentRunDetail,
        ExperimentRunList,
        ExperimentUpdate,
    )


class Training:
    """``ubiops.Training`` for the async client. Its methods are awaited.

    Args:
        api_client: The client that makes the calls: an ``ubiops.aio.ApiClient`` or an
            ``ubiops.aio.CoreApi``. Default: a new one with the default configuration.

    Raises:
        ubiops.ApiTypeError: ``api_client`` is something else.
    """

    def __init__(self, api_client: ApiClient | CoreApi | None = None) -> None:
        if api_client is None:
            from ubiops.aio.client import ApiClient

            api_client = ApiClient()
        self.core_api: Any = async_api_of(api_client, "Training")
        self.api_client = self.core_api.api_client
        self.training_deployment_name = DEFAULT_TRAINING_DEPLOYMENT_NAME
        self._store = handle_file_input

    async def initialize(
        self,
        project_name: str,
    ) -> DeploymentCreateResponse:
        """Like ``ubiops.Training.initialize``, to be awaited."""
        __tracebackhide__ = True
        return await run_async(_experiments.initialize(self.core_api, project_name))

    async def experiments_create(
        self,
        project_name: str,
        data: ExperimentCreate | Mapping[str, Any],
        *,
        timeout: float = 1800,
        quiet: bool = False,
        stream_logs: bool = False,
        on_status: Callable[[StatusUpdate[RevisionList]], object] | None = None,
        **options: Any,
    ) -> ExperimentList:
        """Like ``ubiops.Training.experiments_create``, to be awaited."""
        __tracebackhide__ = True
        wait = WaitOptions(timeout, quiet, on_status, stream_logs)
        return await run_async(_experiments.create_experiment(self.core_api, wait, project_name, data, options))

    async def experiments_get(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> ExperimentDetail:
        """Like ``ubiops.Training.experiments_get``, to be awaited."""
        __tracebackhide__ = True
        return await run_async(_experiments.get_experiment(self.core_api, project_name, experiment_name, **options))

    async def experiments_list(
        self,
        project_name: str,
        *,
        labels: str | Mapping[str, str] | None = None,
        **options: Any,
    ) -> list[ExperimentList]:
        """Like ``ubiops.Training.experiments_list``, to be awaited."""
        __tracebackhide__ = True
        options["labels"] = labels
        return await run_async(_experiments.list_experiments(self.core_api, project_name, options))

    async def experiments_update(
        self,
        project_name: str,
        experiment_name: str,
        data: ExperimentUpdate | Mapping[str, Any],
        **options: Any,
    ) -> ExperimentDetail:
        """Like ``ubiops.Training.experiments_update``, to be awaited."""
        __tracebackhide__ = True
        return await run_async(
            _experiments.update_experiment(self.core_api, project_name, experiment_name, data, options)
        )

    async def experiments_delete(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> None:
        """Like ``ubiops.Training.experiments_delete``, to be awaited."""
        __tracebackhide__ = True
        await run_async(_experiments.delete_experiment(self.core_api, project_name, experiment_name, options))

    async def experiment_runs_create(
        self,
        project_name: str,
        experiment_name: str,
        data: ExperimentRunCreate | Mapping[str, Any],
        *,
        timeout: int | None = None,
        **options: Any,
    ) -> ExperimentRunCreateResponse:
        """Like ``ubiops.Training.experiment_runs_create``, to be awaited."""
        __tracebackhide__ = True
        options["timeout"] = timeout
        return await run_async(
            _runs.create_run(self.core_api, self._store, project_name, experiment_name, data, options)
        )

    async def experiment_runs_get(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        *,
        metadata_only: bool | None = None,
        **options: Any,
    ) -> ExperimentRunDetail:
        """Like ``ubiops.Training.experiment_runs_get``, to be awaited."""
        __tracebackhide__ = True
        options["metadata_only"] = metadata_only
        return await run_async(_runs.get_run(self.core_api, project_name, experiment_name, run_id, options))

    async def experiment_runs_list(
        self,
        project_name: str,
        experiment_name: str,
        *,
        status: str | Sequence[Literal["pending", "processing", "failed", "completed", "cancelled"]] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        search_id: str | None = None,
        **options: Any,
    ) -> list[ExperimentRunList]:
        """Like ``ubiops.Training.experiment_runs_list``, to be awaited."""
        __tracebackhide__ = True
        options["status"] = status
        options["limit"] = limit
        options["offset"] = offset
        options["start_date"] = start_date
        options["end_date"] = end_date
        options["search_id"] = search_id
        return await run_async(_runs.list_runs(self.core_api, project_name, experiment_name, options))

    async def experiment_runs_update(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        data: ExperimentRunUpdate | Mapping[str, Any],
        **options: Any,
    ) -> Any:
        """Like ``ubiops.Training.experiment_runs_update``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_requests_update
        values = given(_experiments.read_data(ExperimentRunUpdate, data, "experiment_runs_update"))
        return await run_async(
            _experiments.call_for_experiment(method, project_name, run_id, experiment_name, values, **options)
        )

    async def experiment_runs_delete(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        **options: Any,
    ) -> None:
        """Like ``ubiops.Training.experiment_runs_delete``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_requests_delete
        await run_async(_experiments.call_for_experiment(method, project_name, run_id, experiment_name, **options))

    async def experiment_environment_variables_create(
        self,
        project_name: str,
        experiment_name: str,
        data: EnvironmentVariableCreate | Mapping[str, Any],
        **options: Any,
    ) -> EnvironmentVariableList:
        """Like that of ``ubiops.Training``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_create
        result: EnvironmentVariableList = await run_async(
            _experiments.call_for_experiment(method, project_name, experiment_name, data, **options)
        )
        return result

    async def experiment_environment_variables_get(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        **options: Any,
    ) -> EnvironmentVariableList:
        """Like that of ``ubiops.Training``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_get
        result: EnvironmentVariableList = await run_async(
            _experiments.call_for_experiment(method, project_name, id, experiment_name, **options)
        )
        return result

    async def experiment_environment_variables_list(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> list[InheritedEnvironmentVariableList]:
        """Like that of ``ubiops.Training``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_list
        result: list[InheritedEnvironmentVariableList] = await run_async(
            _experiments.call_for_experiment(method, project_name, experiment_name, **options)
        )
        return result

    async def experiment_environment_variables_update(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        data: EnvironmentVariableCreate | Mapping[str, Any],
        **options: Any,
    ) -> EnvironmentVariableList:
        """Like that of ``ubiops.Training``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_update
        result: EnvironmentVariableList = await run_async(
            _experiments.call_for_experiment(method, project_name, id, experiment_name, data, **options)
        )
        return result

    async def experiment_environment_variables_delete(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        **options: Any,
    ) -> None:
        """Like that of ``ubiops.Training``, to be awaited."""
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_delete
        await run_async(_experiments.call_for_experiment(method, project_name, id, experiment_name, **options))

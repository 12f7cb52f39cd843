"""Training models: experiments, their runs and their environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._waiting.polling import WaitOptions, core_api_of
from ubiops._waiting.steps import run
from ubiops.api.core_api import CoreApi
from ubiops.models._writing import given
from ubiops.training import _experiments, _runs
from ubiops.training._errors import reword
from ubiops.training._models import ExperimentRunUpdate
from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Literal

    from ubiops._waiting.updates import StatusUpdate
    from ubiops.api_client import ApiClient
    from ubiops.exceptions import ApiException
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
    """Trains models on the platform.

    An experiment is where code runs: its environment, its hardware and a bucket. A run
    executes training code in it, with data and parameters. Experiments are versions of
    the deployment ``training-base-deployment``, and runs are batch requests to them.
    Errors of the API say experiment and run.

    Args:
        api_client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
            Default: a new one with the default configuration.

    Attributes:
        api_client: The client.
        core_api: The API, with the client.
        training_deployment_name: ``training-base-deployment``.

    Raises:
        ubiops.ApiTypeError: ``api_client`` is something else.
    """

    def __init__(self, api_client: ApiClient | CoreApi | None = None) -> None:
        self.core_api = CoreApi() if api_client is None else core_api_of(api_client, "Training")
        self.api_client = self.core_api.api_client
        self.training_deployment_name = DEFAULT_TRAINING_DEPLOYMENT_NAME

    @staticmethod
    def wrap_exception(exception: ApiException) -> ApiException:
        """Rewrites the message and the body of an error in the words of training, and
        returns it.

        The methods do so with their errors.
        """
        reword(exception)
        return exception

    @property
    def _store(self) -> Callable[..., str]:
        from ubiops.utils import handle_file_input

        return handle_file_input

    def initialize(
        self,
        project_name: str,
    ) -> DeploymentCreateResponse:
        """Creates the deployment ``training-base-deployment`` in a project, which makes
        it ready for training.

        Once is enough: if the deployment exists, the API responds with an error.

        Args:
            project_name: The name of the project.

        Returns:
            The deployment.

        Raises:
            ubiops.ConflictError: The deployment exists.
            ubiops.ApiException: A call failed.

        Operations: ``template_deployments_list`` and ``deployments_create``.
        """
        __tracebackhide__ = True
        return run(_experiments.initialize(self.core_api, project_name))

    def experiments_create(
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
        """Creates an experiment, and waits until it is built.

        Waits and shows the status as ``ubiops.utils.wait_for_experiment`` does. If the
        wait is interrupted or its timeout expires, the experiment exists, and
        ``wait_for_experiment`` continues the wait.

        Args:
            project_name: The name of the project.
            data: The experiment: an ``ExperimentCreate`` or a dict.
            timeout: Maximum time to wait for the build, in seconds. Default: 1800.
            quiet: Whether to show nothing. Default: False, which shows the status.
            stream_logs: Whether to show the log lines of the build, too, unless
                ``quiet``. Default: False.
            on_status: Called with a ``StatusUpdate`` at each change of status.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The experiment.

        Raises:
            ubiops.StatusError: The build failed.
            ubiops.WaitTimeoutError: The timeout expired. The build continues.
            ubiops.BadRequestError: ``initialize`` has not been called for the project.
            ubiops.ApiException: A call failed.

        Operations: ``deployment_versions_create``,
        ``deployment_version_environment_variables_create``, ``revisions_file_upload``
        and ``revisions_get``, after others that check the data.
        """
        __tracebackhide__ = True
        wait = WaitOptions(timeout, quiet, on_status, stream_logs)
        return run(_experiments.create_experiment(self.core_api, wait, project_name, data, options))

    def experiments_get(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> ExperimentDetail:
        """Gets an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The experiment.

        Raises:
            ubiops.ApiException: A call failed.

        Operations: ``deployment_versions_get`` and
        ``deployment_version_environment_variables_list``.
        """
        __tracebackhide__ = True
        return run(_experiments.get_experiment(self.core_api, project_name, experiment_name, **options))

    def experiments_list(
        self,
        project_name: str,
        *,
        labels: str | Mapping[str, str] | None = None,
        **options: Any,
    ) -> list[ExperimentList]:
        """Lists the experiments of a project.

        Args:
            project_name: The name of the project.
            labels: Only experiments with these labels. Default: all.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The experiments.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_versions_list``.
        """
        __tracebackhide__ = True
        options["labels"] = labels
        return run(_experiments.list_experiments(self.core_api, project_name, options))

    def experiments_update(
        self,
        project_name: str,
        experiment_name: str,
        data: ExperimentUpdate | Mapping[str, Any],
        **options: Any,
    ) -> ExperimentDetail:
        """Changes an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            data: The changes: an ``ExperimentUpdate`` or a dict.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The experiment after the change.

        Raises:
            ubiops.ApiException: A call failed.

        Operations: ``deployment_versions_update``, and
        ``deployment_version_environment_variables_update`` for the bucket.
        """
        __tracebackhide__ = True
        return run(_experiments.update_experiment(self.core_api, project_name, experiment_name, data, options))

    def experiments_delete(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> None:
        """Deletes an experiment and its runs. Files in buckets stay.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            **options: Options of the call, such as ``_request_timeout``.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_versions_delete``.
        """
        __tracebackhide__ = True
        run(_experiments.delete_experiment(self.core_api, project_name, experiment_name, options))

    def experiment_runs_create(
        self,
        project_name: str,
        experiment_name: str,
        data: ExperimentRunCreate | Mapping[str, Any],
        *,
        timeout: int | None = None,
        **options: Any,
    ) -> ExperimentRunCreateResponse:
        """Uploads code and data, and starts a run.

        ``ubiops.utils.wait_for_experiment_run`` waits for its end. If the API rejects
        the run, the uploaded files are deleted again.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            data: The run: an ``ExperimentRunCreate`` or a dict. Files and folders that
                ``training_code`` and ``training_data`` name are uploaded to the bucket
                of the experiment, below ``experiments/EXPERIMENT/runs/``; folders as
                zip files.
            timeout: Maximum time for the run, in seconds. Default: the platform's,
                14400.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The run.

        Raises:
            ubiops.ApiRequestError: The experiment is not available: its build has not
                ended, or has failed.
            ubiops.ApiValueError: A file does not exist.
            ubiops.ApiException: A call failed.

        Operations: ``batch_deployment_version_requests_create``, and ``files_upload``
        for the files.
        """
        __tracebackhide__ = True
        options["timeout"] = timeout
        return run(_runs.create_run(self.core_api, self._store, project_name, experiment_name, data, options))

    def experiment_runs_get(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        *,
        metadata_only: bool | None = None,
        **options: Any,
    ) -> ExperimentRunDetail:
        """Gets a run with its result.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            run_id: The id of the run.
            metadata_only: Whether to leave out the input and the result. Default:
                False.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The run.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_requests_get``.
        """
        __tracebackhide__ = True
        options["metadata_only"] = metadata_only
        return run(_runs.get_run(self.core_api, project_name, experiment_name, run_id, options))

    def experiment_runs_list(
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
        """Lists the runs of an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            status: Only runs with one of these statuses. Default: ``completed``.
            limit: Maximum number of runs, up to 50. Default: 50.
            offset: The number of runs to skip. Default: 0.
            start_date: Only runs that were created since then.
            end_date: Only runs that were created until then.
            search_id: Only runs whose id contains this text.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The runs.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_requests_list``.
        """
        __tracebackhide__ = True
        options["status"] = status
        options["limit"] = limit
        options["offset"] = offset
        options["start_date"] = start_date
        options["end_date"] = end_date
        options["search_id"] = search_id
        return run(_runs.list_runs(self.core_api, project_name, experiment_name, options))

    def experiment_runs_update(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        data: ExperimentRunUpdate | Mapping[str, Any],
        **options: Any,
    ) -> Any:
        """Cancels a run.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            run_id: The id of the run.
            data: ``{"status": "cancelled"}``, also as an ``ExperimentRunUpdate``.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            What the API returns.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_requests_update``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_requests_update
        values = given(_experiments.read_data(ExperimentRunUpdate, data, "experiment_runs_update"))
        return run(_experiments.call_for_experiment(method, project_name, run_id, experiment_name, values, **options))

    def experiment_runs_delete(
        self,
        project_name: str,
        experiment_name: str,
        run_id: str,
        **options: Any,
    ) -> None:
        """Deletes a run. Its files in buckets stay.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            run_id: The id of the run.
            **options: Options of the call, such as ``_request_timeout``.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_requests_delete``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_requests_delete
        run(_experiments.call_for_experiment(method, project_name, run_id, experiment_name, **options))

    def experiment_environment_variables_create(
        self,
        project_name: str,
        experiment_name: str,
        data: EnvironmentVariableCreate | Mapping[str, Any],
        **options: Any,
    ) -> EnvironmentVariableList:
        """Creates an environment variable of an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            data: The variable.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The variable.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_environment_variables_create``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_create
        result: EnvironmentVariableList = run(
            _experiments.call_for_experiment(method, project_name, experiment_name, data, **options)
        )
        return result

    def experiment_environment_variables_get(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        **options: Any,
    ) -> EnvironmentVariableList:
        """Gets an environment variable of an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            id: The id of the variable.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The variable.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_environment_variables_get``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_get
        result: EnvironmentVariableList = run(
            _experiments.call_for_experiment(method, project_name, id, experiment_name, **options)
        )
        return result

    def experiment_environment_variables_list(
        self,
        project_name: str,
        experiment_name: str,
        **options: Any,
    ) -> list[InheritedEnvironmentVariableList]:
        """Lists the environment variables of an experiment, including inherited ones.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The variables.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_environment_variables_list``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_list
        result: list[InheritedEnvironmentVariableList] = run(
            _experiments.call_for_experiment(method, project_name, experiment_name, **options)
        )
        return result

    def experiment_environment_variables_update(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        data: EnvironmentVariableCreate | Mapping[str, Any],
        **options: Any,
    ) -> EnvironmentVariableList:
        """Changes an environment variable of an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            id: The id of the variable.
            data: The variable.
            **options: Options of the call, such as ``_request_timeout``.

        Returns:
            The variable after the change.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_environment_variables_update``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_update
        result: EnvironmentVariableList = run(
            _experiments.call_for_experiment(method, project_name, id, experiment_name, data, **options)
        )
        return result

    def experiment_environment_variables_delete(
        self,
        project_name: str,
        experiment_name: str,
        id: str,
        **options: Any,
    ) -> None:
        """Deletes an environment variable of an experiment.

        Args:
            project_name: The name of the project.
            experiment_name: The name of the experiment.
            id: The id of the variable.
            **options: Options of the call, such as ``_request_timeout``.

        Raises:
            ubiops.ApiException: A call failed.

        Operation: ``deployment_version_environment_variables_delete``.
        """
        __tracebackhide__ = True
        method = self.core_api.deployment_version_environment_variables_delete
        run(_experiments.call_for_experiment(method, project_name, id, experiment_name, **options))

"""Experiments: their settings, buckets, environment variables and errors."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import pytest

import ubiops
import ubiops.training
import ubiops.utils
from ubiops.emulator import Emulator
from ubiops.training._errors import in_words_of_training

DEPLOYMENT = "training-base-deployment"


def test_the_official_import_paths_exist() -> None:
    code = "\n".join(
        [
            "import ubiops",
            "assert ubiops.training.Training is ubiops.Training",
            "from ubiops.training.training import Training",
            "from ubiops.training.constants import DEFAULT_TRAINING_DEPLOYMENT_NAME, TEMPLATE_DEPLOYMENT_NAME",
            "assert Training is ubiops.Training and ubiops.ExperimentCreate is ubiops.training.ExperimentCreate",
            "assert all(hasattr(ubiops, name) for name in ubiops.training.__all__)",
            "assert set(ubiops.training.__all__) <= set(ubiops.__all__)",
            "training = Training()",
            "assert training.core_api.api_client is training.api_client",
            "assert training.training_deployment_name == DEFAULT_TRAINING_DEPLOYMENT_NAME",
        ]
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_any_blocking_client_is_accepted(training_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ubiops.ApiClient(training_emulator.configuration())
    assert ubiops.Training(client).api_client is client
    assert ubiops.Training(ubiops.CoreApi(client)).api_client is client
    with pytest.raises(ubiops.ApiTypeError, match=r"Training\(\): 'client' must be an ApiClient or a CoreApi, got"):
        ubiops.Training(ubiops.Configuration())  # type: ignore[arg-type]


def test_initialize_creates_the_deployment_once(training: ubiops.Training, project_name: str) -> None:
    found = training.core_api.deployments_get(project_name, DEPLOYMENT)
    assert [field.name for field in found.input_fields] == [
        "name",
        "description",
        "training_code",
        "training_data",
        "parameters",
    ]
    with pytest.raises(ubiops.ConflictError, match="Conflict") as caught:
        training.initialize(project_name)
    assert isinstance(caught.value, ubiops.ApiException)


def test_an_experiment_is_a_version_with_a_bucket(
    training: ubiops.Training, project_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    training.core_api.buckets_create(project_name, {"name": "models"})
    created = training.experiments_create(
        project_name,
        ubiops.ExperimentCreate(
            name="line",
            environment="python3-11",
            description="A line",
            labels={"team": "a"},
            request_retention_time=3600,
            default_bucket="models",
        ),
    )
    assert (type(created), created.name, created.status) == (ubiops.ExperimentList, "line", "available")
    assert created.labels == {"team": "a"}
    assert capsys.readouterr().out.splitlines()[-1].startswith("experiment line: success after ")
    found = training.experiments_get(project_name, "line")
    assert (type(found), found.name, found.default_bucket) == (ubiops.ExperimentDetail, "line", "models")
    assert (found.description, found.request_retention_mode, found.request_retention_time) == ("A line", "full", 3600)
    version = training.core_api.deployment_versions_get(project_name, DEPLOYMENT, "line")
    assert (version.id, version.active_revision) == (found.id, found.active_revision)
    assert ubiops.utils.wait_for_experiment(training.core_api, project_name, "line", quiet=True) == found
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found


def test_experiments_are_listed_by_label_updated_and_deleted(training: ubiops.Training, project_name: str) -> None:
    for name in ("one", "two"):
        training.experiments_create(project_name, {"name": name, "labels": {"name": name}}, quiet=True)
    assert {one.name for one in training.experiments_list(project_name)} == {"one", "two"}
    (listed,) = training.experiments_list(project_name, labels="name:two")
    assert (type(listed), listed.name) == (ubiops.ExperimentList, "two")
    assert training.experiments_get(project_name, "two").default_bucket == "default"
    training.core_api.buckets_create(project_name, {"name": "models"})
    changed = training.experiments_update(
        project_name, "two", {"name": "three", "description": "new", "default_bucket": "models"}
    )
    assert (changed.name, changed.description, changed.default_bucket) == ("three", "new", "models")
    changed = training.experiments_update(project_name, "three", ubiops.ExperimentUpdate(default_bucket="default"))
    assert (changed.description, changed.default_bucket) == ("new", "default")
    variables = training.experiment_environment_variables_list(project_name, "three")
    assert [one.name for one in variables] == ["SYS_DEFAULT_BUCKET"]
    assert training.experiments_delete(project_name, "three") is None  # type: ignore[func-returns-value]
    assert [one.name for one in training.experiments_list(project_name)] == ["one"]


def test_environment_variables_of_an_experiment(training: ubiops.Training, project_name: str, experiment: str) -> None:
    data = {"name": "RATE", "value": "1", "secret": False}
    created = training.experiment_environment_variables_create(project_name, experiment, data)
    data["value"] = "2"
    training.experiment_environment_variables_update(project_name, experiment, created.id, data)
    assert training.experiment_environment_variables_get(project_name, experiment, created.id).value == "2"
    names = {one.name for one in training.experiment_environment_variables_list(project_name, experiment)}
    assert names == {"RATE", "SYS_DEFAULT_BUCKET"}
    training.experiment_environment_variables_delete(project_name, experiment, created.id)
    with pytest.raises(ubiops.NotFoundError):
        training.experiment_environment_variables_get(project_name, experiment, created.id)


def test_without_initialize_training_is_disabled(training_emulator: Emulator) -> None:
    with ubiops.ApiClient(training_emulator.configuration()) as client:
        disabled = ubiops.Training(client)
        with pytest.raises(ubiops.BadRequestError) as caught:
            disabled.experiments_create("never-initialized", {"name": "line"})
    assert (caught.value.status, caught.value.reason) == (400, "Training disabled")
    assert "hint: create it with initialize('never-initialized')" in str(caught.value)


@pytest.mark.parametrize(
    "data", [{"environment": "no-such-one"}, {"environment_name": "python3-11", "environment_tag": "v9"}]
)
def test_an_experiment_needs_its_environment(
    data: dict[str, str], training: ubiops.Training, project_name: str
) -> None:
    with pytest.raises(ubiops.NotFoundError, match="Environment"):
        training.experiments_create(project_name, {"name": "line", **data})
    assert training.experiments_list(project_name) == []


def test_an_experiment_needs_its_bucket(training: ubiops.Training, project_name: str, experiment: str) -> None:
    with pytest.raises(ubiops.NotFoundError, match="Bucket"):
        training.experiments_create(project_name, {"name": "other", "default_bucket": "none"})
    with pytest.raises(ubiops.NotFoundError, match="Bucket"):
        training.experiments_update(project_name, experiment, {"default_bucket": "none"})
    assert training.experiments_get(project_name, experiment).default_bucket == "default"


def test_errors_are_in_the_words_of_training(training: ubiops.Training, project_name: str, experiment: str) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        training.experiments_get(project_name, "none")
    assert "experiment" in str(caught.value).lower()
    assert caught.value.message == json.loads(str(caught.value.body))["error"]
    with pytest.raises(ubiops.NotFoundError) as caught:
        training.experiment_runs_get(project_name, experiment, "00000000-0000-4000-8000-000000000000")
    assert "run" in str(caught.value.message).lower()
    assert "request" not in str(caught.value.message).lower()
    error = ubiops.ApiException(404, "Not Found", body='{"error": "Version was not found"}')
    assert training.wrap_exception(error) is error
    assert (error.message, error.body) == ("Experiment was not found", '{"error": "Experiment was not found"}')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Deployment version was not found", "Training deployment experiment was not found"),
        ("2 requests of version v1", "2 runs of experiment v1"),
        ("version 'version' of deployment training-base-deployment", None),
        ("Requests. A request, versions", "Runs. A run, experiments"),
        ("conversion of requested versioning", "conversion of requested versioning"),
    ],
)
def test_names_are_not_rewritten(text: str, expected: str | None) -> None:
    kept = "experiment 'version' of training deployment training-base-deployment"
    assert in_words_of_training(text) == (expected or kept)


def test_nothing_is_left_of_an_experiment_whose_code_can_not_be_uploaded(
    training: ubiops.Training, training_emulator: Emulator, project_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training.core_api, "revisions_file_upload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.experiments_create(project_name, {"name": "line"}, quiet=True)
    assert training.experiments_list(project_name) == []
    monkeypatch.undo()
    training.experiments_create(project_name, {"name": "line"}, quiet=True)

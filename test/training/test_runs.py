"""Runs of real training code in the emulator."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import ubiops
import ubiops.utils
from ubiops.training import ExperimentRunCreate, ExperimentRunDetail

DEPLOYMENT = "training-base-deployment"


def run(training: ubiops.Training, project: str, experiment: str, **data: Any) -> ExperimentRunDetail:
    """Creates a run and waits for its end."""
    created = training.experiment_runs_create(project, experiment, data)
    return ubiops.utils.wait_for_experiment_run(training.core_api, project, experiment, created.id, quiet=True)


def test_a_run_trains_a_model(
    training: ubiops.Training, project_name: str, experiment: str, code: Path, points: Path, tmp_path: Path
) -> None:
    created = training.experiment_runs_create(
        project_name,
        experiment,
        ExperimentRunCreate(
            name="first",
            description="A line",
            training_code=str(code),
            training_data=str(points),
            parameters={"steps": 300, "learning_rate": 0.05},
        ),
    )
    assert (created.experiment, created.status) == ("line", "pending")
    found = ubiops.utils.wait_for_experiment_run(training.api_client, project_name, experiment, created.id, quiet=True)
    assert isinstance(found, ExperimentRunDetail)
    assert (found.id, found.experiment, found.status, found.error_message) == (created.id, "line", "completed", None)
    assert set(found.result) == {"artifact", "metadata", "metrics", "additional_output_files"}
    assert found.result["metrics"] == {"error": 0.0}
    assert found.result["metadata"] == {"points": 3, "project": project_name}
    model = ubiops.utils.download_file(
        training.core_api, project_name, file_uri=found.result["artifact"], output_path=tmp_path
    )
    assert json.loads(Path(model).read_text())["slope"] == pytest.approx(2)
    (extra,) = found.result["additional_output_files"]
    assert extra.endswith("/points.txt")
    assert (found.request_data["name"], found.request_data["parameters"]["steps"]) == ("first", 300)
    for name, folder, file in (("training_code", "code", "train.py"), ("training_data", "data", "points.csv")):
        assert re.fullmatch(
            rf"ubiops-file://default/experiments/line/runs/[a-z]{{8}}/{folder}/{file}", found.request_data[name]
        )


def test_code_may_be_a_folder_an_archive_or_a_uri(
    training: ubiops.Training, project_name: str, experiment: str, tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "helper.py").write_text("ANSWER = 42\n")
    (folder / "train.py").write_text(
        "from helper import ANSWER\ndef train(training_data, parameters, context={}):\n"
        "    return {'metrics': '{\"answer\": %d}' % ANSWER, 'seen': [training_data, parameters]}\n"
    )
    first = run(training, project_name, experiment, training_code=str(folder))
    expected: dict[str, Any] = {
        "artifact": None,
        "metadata": {"seen": [None, {}]},
        "metrics": {"answer": 42},
        "additional_output_files": None,
    }
    assert first.result == expected
    # With the name of the folder in front of all files.
    archive = shutil.make_archive(str(tmp_path / "code"), "zip", tmp_path, "package")
    assert run(training, project_name, experiment, training_code=archive).result == expected
    uri = first.request_data["training_code"]
    again = run(training, project_name, experiment, training_code=uri)
    assert (again.result, again.request_data["training_code"]) == (expected, uri)


def test_each_run_has_its_own_code(
    training: ubiops.Training, project_name: str, experiment: str, tmp_path: Path
) -> None:
    """Also when one process executes both runs."""
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "helper.py").write_text(f"NUMBER = {number}\n")
        (folder / "train.py").write_text("import helper\ndef train(data, parameters):\n    return helper.NUMBER\n")
        found = run(training, project_name, experiment, training_code=str(folder))
        assert found.result["metadata"] == {"result": number}


def test_files_are_stored_in_the_bucket_of_the_experiment(
    training: ubiops.Training, project_name: str, tmp_path: Path
) -> None:
    training.core_api.buckets_create(project_name, {"name": "models"})
    training.experiments_create(project_name, {"name": "other", "default_bucket": "models"}, quiet=True)
    code = tmp_path / "train.py"
    code.write_text(
        "import os\ndef train(data, parameters, context):\n    path = os.path.join(os.path.dirname(__file__), 'm')\n"
        "    open(path, 'w').close()\n    return path\n"
    )
    found = run(training, project_name, "other", training_code=str(code))
    assert found.result["artifact"].startswith("ubiops-file://models/")
    assert found.request_data["training_code"].startswith("ubiops-file://models/experiments/other/runs/")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def train(a, b, c):\n    raise RuntimeError('secret')\n", "An exception occurred in the request"),
        ("def other():\n    pass\n", "train.py of the training code has no function train"),
        (None, "The training code has no file train.py"),
    ],
)
def test_a_failing_run_raises_what_the_code_may_show(
    source: str | None, message: str, training: ubiops.Training, project_name: str, experiment: str, tmp_path: Path
) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / ("train.py" if source else "main.py")).write_text(source or "")
    with pytest.raises(ubiops.StatusError, match=message) as caught:
        run(training, project_name, experiment, training_code=str(folder))
    error = caught.value
    assert str(error).startswith(f"run {error.run_id} of experiment line failed: ")
    assert (error.experiment_name, error.status) == ("line", "failed")
    assert "secret" not in str(error)


def test_logs_of_a_run_are_shown_while_it_is_waited_for(
    training: ubiops.Training,
    project_name: str,
    experiment: str,
    code: Path,
    points: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = {"training_code": str(code), "training_data": str(points), "parameters": {"steps": 101}}
    created = training.experiment_runs_create(project_name, experiment, data)
    capsys.readouterr()
    ubiops.utils.wait_for_experiment_run(training.core_api, project_name, experiment, created.id, stream_logs=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("  step")] == ["  step 0: slope 0.093", "  step 100: slope 1.984"]
    assert lines[0].startswith(f"run {created.id} of experiment line: ")


def test_runs_are_listed_cancelled_and_deleted(
    training: ubiops.Training, project_name: str, experiment: str, tmp_path: Path
) -> None:
    code = tmp_path / "train.py"
    code.write_text(
        "import time\ndef train(data, parameters):\n    while parameters.get('wait'):\n        time.sleep(0.1)\n"
    )
    done = run(training, project_name, experiment, training_code=str(code))
    data = {"training_code": str(code), "parameters": {"wait": True}}
    waiting = training.experiment_runs_create(project_name, experiment, data, timeout=600)
    assert training.experiment_runs_get(project_name, experiment, waiting.id).timeout == 600
    assert [one.id for one in training.experiment_runs_list(project_name, experiment)] == [done.id]
    training.experiment_runs_update(project_name, experiment, waiting.id, {"status": "cancelled"})
    with pytest.raises(ubiops.StatusError, match=f"run {waiting.id} of experiment line was cancelled"):
        ubiops.utils.wait_for_experiment_run(training.core_api, project_name, experiment, waiting.id, quiet=True)
    (listed,) = training.experiment_runs_list(project_name, experiment, status="cancelled", limit=5)
    assert (listed.id, listed.experiment, listed.status) == (waiting.id, "line", "cancelled")
    training.experiment_runs_delete(project_name, experiment, done.id)
    with pytest.raises(ubiops.NotFoundError):
        training.experiment_runs_get(project_name, experiment, done.id)


def test_files_of_a_run_that_is_rejected_are_deleted(
    training: ubiops.Training, project_name: str, experiment: str, code: Path
) -> None:
    data = {"training_code": str(code), "training_data": str(code.parent / "missing.csv"), "parameters": {}}
    with pytest.raises(ubiops.ApiException):
        training.experiment_runs_create(project_name, experiment, data)
    with pytest.raises(ubiops.BadRequestError):
        training.experiment_runs_create(project_name, experiment, {"training_code": str(code)}, timeout=1)
    assert training.core_api.files_list(project_name, "default").files == []


def test_a_run_needs_an_experiment_that_is_built(
    training: ubiops.Training, project_name: str, experiment: str, code: Path
) -> None:
    training.core_api.deployment_versions_create(project_name, DEPLOYMENT, {"version": "empty"})
    with pytest.raises(ubiops.ApiRequestError) as caught:
        training.experiment_runs_create(project_name, "empty", {"training_code": str(code)})
    assert (caught.value.status, caught.value.reason) == (500, "Creation Error")
    assert "experiment 'empty' can't run: its status is 'unavailable'" in str(caught.value)
    with pytest.raises(ubiops.ApiTypeError, match="'data' must be an ExperimentRunCreate or a dict, got str"):
        training.experiment_runs_create(project_name, experiment, "train.py")  # type: ignore[arg-type]

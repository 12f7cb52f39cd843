"""The cost of a model in counts: function calls, imported modules and bytes."""

from __future__ import annotations

import copy
import gc
import json
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest
from counting import function_calls

from ubiops.models import (
    DeploymentCreate,
    DeploymentList,
    DeploymentVersionDetail,
    DeploymentVersionList,
    InputOutputFieldList,
)

DATE = "2024-06-22T18:04:15.123456+00:00"
VERSION: dict[str, Any] = dict.fromkeys(DeploymentVersionList.attribute_map.values(), "text")
VERSION |= {"creation_date": DATE, "last_updated": DATE, "labels": {"a": "b"}, "ports": []}
DETAIL: dict[str, Any] = dict.fromkeys(DeploymentVersionDetail.attribute_map.values(), "text")
DETAIL |= {**VERSION, "last_file_upload": DATE}
DEPLOYMENT: dict[str, Any] = dict.fromkeys(DeploymentList.attribute_map.values(), "text")
DEPLOYMENT |= {
    "creation_date": DATE,
    "last_updated": DATE,
    "labels": {"a": "b"},
    "input_fields": [{"name": "a", "data_type": "int"}] * 2,
    "output_fields": [{"name": "b", "data_type": "int"}] * 2,
}


def test_the_test_objects_have_all_fields() -> None:
    assert len(DETAIL) >= 30
    for model, value in (
        (DeploymentVersionList, VERSION),
        (DeploymentVersionDetail, DETAIL),
        (DeploymentList, DEPLOYMENT),
    ):
        assert set(value) == set(model.attribute_map.values())
        assert not model.from_dict(value).additional_properties


def calls_for_each(work: Any) -> float:
    """Returns the number of function calls per repetition."""
    many, one = (function_calls(lambda n=n: [work() for _ in range(n)]) for n in (101, 1))
    return (many - one) / 100


@pytest.mark.parametrize(
    ("model", "value"),
    [(DeploymentVersionList, VERSION), (DeploymentVersionDetail, DETAIL), (DeploymentList, DEPLOYMENT)],
)
def test_reading_calls_three_functions_regardless_of_the_number_of_fields(model: Any, value: Any) -> None:
    # The lambda, the function itself, the object's constructor, and len.
    assert calls_for_each(lambda: model._read(value)) <= 4


def test_reading_an_attribute_calls_no_function() -> None:
    version = DeploymentVersionDetail.from_dict(DETAIL)
    absent = DeploymentVersionDetail.from_dict({})
    nothing = calls_for_each(lambda: None)
    assert calls_for_each(lambda: version.status) == nothing
    assert calls_for_each(lambda: absent.status) == nothing


def test_a_date_is_converted_once() -> None:
    version = DeploymentVersionDetail.from_dict(DETAIL)
    first = function_calls(lambda: version.creation_date)
    later = function_calls(lambda: version.creation_date)
    # Reading the date and datetime.fromisoformat.
    assert later < first <= later + 2


def test_writing_a_model_calls_few_functions() -> None:
    version = DeploymentVersionDetail.from_dict(DETAIL)
    version.to_dict()
    # Two fields of any type are copied, one call each.
    assert calls_for_each(version.to_dict) <= 22


def test_validation_calls_a_few_functions_for_each_value() -> None:
    fields: dict[str, Any] = {"name": "d", "input_type": "plain", "output_type": "plain", "labels": {"a": "b"}}
    # The first one loads what validates.
    DeploymentCreate(**fields)
    assert calls_for_each(lambda: DeploymentCreate(**fields)) <= 12 * (1 + len(fields))


def test_reading_imports_neither_validation_nor_documentation() -> None:
    code = """
import sys
before = set(sys.modules)
from ubiops.models import DeploymentList
deployment = DeploymentList.from_dict({"name": "d", "creation_date": "2024-06-22T18:04:15Z", "input_fields": []})
deployment.name, deployment.creation_date, deployment.to_dict(), deployment == deployment
print(*set(sys.modules) - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    imported = set(done.stdout.split())
    assert "ubiops.models.deployment_list" in imported
    assert not imported & {"ubiops.models._checks", "ubiops.models._about", "difflib", "pprint", "inspect", "ast"}
    # The module of a nested model is imported when the first one is built.
    assert "ubiops.models.input_output_field_list" not in imported


def test_nested_models_are_not_built_before_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    read = InputOutputFieldList._read
    monkeypatch.setattr(InputOutputFieldList, "_read", lambda data: built.append(data) or read(data))
    deployments = [DeploymentList.from_dict(DEPLOYMENT) for _ in range(10)]
    assert [one.name for one in deployments] == ["text"] * 10
    assert not built
    assert deployments[0].input_fields[1].name == "a"
    assert len(built) == 2


def memory(work: Any) -> tuple[int, Any]:
    """Returns the memory that the result of some work takes, and the result.

    Other threads, such as those of an emulator, may take memory at the same time. The
    least of several measurements has none of that.
    """
    sizes = []
    for _ in range(5):
        gc.collect()
        tracemalloc.start()
        try:
            kept = work()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    return min(sizes), kept


def test_a_model_takes_few_bytes_in_addition_to_its_dict() -> None:
    """The dict becomes the model's own and is not copied."""
    objects = [copy.deepcopy(DETAIL) for _ in range(200)]
    size, models = memory(lambda: [DeploymentVersionDetail._read(one) for one in objects])
    assert size / len(models) <= 128


def test_dates_take_less_memory_than_their_text() -> None:
    text = json.dumps([DETAIL] * 200)

    def read() -> list[Any]:
        return [DeploymentVersionDetail._read(one) for one in json.loads(text)]

    def use() -> list[Any]:
        models = read()
        for one in models:
            _ = one.creation_date, one.last_updated, one.last_file_upload
        return models

    assert memory(use)[0] < memory(read)[0]

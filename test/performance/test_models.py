"""What a model costs, as counts: functions called to read it, and bytes that it holds."""

from __future__ import annotations

import copy
import gc
import json
import tracemalloc
from typing import Any

import pytest
from counting import function_calls

from ubiops.models import DeploymentList, DeploymentVersionDetail, DeploymentVersionList, InputOutputFieldList

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


def test_the_objects_here_are_whole() -> None:
    assert len(DETAIL) >= 30
    for model, value in (
        (DeploymentVersionList, VERSION),
        (DeploymentVersionDetail, DETAIL),
        (DeploymentList, DEPLOYMENT),
    ):
        assert set(value) == set(model.attribute_map.values())
        assert not model.from_dict(value).additional_properties


@pytest.mark.parametrize(
    ("model", "value", "dates"),
    [(DeploymentVersionList, VERSION, 2), (DeploymentVersionDetail, DETAIL, 3), (DeploymentList, DEPLOYMENT, 2)],
)
def test_reading_calls_one_function_for_the_model_and_two_for_each_date(model: Any, value: Any, dates: int) -> None:
    # The calls of the test itself and of the method's own beginning are there in both.
    many, one = (function_calls(lambda n=n: [model._read(value) for _ in range(n)]) for n in (101, 1))
    # Beside the function itself: the one that makes the object, and the one that counts the fields.
    assert (many - one) / 100 <= 3 + 2 * dates


def test_models_within_models_are_not_built_before_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    read = InputOutputFieldList._read
    monkeypatch.setattr(InputOutputFieldList, "_read", lambda data: built.append(data) or read(data))
    deployments = [DeploymentList.from_dict(DEPLOYMENT) for _ in range(10)]
    assert [one.name for one in deployments] == ["text"] * 10
    assert not built
    assert deployments[0].input_fields[1].name == "a"
    assert len(built) == 2


def test_a_model_of_thirty_fields_holds_less_than_a_kilobyte_beside_its_values() -> None:
    objects = [copy.deepcopy(DETAIL) for _ in range(200)]
    gc.collect()
    tracemalloc.start()
    try:
        models = [DeploymentVersionDetail.from_dict(one) for one in objects]
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert size / len(models) <= 1000


def test_a_model_is_smaller_than_the_object_that_it_was_read_from() -> None:
    text = json.dumps([DETAIL] * 200)
    sizes = []
    for read in (lambda one: one, DeploymentVersionDetail.from_dict):
        gc.collect()
        tracemalloc.start()
        try:
            kept = [read(one) for one in json.loads(text)]
            sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        del kept
    assert sizes[1] < sizes[0]

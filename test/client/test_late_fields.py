"""Fields that hold models are built when they are first asked for, which nobody notices."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from ubiops.models import DeploymentDetail, DeploymentList, InputOutputFieldDetail, InputOutputFieldList

FIELDS: list[Any] = [{"name": "photo", "data_type": "file"}, {"name": "size", "data_type": "int"}]


@pytest.fixture
def deployment() -> DeploymentList:
    return DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})


def test_the_models_are_there_when_they_are_asked_for(deployment: DeploymentList) -> None:
    assert [field.name for field in deployment.input_fields] == ["photo", "size"]
    assert all(isinstance(field, InputOutputFieldList) for field in deployment.input_fields)
    assert deployment.output_fields is None


def test_the_same_list_comes_each_time(deployment: DeploymentList) -> None:
    deployment.input_fields.append(InputOutputFieldList(name="more"))
    assert [field.name for field in deployment.input_fields] == ["photo", "size", "more"]
    assert deployment.to_dict()["input_fields"][2]["name"] == "more"


def test_what_is_set_stays(deployment: DeploymentList) -> None:
    deployment.input_fields = []
    assert deployment.input_fields == []
    deployment.output_fields = [InputOutputFieldList(name="label")]
    assert deployment.output_fields[0].name == "label"


@pytest.mark.parametrize("value", [None, [], {}, "text", 3, [None, "text", {"name": "a"}]])
def test_what_is_no_list_of_objects_is_left_as_it_came(value: Any) -> None:
    read = DeploymentList.from_dict({"input_fields": value}).input_fields
    if isinstance(value, list) and value:
        assert read == [None, "text", InputOutputFieldList(name="a")]
    else:
        assert read == value


def test_models_within_models() -> None:
    detail = DeploymentDetail.from_dict({"input_fields": [{"name": "a", "widget": {"type": "textbox"}}]})
    assert isinstance(detail.input_fields[0], InputOutputFieldDetail)
    assert detail.input_fields[0].widget.type == "textbox"


def test_whether_they_were_asked_for_makes_no_difference(deployment: DeploymentList) -> None:
    asked = DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})
    assert len(asked.input_fields) == 2
    for other in (asked, copy.copy(deployment), copy.deepcopy(deployment), pickle.loads(pickle.dumps(deployment))):  # noqa: S301
        fresh = DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})
        assert fresh == other
        assert other == fresh
        assert repr(other) == repr(fresh)
        assert other.to_dict() == fresh.to_dict()


def test_a_model_that_is_built_by_hand_has_them_too() -> None:
    assert DeploymentList(input_fields=[InputOutputFieldList(name="a")]).input_fields[0].name == "a"
    assert DeploymentList().input_fields is None

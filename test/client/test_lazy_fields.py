"""Dates and nested models are read on first use, invisibly to users."""

from __future__ import annotations

import copy
import os
import pickle
import sys
import threading
from datetime import datetime, timezone
from typing import Any

import pytest

import ubiops
from ubiops.models import DeploymentDetail, DeploymentList, InputOutputFieldDetail, InputOutputFieldList

FIELDS: list[Any] = [{"name": "photo", "data_type": "file"}, {"name": "size", "data_type": "int"}]


@pytest.fixture
def deployment() -> DeploymentList:
    return DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})


def test_nested_models_are_read_on_first_use(deployment: DeploymentList) -> None:
    assert [field.name for field in deployment.input_fields] == ["photo", "size"]
    assert all(isinstance(field, InputOutputFieldList) for field in deployment.input_fields)
    assert deployment.output_fields is None


def test_the_same_list_is_returned_each_time(deployment: DeploymentList) -> None:
    deployment.input_fields.append(InputOutputFieldList(name="more"))
    assert [field.name for field in deployment.input_fields] == ["photo", "size", "more"]
    assert deployment.to_dict()["input_fields"][2]["name"] == "more"


def test_an_assigned_value_is_kept(deployment: DeploymentList) -> None:
    deployment.input_fields = []
    assert deployment.input_fields == []
    deployment.output_fields = [InputOutputFieldList(name="label")]
    assert deployment.output_fields[0].name == "label"


@pytest.mark.parametrize("value", [None, [], {}, "text", 3, [None, "text", {"name": "a"}]])
def test_a_value_that_is_not_a_list_of_objects_is_kept_as_received(value: Any) -> None:
    read = DeploymentList.from_dict({"input_fields": value}).input_fields
    if isinstance(value, list) and value:
        assert read == [None, "text", InputOutputFieldList(name="a")]
    else:
        assert read == value


def test_nested_models_can_have_nested_models() -> None:
    detail = DeploymentDetail.from_dict({"input_fields": [{"name": "a", "widget": {"type": "textbox"}}]})
    assert isinstance(detail.input_fields[0], InputOutputFieldDetail)
    assert detail.input_fields[0].widget.type == "textbox"


def test_copies_and_results_do_not_depend_on_whether_they_were_read(deployment: DeploymentList) -> None:
    asked = DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})
    assert len(asked.input_fields) == 2
    for other in (asked, copy.copy(deployment), copy.deepcopy(deployment), pickle.loads(pickle.dumps(deployment))):
        fresh = DeploymentList.from_dict({"name": "d", "input_fields": FIELDS, "output_fields": None})
        assert fresh == other
        assert other == fresh
        assert repr(other) == repr(fresh)
        assert other.to_dict() == fresh.to_dict()


def test_a_model_built_by_its_constructor_has_them_too() -> None:
    assert DeploymentList(input_fields=[InputOutputFieldList(name="a")]).input_fields[0].name == "a"
    assert DeploymentList().input_fields is None


def test_dates_are_read_once() -> None:
    model = DeploymentList.from_dict({"creation_date": "2024-05-12T16:15:11Z", "last_updated": "soon"})
    assert model.creation_date == datetime(2024, 5, 12, 16, 15, 11, tzinfo=timezone.utc)
    assert model.creation_date is model.creation_date
    assert model.last_updated == "soon"  # type: ignore[comparison-overlap]
    assert model.last_updated is model.last_updated


def test_an_assigned_date_is_not_read_again() -> None:
    model: Any = DeploymentList.from_dict({"creation_date": "2024-05-12T16:15:11Z"})
    model.creation_date = "2025-01-01T00:00:00Z"
    assert model.creation_date == model.to_dict()["creation_date"] == "2025-01-01T00:00:00Z"


def test_a_nested_model_that_was_passed_is_not_replaced() -> None:
    fields: list[Any] = [{"name": "a", "data_type": "int"}]
    model = ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", input_fields=fields)
    assert model.input_fields is fields


def test_all_threads_get_the_same_models() -> None:
    models = [DeploymentList.from_dict({"input_fields": FIELDS}) for _ in range(300)]
    seen: list[list[int]] = []
    ready = threading.Barrier(4)
    interval = sys.getswitchinterval()

    def use() -> None:
        ready.wait()
        seen.append([id(field) for model in models for field in model.input_fields])

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(seen) == 4
    assert all(ids == seen[0] for ids in seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_can_read_if_the_parent_was_reading_during_the_fork() -> None:
    from ubiops.models import _storage

    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with _storage._lock:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    child = os.fork()
    if child == 0:
        os._exit(0 if DeploymentList.from_dict({"input_fields": FIELDS}).input_fields[0].name == "photo" else 1)
    done.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0

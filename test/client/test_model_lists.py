"""The list that methods return is a list, and more."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from counting import function_calls

import ubiops
from ubiops._core.results import reader_for
from ubiops.models._list import MOST_ROWS, ModelList

OBJECTS = [{"name": f"d{number}", "creation_date": "2026-11-23T10:00:00Z"} for number in range(3)]


def read(objects: list[dict[str, Any]]) -> Any:
    reader = reader_for("list[DeploymentList]")
    assert reader is not None
    return reader([dict(one) for one in objects], 200)


def test_a_response_with_a_list_is_a_list() -> None:
    found = read(OBJECTS)
    assert type(found) is ubiops.ModelList
    assert isinstance(found, list)
    expected = [ubiops.DeploymentList.from_dict(one) for one in OBJECTS]
    assert found == expected
    assert expected == found
    assert repr(found) == repr(expected)
    assert [*found, *found] == found + expected == expected + found
    assert sorted(found, key=lambda one: one.name, reverse=True) == expected[::-1]
    found.append(expected[0])
    assert len(found) == 4


def test_a_slice_is_shown_as_a_table_too() -> None:
    found = read(OBJECTS)
    assert type(found[:2]) is ModelList
    assert found[:2] == list(found)[:2]
    assert found[-1].name == "d2"
    with pytest.raises(IndexError):
        found[3]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_can_be_pickled(protocol: int) -> None:
    again = pickle.loads(pickle.dumps(read(OBJECTS), protocol))
    assert type(again) is ModelList
    assert again == read(OBJECTS)


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy])
def test_copies_are_equal(take: Any) -> None:
    found = read(OBJECTS)
    again = take(found)
    assert again == found
    assert type(again) is ModelList
    assert again is not found


def test_nested_lists_are_such_lists_too() -> None:
    deployment = ubiops.DeploymentDetail.from_dict({"input_fields": [{"name": "a"}]})
    assert type(deployment.input_fields) is ModelList
    assert type(deployment.to_dict()["input_fields"]) is list
    assert json.loads(json.dumps(deployment.to_dict()))["input_fields"] == deployment.to_dict()["input_fields"]


def test_a_list_is_json() -> None:
    text = read(OBJECTS).to_json()
    assert [(one["name"], one["creation_date"]) for one in json.loads(text)] == [
        (one["name"], one["creation_date"]) for one in OBJECTS
    ]
    assert json.loads(read(OBJECTS).to_json(indent=2)) == json.loads(text)
    assert ubiops.ModelList().to_json() == "[]"
    assert ubiops.ModelList([1, None]).to_json() == "[1, null]"


def test_reading_a_long_list_costs_no_call_for_each_model_but_that_of_reading_it() -> None:
    reader = reader_for("list[DeploymentList]")
    assert reader is not None

    def calls(count: int) -> int:
        objects = [{"name": "d"} for _ in range(count)]
        return function_calls(lambda: reader(objects, 200))

    # The function that reads a model, the one that makes the object, and len.
    assert (calls(1001) - calls(1)) / 1000 <= 3


class Printer:
    """What IPython's pretty printer does with text."""

    def __init__(self) -> None:
        self.shown = ""

    def text(self, text: str) -> None:
        assert "\n" not in text
        self.shown += text

    def break_(self) -> None:
        self.shown += "\n"


def pretty(models: Any) -> str:
    printer = Printer()
    models._repr_pretty_(printer, False)
    return printer.shown


def test_a_long_list_is_complete_in_its_repr_but_shortened_in_ipython() -> None:
    found = ModelList(ubiops.BuildList.from_dict({"id": str(number)}) for number in range(MOST_ROWS + 1000))
    assert repr(found).count("BuildList(") == MOST_ROWS + 1000
    assert pretty(found).count("BuildList(") == MOST_ROWS
    assert pretty(found).endswith(",\n ... 1,000 more; print() shows all]")
    assert pretty(found[:3]) == repr(found[:3])

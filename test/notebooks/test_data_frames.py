"""pandas makes columns of the fields of models."""

from __future__ import annotations

from typing import Any

import pytest

import ubiops
from ubiops._core.results import reader_for

pandas = pytest.importorskip("pandas")


@pytest.fixture
def deployments() -> Any:
    reader = reader_for("list[DeploymentList]")
    assert reader is not None
    one = {"creation_date": "2026-11-23T10:00:00Z", "labels": {"a": "b"}, "input_fields": [{"name": "x"}], "newer": 1}
    return reader([{"name": f"d{number}", **one} for number in range(3)], 200)


def test_each_field_is_a_column(deployments: Any) -> None:
    for frame in (pandas.DataFrame(deployments), pandas.DataFrame(list(deployments))):
        assert list(frame.columns) == list(ubiops.DeploymentList.attribute_map)
        assert list(frame["name"]) == ["d0", "d1", "d2"]
        assert frame["creation_date"].dt.year.tolist() == [2026] * 3
        assert str(frame["creation_date"].dt.tz) == "UTC"
        assert frame["labels"][0] == {"a": "b"}
        assert frame["input_fields"][0] == [{"name": "x", "data_type": None}]


def test_columns_can_be_chosen(deployments: Any) -> None:
    frame = pandas.DataFrame(deployments, columns=["name", "creation_date"])
    assert frame.shape == (3, 2)
    assert frame[frame["name"] != "d1"]["name"].tolist() == ["d0", "d2"]


def test_a_series_holds_the_models(deployments: Any) -> None:
    assert pandas.Series(deployments).tolist() == deployments

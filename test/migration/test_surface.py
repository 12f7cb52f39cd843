"""The public names of both official clients are here with the same signatures, fields
and bases; each difference is a decision, which docs/migration.md lists."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest

import ubiops
from ubiops.models._positions import LEADING

from . import decisions
from .clients import OFFICIAL, THIS
from .surface import differences

Names = dict[str, dict[str, Any]]
DECISIONS = decisions.read()
PATTERNS = [pattern for decision in DECISIONS for pattern in decision["at"]]


@pytest.mark.parametrize("official", OFFICIAL)
def test_each_difference_is_a_decision(official: str, names: Names) -> None:
    found = differences(names[official], names[THIS])
    undecided = [one for one in found if not any(fnmatch.fnmatchcase(one, pattern) for pattern in PATTERNS)]
    assert undecided == []


def test_each_decision_applies(names: Names) -> None:
    found = {one for official in OFFICIAL for one in differences(names[official], names[THIS])}
    stale = [pattern for pattern in PATTERNS if not any(fnmatch.fnmatchcase(one, pattern) for one in found)]
    assert stale == []


def test_the_page_lists_the_decisions() -> None:
    page = decisions.PAGE.read_text(encoding="utf-8")
    assert page == decisions.written(page), "run: python test/migration/decisions.py"


def test_a_difference_is_found(names: Names) -> None:
    """The comparison notices what is missing and what has changed."""
    theirs, ours = names["4.15.0"], names[THIS]
    assert differences(theirs, theirs) == []
    changed = {
        **ours,
        "methods": {
            **{name: one for name, one in ours["methods"].items() if name != "deployments_get"},
            "deployments_delete": {**ours["methods"]["deployments_delete"], "positional": ["deployment_name"]},
        },
        "exceptions": {**ours["exceptions"], "ApiException": {**ours["exceptions"]["ApiException"], "bases": []}},
        "models": {**ours["models"], "Status": {**ours["models"]["Status"], "types": {"status": "int"}}},
        "area_attributes": [],
    }
    found = differences(theirs, changed)
    assert "ubiops.CoreApi.deployments_get: missing" in found
    assert "ubiops.CoreApi.deployments_delete: other positional parameters" in found
    assert "ubiops.exceptions.ApiException: is not a OpenApiException" in found
    assert "ubiops.Status.status: int instead of str" in found
    assert "ubiops.Status.reason: missing" in found or "reason" not in theirs["models"]["Status"]["types"]
    assert "ubiops.CoreApi.deployments: missing" in found


def test_fields_by_position_are_those_on_which_both_clients_agree(names: Names) -> None:
    for name, model in names[THIS]["models"].items():
        orders = [names[one]["models"][name]["positional"] for one in OFFICIAL if name in names[one]["models"]]
        mine = list(model["types"])
        agreed = 0
        while agreed < len(mine) and all(len(one) <= agreed or one[agreed] == mine[agreed] for one in orders):
            agreed += 1
        assert LEADING.get(name, len(mine)) == agreed, name
        assert hasattr(ubiops, name)

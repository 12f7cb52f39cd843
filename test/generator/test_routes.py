"""The first route that matches a request is the right one: a literal segment comes
before a parameter.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from generator.build_ir import build_ir, route_key
from generator.load import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The independent facts of the API, which name the paths that match the same requests.
FACTS = ROOT / "test" / "openapi" / "api-facts.json"


def first_match(paths: list[str], target: str) -> str:
    return next(path for path in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), target))


@pytest.mark.parametrize("paths", list(itertools.permutations(["/a/{b}/c", "/a/b/{c}", "/a/b/c", "/{a}/b/c"])))
def test_literal_segments_win_from_left_to_right(paths: tuple[str, ...]) -> None:
    ordered = sorted(paths, key=route_key)
    assert ordered == ["/a/b/c", "/a/b/{c}", "/a/{b}/c", "/{a}/b/c"]
    assert [first_match(ordered, target) for target in ("/a/b/c", "/a/b/x", "/a/x/c", "/x/b/c")] == ordered


def test_each_path_of_the_description_is_found() -> None:
    for description in (ROOT / "openapi", HERE / "golden" / "description"):
        routes = build_ir(load(description / "openapi.yaml")).routes
        paths = [route.path for route in routes]
        for path in paths:
            assert first_match(paths, re.sub(r"\{\w+\}", "~", path)) == path


@pytest.mark.skipif(not FACTS.exists(), reason="needs the facts of the whole API")
def test_paths_that_overlap_are_ordered() -> None:
    overlapping = json.loads(FACTS.read_text(encoding="utf-8"))["overlapping_paths"]
    assert overlapping
    for pair in overlapping:
        assert sorted([pair["parameter"], pair["literal"]], key=route_key) == [pair["literal"], pair["parameter"]]

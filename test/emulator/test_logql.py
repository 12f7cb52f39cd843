"""The query language of logs."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from ubiops.emulator.core import logql
from ubiops.emulator.core.errors import ApiError


def passes(query: str, line: str = "", **labels: str) -> bool:
    parsed = logql.parse(query)
    return parsed.accepts_line(line) and parsed.labels.passes(labels)


@pytest.mark.parametrize(
    ("query", "line", "expected"),
    [
        ("", "anything", True),
        ("  \n ", "anything", True),
        ('|= "error"', "an error", True),
        ('|= "error"', "an Error", False),
        ('|= ""', "", True),
        ('!= "error"', "an error", False),
        ('!= "error"', "fine", True),
        ("|~ `err(or)?`", "an err", True),
        ("|~ `^err`", "an err", False),
        ("!~ `^err`", "an err", True),
        ('|= "a" |= "b"', "a b", True),
        ('|= "a" |= "b"', "a", False),
        ('|= "a" != "b"', "a b", False),
        ('|= "a" or "b"', "b", True),
        ('!= "a" or "b"', "b", False),
        ('!= "a" or "b"', "c", True),
        (r'|= "a \"quoted\" \\ \t\x41\u00e9\U0001F600\101"', 'a "quoted" \\ \tAé😀A', True),
        (r"|= `\d`", r"\d", True),
        ('|= "or"', "or", True),
    ],
)
def test_line_filters(query: str, line: str, expected: bool) -> None:
    assert passes(query, line) is expected


A_B: dict[str, str] = {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("| a=`1`", True),
        ('| a = "1"', True),
        ('| a == "1"', True),
        ("| a=`2`", False),
        ("| a!=`2`", True),
        ("| a=~`[0-9]`", True),
        ("| a=~``", False),
        ("| a!~`[0-9]`", False),
        ("| c=``", True),
        ("| c!=``", False),
        ("| c!~`.+`", True),
        ("| a!~`.+`", False),
        ("| a=`1` | b=`2`", True),
        ("| a=`1` | b=`1`", False),
        ("| a=`1` and b=`2`", True),
        ("| a=`1`, b=`1`", False),
        ("| a=`2` or b=`2`", True),
        # "and" binds closer than "or".
        ("| a=`1` or b=`1` and c=`1`", True),
        ("| b=`1` and c=`1` or a=`1`", True),
        ("| (a=`1` or b=`1`) and c=`1`", False),
        ("| ((a=`1`))", True),
        ("|a=`1`and b=`2`", True),
    ],
)
def test_label_filters(query: str, expected: bool) -> None:
    assert passes(query, **A_B) is expected


def test_a_label_must_match_a_whole_expression_and_a_line_any_part() -> None:
    assert not passes("| a=~`1`", a="21")
    assert passes("| a=~`.*1`", a="21")
    assert passes("|~ `1`", "21")


def test_line_and_label_filters_mix_in_any_order() -> None:
    query = '|= "x" | a=`1` != "y" | b=`2`'
    assert passes(query, "x", **A_B)
    assert not passes(query, "x y", **A_B)
    assert not passes(query, "x", a="1")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("x", "has 'x' at position 0, where a filter"),
        ("|", "ends at position 1, where the name of a label"),
        ("| a", "ends at position 3, where one of =, !=, =~ and !~"),
        ("| a=", "ends at position 4, where a text in backticks or double quotes"),
        ("| a=b", "has 'b' at position 4"),
        ("| a=`1` and", "ends at position 11, where the name of a label"),
        ("| a=`1` b=`2`", "has 'b' at position 8"),
        ("| (a=`1`", r"where '\)' is expected"),
        ("| a>`1`", "not valid LogQL at position 3"),
        ("| a=`1", "not valid LogQL at position 4"),
        ('|= "a', "not valid LogQL at position 3"),
        (r'|= "\d"', r"unknown escape '\\d'; write regular expressions in backticks"),
        ('{app="x"} |= "a"', "must not have a stream selector"),
        ("|~ `(`", r"the regular expression '\(' in the query has a '\('"),
        ("| a=~`*`", "nothing to repeat"),
        ("|= `x`" * 101, "more than 100 filters"),
        ("| " + "(" * 30, "nested too deeply"),
        ("x" * 10_001, "at most 10000"),
        ("| and=`1`", "has 'and' at position 2"),
    ],
)
def test_an_invalid_query_is_explained(query: str, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        logql.parse(query)
    assert caught.value.status == 400
    assert re.search(reason, caught.value.message)


def test_any_text_is_either_parsed_or_rejected() -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as st

    pieces = st.sampled_from(
        ["|", "|=", "!=", "|~", "a", "`x`", '"y"', "and", "or", "(", ")", "=", "=~", "\\", " ", "é"]
    )

    @settings(deadline=None, derandomize=True, database=None, max_examples=300)
    @given(st.lists(pieces, max_size=12).map("".join))
    def check(query: Any) -> None:
        with contextlib.suppress(ApiError):
            logql.parse(query)

    check()

"""Regular expressions of callers: what they match, and that their cost is bounded."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ubiops.emulator.core.regex import Pattern, TooCostlyError
from ubiops.emulator.core.regex_syntax import PatternError

SAME_AS_PYTHON = [
    "",
    "a",
    "abc",
    "a|b",
    "a|",
    "(a|b)c",
    "(?:ab)+",
    "(?P<name>ab)+c",
    "(?<name>ab)",
    "a*",
    "a+b*c?",
    "a*?b",
    "(a*)*b",
    "(a|aa)+$",
    "a{2}",
    "a{2,}",
    "a{1,3}b",
    "a{0}",
    "a{,3}",
    "a{x}",
    "{",
    "^a",
    "a$",
    "^$",
    "^a|b$",
    "a^b",
    "$a",
    ".",
    "a.c",
    "[abc]",
    "[^abc]",
    "[a-c]",
    "[]a]",
    "[^]a]",
    "[a-]",
    r"[\d-]",
    r"[\w.]+",
    r"\d+",
    r"\D",
    r"\w\W",
    r"\s\S",
    r"a\.b",
    r"\x61",
    r"\t",
    "(?i)AbC",
    "(?i)[A-C]b",
    "(?s)a.c",
]
TEXTS = [
    "",
    "a",
    "b",
    "c",
    "ab",
    "abc",
    "aab",
    "aaab",
    "ABC",
    "a.b",
    "a c",
    "a\nc",
    "x",
    "1a2",
    "ba",
    "aXc",
    "]",
    "{",
    "-",
]
TEXTS += ["a{x}", "a{,3}", "\t", "ababc", "  "]


@pytest.mark.parametrize("pattern", SAME_AS_PYTHON)
def test_a_pattern_matches_what_it_matches_in_python(pattern: str) -> None:
    # Python names groups in one way only, reads {,3} as a repetition and lets $ match
    # before a line break at the end.
    of_python = pattern.replace("(?<", "(?P<").replace("{,", r"\{,").replace("$", r"\Z")
    for text in TEXTS:
        assert Pattern(pattern, whole=False).matches(text) == bool(re.search(of_python, text)), text
        assert Pattern(pattern, whole=True).matches(text) == bool(re.fullmatch(of_python, text)), text


atoms = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "^", "$", r"\w"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,2}", "{2}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(pattern=patterns, text=st.text(alphabet="abcd", max_size=6))
def test_any_pattern_matches_what_it_matches_in_python(pattern: str, text: str) -> None:
    of_python = pattern.replace("$", r"\Z")
    assert Pattern(pattern, whole=False).matches(text) == bool(re.search(of_python, text))
    assert Pattern(pattern, whole=True).matches(text) == bool(re.fullmatch(of_python, text))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "without a '\\)'"),
        (")", "without a '\\('"),
        ("[a", "too early"),
        ("*a", "nothing to repeat"),
        ("a**", "in parentheses"),
        ("a{3,2}", "not possible"),
        ("a{1001}", "not possible"),
        ("[b-a]", "not possible"),
        (r"\b", "not supported"),
        (r"(a)\1", "not supported"),
        ("(?=a)", "not supported"),
        ("(?<=a)", "not supported"),
        ("a(?i)b", "not supported"),
        ("[[:alpha:]]", "not supported"),
        (r"\xzz", "not a character"),
        (r"\x{110000}", "not a character"),
        ("\\", "too early"),
        ("(?P<n", "too early"),
        ("a" * 1001, "at most 1000"),
        ("((a{100}){100}){100}", "too large"),
        ("(" * 60 + ")" * 60, "too deeply"),
    ],
)
def test_what_is_invalid_or_not_supported_is_named(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=reason):
        Pattern(pattern, whole=False)


@pytest.mark.parametrize("part", ["", "(?:)", "|", "^"])
def test_a_pattern_that_repeats_nothing_without_end_is_rejected(part: str) -> None:
    with pytest.raises(PatternError, match="too large"):
        Pattern(f"((((({part}){{1000}}){{1000}}){{1000}}){{1000}})", whole=False)


def test_a_pattern_that_makes_backtracking_explode_is_cheap() -> None:
    pattern = Pattern("(a+)+(a+)+(a+)+b", whole=False)
    assert not pattern.matches("a" * 50_000)
    assert pattern.matches("a" * 50_000 + "b")


def test_a_pattern_with_very_many_states_is_given_up() -> None:
    pattern = Pattern("(a|b)*a(a|b){500}c", whole=False)
    text = "".join(random.Random(0).choices("ab", k=100_000))  # noqa: S311
    with pytest.raises(TooCostlyError, match="too long"):
        pattern.matches(text)


def test_a_pattern_with_more_transitions_than_are_kept_still_matches() -> None:
    pattern = Pattern("[^x]*x", whole=True)
    every = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 21_000))
    assert pattern.matches(every + "x")
    assert not pattern.matches(every + "xx")

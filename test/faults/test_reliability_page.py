"""What docs/reliability.md says in its tables is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ubiops
from ubiops import exceptions
from ubiops._core.retry import IDEMPOTENT, TRANSIENT, Failure, Policy, decide
from ubiops.response import MAX_RESPONSE_BYTES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first column has this title."""
    lines = PAGE.split(f"| {first} |", 1)[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: lines.index("")]]
    assert rows
    return rows


def number(text: str) -> float:
    found = re.search(r"\d+(?:\.\d+)?", text)
    assert found is not None, text
    return float(found.group())


def test_the_default_limits() -> None:
    settings = ubiops.Configuration()
    told = {row[0]: row[1] for row in table("limit")}
    assert number(told["to connect"]) == settings.connect_timeout
    assert number(told["between two bytes"]) == settings.read_timeout
    assert number(told["for sending again"]) == settings.retry_deadline == Policy().deadline
    assert told["for the whole call"] == "none"
    assert settings._timeouts.total is None


METHODS = {"safe": ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"), "unsafe": ("POST", "PATCH")}
FAILURES = {
    "no connection": [Failure("", sent=False)],
    "the connection broke, or a limit ran out, after sending": [Failure("", sent=True)],
    "502, 503, 504": [Failure("", status=status) for status in sorted(TRANSIENT)],
    "429": [Failure("", status=429)],
    "any other status": [Failure("", status=status) for status in (400, 401, 404, 409, 413, 500, 501, 505)],
    "a certificate that is not trusted": [Failure("", sent=False, transient=False)],
}


@pytest.mark.parametrize("row", table("what happened"), ids=lambda row: row[0])
def test_what_is_sent_again(row: list[str]) -> None:
    what, safe, unsafe = row
    assert set(METHODS["safe"]) == IDEMPOTENT
    for methods, told in ((METHODS["safe"], safe), (METHODS["unsafe"], unsafe)):
        for method in methods:
            for failure in FAILURES[what]:
                decision = decide(Policy(), method, failure, attempt=1, elapsed=0, now=0)
                assert ("again" if decision.wait is not None else "error") == told


def test_every_kind_of_failure_has_its_row() -> None:
    assert [row[0] for row in table("what happened")] == list(FAILURES)
    assert ", ".join(map(str, sorted(TRANSIENT))) == "502, 503, 504"


def test_the_numbers_of_sending_again() -> None:
    told = {row[0]: row[1] for row in table("rule")}
    policy = Policy()
    assert number(told["attempts after the first"]) == policy.max_retries == ubiops.Configuration().max_retries
    assert f"0 to {policy.backoff_base} ·" in told["backoff before attempt n"]
    assert f"at most {policy.backoff_cap:g} s" in told["backoff before attempt n"]
    assert f"up to {policy.wait_cap:g} s" in told["a wait that the server asks for"]
    assert number(told["no attempt begins after"]) == policy.deadline


@pytest.mark.parametrize("row", table("class"), ids=lambda row: row[0])
def test_each_status_has_the_class_that_is_told(row: list[str]) -> None:
    assert exceptions.class_for_status(int(row[1])).__name__ == row[0].strip("`")


def test_the_largest_answer() -> None:
    assert f"{MAX_RESPONSE_BYTES >> 20} MiB" in PAGE

"""The tables in docs/reliability.md agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ubiops
from ubiops import exceptions
from ubiops._core.results import MAX_RESPONSE_BYTES
from ubiops._core.retry import IDEMPOTENT, TRANSIENT, Failure, Policy, decide

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


def test_default_timeouts() -> None:
    settings = ubiops.Configuration()
    documented = {row[0]: row[1] for row in table("Timeout")}
    assert number(documented["connect"]) == settings.connect_timeout
    assert number(documented["read (between two bytes)"]) == settings.read_timeout
    assert number(documented["retries"]) == settings.retry_deadline == Policy().deadline
    assert documented["whole call"] == "none"
    assert settings._timeouts.total is None


METHODS = {"safe": ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"), "unsafe": ("POST", "PATCH")}
FAILURES = {
    "no connection": [Failure("", sent=False)],
    "broken connection or timeout after sending": [Failure("", sent=True)],
    "502, 503, 504": [Failure("", status=status) for status in sorted(TRANSIENT)],
    "429": [Failure("", status=429)],
    "any other status": [Failure("", status=status) for status in (400, 401, 404, 409, 413, 500, 501, 505)],
    "untrusted certificate": [Failure("", sent=False, transient=False)],
}


@pytest.mark.parametrize("row", table("Failure"), ids=lambda row: row[0])
def test_retried_failures(row: list[str]) -> None:
    failure_kind, safe, unsafe = row
    assert set(METHODS["safe"]) == IDEMPOTENT
    for methods, documented in ((METHODS["safe"], safe), (METHODS["unsafe"], unsafe)):
        for method in methods:
            for failure in FAILURES[failure_kind]:
                decision = decide(Policy(), method, failure, attempt=1, elapsed=0, now=0)
                assert ("retried" if decision.wait is not None else "error") == documented


def test_every_failure_is_documented() -> None:
    assert [row[0] for row in table("Failure")] == list(FAILURES)
    assert ", ".join(map(str, sorted(TRANSIENT))) == "502, 503, 504"


def test_retry_limits() -> None:
    documented = {row[0]: row[1] for row in table("Rule")}
    policy = Policy()
    assert number(documented["number of retries"]) == policy.max_retries == ubiops.Configuration().max_retries
    assert f"0 and {policy.backoff_base} ·" in documented["backoff before retry n"]
    assert f"at most {policy.backoff_cap:g} s" in documented["backoff before retry n"]
    assert f"up to {policy.wait_cap:g} s" in documented["delay requested by the server"]
    assert number(documented["deadline for starting a retry"]) == policy.deadline


@pytest.mark.parametrize("row", table("Class"), ids=lambda row: row[0])
def test_class_of_each_status(row: list[str]) -> None:
    name, status, _ = row
    statuses = [int(status.replace("xx", ending)) for ending in ("00", "02", "99")]
    assert {exceptions.class_for_status(one).__name__ for one in statuses} == {name.strip("`")}


def test_largest_response() -> None:
    assert f"{MAX_RESPONSE_BYTES >> 20} MiB" in PAGE

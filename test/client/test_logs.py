"""Log lines on the standard error stream, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripted import TOKEN, Wire, reply

import ubiops

ROOT = Path(ubiops.__file__).parent.parent
CALL = 'ubiops.CoreApi(host=sys.argv[1], token=sys.argv[2]).deployments_list("p")'
URL = r"GET http://127\.0\.0\.1:\d+/v2\.1/projects/p/deployments"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
RETRY = rf"{URL}: 503 Service Unavailable; retrying in 0\.\d\d s \(.*\)"
DEBUG = [
    rf"{TIME} ubiops DEBUG {URL}: 503 Service Unavailable after [\d.]+ s \{{.*\}}",
    rf"{TIME} ubiops INFO {RETRY}",
    rf"{TIME} ubiops DEBUG {URL}: 200 OK after [\d.]+ s \{{.*\}}",
]
INFO = [DEBUG[1]]


def errors_of(code: str, level: str = "") -> list[str]:
    """Returns what a program prints to its standard error stream. Its call is retried
    once."""
    with Wire([reply(503), reply(200, [])]) as server:
        done = subprocess.run(
            [sys.executable, "-c", f"import logging, sys, ubiops\n{code}", server.host, TOKEN],
            env={**os.environ, "PYTHONPATH": str(ROOT), "UBIOPS_LOG": level},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == ""
    assert TOKEN not in done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("code", "level", "expected"),
    [
        ("", "", []),
        ("", "warning", []),
        ("", "info", INFO),
        ("", "INFO ", INFO),
        ("", "debug", DEBUG),
        ("logging.getLogger('ubiops').setLevel('INFO')", "debug", INFO),
        ("ubiops.Configuration.set_default(ubiops.Configuration(debug=True))", "", DEBUG),
        # Two configurations, one handler.
        ("ubiops.Configuration(debug=True); ubiops.Configuration(debug=True)", "debug", DEBUG),
        ("c = ubiops.Configuration(debug=True); c.debug = False", "", []),
    ],
)
def test_lines_are_printed_if_they_are_asked_for(code: str, level: str, expected: list[str]) -> None:
    lines = errors_of(f"{code}\n{CALL}", level)
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected):
        assert re.fullmatch(pattern, line)


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("name", ["", "ubiops"])
def test_no_line_is_printed_twice_where_logging_is_configured(order: str, name: str) -> None:
    configure = (
        f"handler = logging.StreamHandler(); handler.setFormatter(logging.Formatter('mine %(message)s'))\n"
        f"logging.getLogger({name!r}).addHandler(handler)"
    )
    make = "api = ubiops.CoreApi(host=sys.argv[1], token=sys.argv[2])"
    parts = [configure, make] if order == "before" else [make, configure]
    lines = errors_of("\n".join([*parts, "api.deployments_list('p')"]), "info")
    assert len(lines) == 1
    assert re.fullmatch(rf"mine {RETRY}", lines[0])


def test_the_usual_way_to_configure_logging_shows_retries() -> None:
    """As reliability.md shows it."""
    [line] = errors_of(f"logging.basicConfig(level=logging.INFO)\n{CALL}")
    assert re.fullmatch(rf"INFO:ubiops:{RETRY}", line)


def test_a_level_that_does_not_exist_is_warned_of() -> None:
    lines = errors_of(CALL, "loud")
    assert "UserWarning: UBIOPS_LOG is 'loud', which is not a level: use debug, info, warning, error" in lines[0]


def test_importing_the_package_changes_nothing() -> None:
    code = "import ubiops.api_client, ubiops.configuration; assert not logging.getLogger('ubiops').handlers"
    assert errors_of(code, "debug") == []

"""docs/migration.md lists the differences between this library and both official
clients: all of them that are tested here, and no others.

Each script in scripts/ shows one difference, or something that is the same. Its first
line names the section and the row of the page, and its last lines say what each client
prints.
"""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
from environments import ROOT

from .clients import CLIENTS, HERE, OFFICIAL, THIS

SCRIPTS = sorted((HERE / "scripts").glob("*.py"))
PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
EXPECTED = re.compile(r"^# (.+) prints?:\n((?:#   .*\n)+)", re.MULTILINE)
HEADINGS = {"The official client": OFFICIAL, "This library": (THIS,), "All": CLIENTS, **{v: (v,) for v in OFFICIAL}}
Outputs = dict[str, dict[str, str]]
Names = dict[str, dict[str, Any]]


def expected(script: Path) -> dict[str, str]:
    """Returns what a script says that each client prints."""
    found = {}
    for heading, lines in EXPECTED.findall(script.read_text(encoding="utf-8")):
        for client in HEADINGS[heading]:
            found[client] = re.sub(r"^#   ", "", lines, flags=re.MULTILINE)
    return found


def row(script: Path) -> tuple[str, str]:
    """Returns the section and the row of the page that a script belongs to."""
    heading = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    section, _, title = heading.partition(" | ")
    return section, title


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[str]:
    """Returns the first cells of the table in a section."""
    return re.findall(r"^\| (.+?) \|", section(title), re.MULTILINE)[1:]


def code_spans(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_client_prints_what_the_script_says(script: Path, client: str, outputs: Outputs) -> None:
    printed = outputs[client][script.stem]
    # "..." ends a line of which only the start is known.
    pattern = re.escape(expected(script)[client]).replace(re.escape("...\n"), ".*\n")
    assert re.fullmatch(pattern, printed), printed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_shows_a_difference_unless_it_is_about_something_unchanged(script: Path) -> None:
    printed = expected(script)
    assert set(printed) == set(CLIENTS)
    same = printed[THIS] in [printed[version] for version in OFFICIAL]
    assert same or row(script)[0] != "Unchanged"
    assert row(script)[0] == "Unchanged" or len(set(printed.values())) > 1


@pytest.mark.parametrize("title", ["Client", "Calls", "Models", "Waiting"])
def test_every_row_of_the_page_has_a_script(title: str) -> None:
    assert sorted(rows(title)) == sorted(found for of, found in map(row, SCRIPTS) if of == title)


def test_scripts_name_sections_of_the_page() -> None:
    assert {row(script)[0] for script in SCRIPTS} == {"Client", "Calls", "Models", "Waiting", "Unchanged"}


def test_the_readme_counts_the_methods(names: Names) -> None:
    (row,) = re.findall(r"^\| API coverage \|.*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    methods = [name for name in names[THIS]["methods"] if name != "close"]
    assert f"all {len(methods)} operations" in row
    assert f"{len(names['4.15.0']['methods'])} of API v2 |" in row


def test_the_page_lists_the_areas_that_are_not_included(names: Names) -> None:
    ours = set(names[THIS]["methods"])
    lacking = {
        area for official in OFFICIAL for area, methods in names[official]["areas"].items() if set(methods) - ours
    }
    areas = {area for official in OFFICIAL for area in names[official]["areas"]}
    # The name of an area may be that of a helper too.
    helpers = {name for official in OFFICIAL for name in names[official]["utils"]} - lacking
    assert (code_spans(section("Not included")) & areas) - helpers == lacking


@pytest.mark.parametrize("official", OFFICIAL)
def test_the_page_lists_the_helpers_that_are_not_included(official: str, names: Names) -> None:
    patterns = code_spans(section("Not included"))
    lacking = set(names[official]["utils"]) - set(names[THIS]["utils"])
    assert [name for name in lacking if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)] == []


def test_the_page_lists_no_helper_that_is_included(names: Names) -> None:
    theirs = {name for official in OFFICIAL for name in names[official]["utils"]}
    listed = code_spans(section("Not included")) & theirs
    assert listed & set(names[THIS]["utils"]) == set()

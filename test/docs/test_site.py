"""The check of the documentation site finds external resources and broken links."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SITE: dict[str, Any] = runpy.run_path(str(ROOT / ".ci" / "site.py"))

GOOD = """
<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://example.com/index.html">
<script src="script.js"></script><img src="data:image/svg+xml,x">
<h1 id="top">Top</h1><a href="https://example.com">out</a><a href="#top">up</a>
<a href="other.html#there">other</a>
"""


def check(folder: Path, page: str, css: str = "") -> list[str]:
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "other.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    (folder / "script.js").write_text("", encoding="utf-8")
    (folder / "style.css").write_text(css, encoding="utf-8")
    problems: list[str] = SITE["check"](folder)
    return problems


def test_a_site_that_loads_only_its_own_files_passes(tmp_path: Path) -> None:
    assert check(tmp_path, GOOD, css="@import 'own.css'; a { background: url(own.png) }") == []


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://example.com/a.js"></script>',
        '<script src="//example.com/a.js"></script>',
        '<link rel="stylesheet" href="https://example.com/a.css">',
        '<link rel="preconnect" href="https://example.com">',
        '<img src="http://example.com/a.png">',
        '<iframe src="https://example.com/"></iframe>',
        "<style>@import 'https://example.com/a.css';</style>",
        "<p style=\"background: url('https://example.com/a.png')\">",
    ],
)
def test_an_external_resource_is_a_problem(tmp_path: Path, element: str) -> None:
    (problem,) = check(tmp_path, GOOD + element)
    assert "example.com" in problem


@pytest.mark.parametrize("css", ["@import 'https://example.com/a.css';", 'a { src: url( "//example.com/a.woff") }'])
def test_an_external_resource_of_a_stylesheet_is_a_problem(tmp_path: Path, css: str) -> None:
    (problem,) = check(tmp_path, GOOD, css=css)
    assert problem.startswith("style.css")


@pytest.mark.parametrize("link", ["missing.html", "other.html#nowhere", "#nowhere", "../outside.html"])
def test_a_broken_link_is_a_problem(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside.html").write_text("", encoding="utf-8")
    (tmp_path / "site").mkdir()
    (problem,) = check(tmp_path / "site", GOOD + f'<a href="{link}">x</a>')
    assert link in problem


def test_an_empty_site_is_a_problem(tmp_path: Path) -> None:
    assert len(SITE["check"](tmp_path)) == 1


def test_folders_of_the_navigation_are_expanded() -> None:
    ((models,),) = [list(entry.values()) for entry in SITE["expand"]([{"Models": "models/"}])]
    assert models[0] == "models/README.md"
    assert sorted(models) == sorted(f"models/{page.name}" for page in (ROOT / "docs" / "models").glob("*.md"))

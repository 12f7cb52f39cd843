"""Links from one page of this repository to another lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob(".github/**/*.md"))]
CODE = re.compile(r"^\s*```.*?^\s*```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def repository() -> str:
    """The address of the repository, as the package's metadata has it."""
    found = re.search(
        r'^REPOSITORY = "(https://[^"]+)"$', (ROOT / "setup.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found
    return found[1]


FILES = f"{repository()}/blob/HEAD/"


def prose(page: Path) -> str:
    return CODE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """The targets of inline links and of link definitions."""
    text = prose(page)
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^]]+\]: (\S+)$", text, re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page: explicit ones, and those derived from headings."""
    text = page.read_text(encoding="utf-8")
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z]+:", link) and not link.startswith(FILES):
            assert link.startswith("https://"), link
            continue
        base = ROOT if link.startswith(FILES) else page.parent
        path, _, anchor = link.removeprefix(FILES).partition("#")
        target = (base / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_reference_links_are_defined(page: Path) -> None:
    text = prose(page)
    defined = set(re.findall(r"^\[([^]]+)\]: ", text, re.MULTILINE))
    used = set(re.findall(r"\]\[([^]]+)\]", text)) | set(re.findall(r"(?<!\])\[([a-z-]+)\](?![\[(:])", text))
    assert used - {"x"} == defined


def test_links_to_the_repository_use_the_address_of_the_metadata() -> None:
    host = repository().rpartition("/")[0]
    found = [(page.name, link) for page in PAGES for link in links(page) if link.startswith(host)]
    assert [one for one in found if not one[1].startswith(repository())] == []


def test_the_readme_links_absolutely() -> None:
    """It is also the project's page on PyPI, where relative links lead nowhere."""
    assert [link for link in links(ROOT / "README.md") if not link.startswith("https://")] == []


def test_guides_link_only_within_the_site_or_absolutely() -> None:
    docs = ROOT / "docs"
    outside = []
    for page in docs.glob("*.md"):
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if not re.match(r"[a-z]+:", link) and target != docs and docs not in target.parents:
                outside.append((page.name, link))
    assert outside == []


def test_every_guide_is_in_the_index_and_in_the_site() -> None:
    guides = {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [guide for guide in guides if f"({guide})" not in index] == []
    assert [guide for guide in guides if f": {guide}\n" not in site] == []

"""Builds the documentation site and checks it.

Reports broken links, and resources that a browser would load from the network.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
# Attributes that make a browser fetch something as soon as it shows the page.
LOADING = {
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("use", "href"),
    ("video", "poster"),
    ("video", "src"),
}
# Links that a browser doesn't follow by itself.
PASSIVE = {"alternate", "author", "canonical", "license", "next", "prev", "edit"}
EXTERNAL = re.compile(r"\s*(?:[a-z][a-z+.-]*:)?//", re.IGNORECASE)
CSS_LOADS = re.compile(r"""url\(\s*["']?(?:https?:)?//|@import\s+["'](?:https?:)?//""", re.IGNORECASE)


class Page(HTMLParser):
    """The links, loads and anchors of one HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.update(value for name in ("id", "name") if (value := given.get(name)))
        self._style = tag == "style"
        passive = tag == "link" and PASSIVE & set((given.get("rel") or "").split())
        for name, value in attrs:
            if value and (tag, name.removeprefix("xlink:")) in LOADING and not passive:
                self.loads.append(value)
            elif value and (tag, name) == ("a", "href"):
                self.links.append(value)
            elif value and name == "style" and CSS_LOADS.search(value):
                self.loads.append("//" + value)

    def handle_data(self, data: str) -> None:
        if self._style and CSS_LOADS.search(data):
            self.loads.append("//" + " ".join(data.split())[:80])


def expand(nav: list[Any]) -> list[Any]:
    """Replaces each folder in the navigation by its pages, the index first."""
    expanded: list[Any] = []
    for entry in nav:
        for title, value in entry.items() if isinstance(entry, dict) else [(None, entry)]:
            if isinstance(value, list):
                expanded.append({title: expand(value)})
            elif value.endswith("/"):
                names = sorted(page.name for page in (ROOT / "docs" / value).glob("*.md"))
                names.sort(key=lambda name: name != "README.md")
                expanded.append({title: [value + name for name in names]})
            else:
                expanded.append({title: value} if title else value)
    return expanded


def build() -> None:
    """Builds the site from mkdocs.yml with its navigation expanded."""
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    settings["nav"] = expand(settings["nav"])
    # The configuration has to lie beside docs/.
    config = ROOT / ".mkdocs-expanded.yml"
    config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    try:
        subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", str(config)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            check=True,
        )
    finally:
        config.unlink()


def check(site: Path) -> list[str]:
    """The problems of a built site: external resources, and links that lead nowhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    problems = [] if pages else [f"{site}: there are no pages"]
    for path, page in pages.items():
        place = path.relative_to(site)
        problems += [f"{place}: loads {load}" for load in page.loads if EXTERNAL.match(load)]
        # The address of the error page is unknown, so its links are absolute.
        if place.name == "404.html":
            continue
        for link in [*page.links, *page.loads]:
            if urlsplit(link).scheme or EXTERNAL.match(link):
                continue
            target = (path.parent / unquote(urlsplit(link).path)).resolve() if urlsplit(link).path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(urlsplit(link).fragment)
            if not target.is_file() or site.resolve() not in target.parents:
                problems.append(f"{place}: broken link {link}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                problems.append(f"{place}: no such heading {link}")
    for path in sorted(site.rglob("*.css")):
        if CSS_LOADS.search(path.read_text(encoding="utf-8")):
            problems.append(f"{path.relative_to(site)}: loads a style or font from the network")
    return problems


def main() -> int:
    build()
    problems = check(SITE)
    print("\n".join(problems) or f"The site is in {SITE.relative_to(ROOT)}/index.html.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""The decisions about differences, and the table of them in docs/migration.md.

`python test/migration/decisions.py` writes the table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "migration.md"
TITLE = "Names and signatures"


def read() -> list[dict[str, Any]]:
    """Returns the decisions."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / "decisions.yaml").read_text(encoding="utf-8"))
    return found


def table() -> str:
    """Returns the table of the decisions."""
    rows = [f"| {one['what']} | {one['why']} |" for one in read()]
    return "\n".join(["| Official client | This library |", "|---|---|", *rows])


def written(page: str) -> str:
    """Returns a page with the table in its section."""
    pattern = re.compile(rf"(\n## {TITLE}\n.*?\n)\| Official client \|.*?\n(?=\n)", re.DOTALL)
    assert pattern.search(page), f"the page has no section {TITLE} with a table"
    return pattern.sub(lambda found: f"{found[1]}{table()}\n", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

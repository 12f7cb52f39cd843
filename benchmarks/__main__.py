"""``python -m benchmarks`` measures, prints a report and updates the documentation."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from benchmarks import picture, report, works
from benchmarks.environments import ROOT
from benchmarks.processes import server

DOCUMENT = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "performance.svg"
RESULTS = ROOT / "benchmarks" / "results.json"


def main() -> None:
    """Runs everything, or only a part; a part does not update the documentation."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compares this client with the official one and bare urllib3."
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and small files, to check that it works")
    parser.add_argument("--only", choices=works.GROUPS, action="append", help="run only this group; can be repeated")
    parser.add_argument("--json", type=Path, help="write the report to this file as JSON")
    options = parser.parse_args()
    with server() as running:
        figures = works.run(
            running, works.QUICK if options.quick else works.Scale(), tuple(options.only or works.GROUPS)
        )
    tables = report.tables(figures)
    print(*(report.as_text(table) for table in tables.values() if len(table) > 1), sep="\n\n")
    partial = options.quick or options.only
    path = options.json or (None if partial else RESULTS)
    if path is not None:
        path.write_text(json.dumps(report.whole(figures), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not partial:
        PICTURE.write_text(picture.draw(figures), encoding="utf-8")
        for name, table in tables.items():
            _fill(name, report.as_markdown(table))


def _fill(name: str, text: str) -> None:
    """Replaces the table between two markers of the documentation."""
    document = DOCUMENT.read_text(encoding="utf-8")
    markers = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    DOCUMENT.write_text(markers.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", document), encoding="utf-8")


if __name__ == "__main__":
    main()

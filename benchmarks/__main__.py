"""``python -m benchmarks``: measures, prints the report, and writes it down."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from benchmarks import picture, report, works
from benchmarks.environments import PACKAGES, ROOT, prepare
from benchmarks.processes import server

DOCUMENT = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.svg"
RESULTS = ROOT / "benchmarks" / "results.json"


def main() -> None:
    """Runs all, or with --quick a smaller share that tells less and is written down nowhere else."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures this client beside the official one and bare urllib3."
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and small files, to see that all works")
    parser.add_argument("--only", choices=works.GROUPS, action="append", help="a part of the work, likewise")
    parser.add_argument("--json", type=Path, help="where to write the report as JSON")
    options = parser.parse_args()
    for name in PACKAGES:
        prepare(name)
    with server() as running:
        figures = works.run(
            running, works.QUICK if options.quick else works.Scale(), tuple(options.only or works.GROUPS)
        )
    table, targets = report.tables(figures)
    print(report.as_text(table), report.as_text(targets), sep="\n\n")
    partial = options.quick or options.only
    path = options.json or (None if partial else RESULTS)
    if path is not None:
        path.write_text(json.dumps(report.whole(figures), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not partial:
        PICTURE.write_text(picture.draw(figures), encoding="utf-8")
        _fill("figures", report.as_markdown(table))
        _fill("targets", report.as_markdown(targets))


def _fill(name: str, text: str) -> None:
    """Puts a table between its marks in the documentation."""
    document = DOCUMENT.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    DOCUMENT.write_text(marks.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", document), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes the generated files; with --check, only lists those that are outdated."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator.classes import render_classes
from generator.errors import DescriptionError
from generator.generate import compare, generate, write

ROOT = Path(__file__).resolve().parent.parent
_PROBLEMS = {
    "missing": "is missing",
    "differs": "is not up to date",
    "stale": "is stale: nothing generates it any more",
}
_DONE = {"missing": "written", "differs": "written", "stale": "removed"}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: The command line. Default: that of the process.

    Returns:
        0 on success, 1 if files are not up to date, 2 if the description is not valid.
    """
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="list the files that are not up to date, change nothing, and exit with 1"
    )
    parser.add_argument(
        "--description",
        type=Path,
        default=ROOT / "openapi" / "openapi.yaml",
        metavar="FILE",
        help="default: openapi/openapi.yaml",
    )
    parser.add_argument("--output", type=Path, default=ROOT, metavar="FOLDER", help="default: the repository")
    options = parser.parse_args(arguments)
    try:
        files = {**generate(options.description, options.output), **render_classes(options.output)}
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 2
    if not options.check:
        for path, problem in write(files, options.output):
            print(f"{path}: {_DONE[problem]}")
        return 0
    differences = compare(files, options.output)
    for path, problem in differences:
        print(f"{path} {_PROBLEMS[problem]}")
    if differences:
        print(f"{len(differences)} files are not up to date; run: python -m generator")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

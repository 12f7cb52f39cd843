"""The command: `python -m generator` writes what is generated, `--check` tells what differs and changes nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator.errors import DescriptionError
from generator.generate import compare, generate, write
from generator.samples import SAMPLES, Samples

ROOT = Path(__file__).resolve().parent.parent
_SAID = {
    "missing": "is missing",
    "differs": "differs from the description",
    "stale": "is stale: nothing in the description makes it any more",
}
_DONE = {"missing": "written", "differs": "written", "stale": "removed"}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: The command line; None takes the process's own.

    Returns:
        0 when all is well, 1 when files differ, 2 when the description can't be generated from.
    """
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="tell what differs, change nothing, and exit with 1 if any does"
    )
    parser.add_argument("--description", type=Path, metavar="FILE", help="default: openapi/openapi.yaml")
    parser.add_argument("--output", type=Path, default=ROOT, metavar="FOLDER", help="default: the repository")
    options = parser.parse_args(arguments)
    try:
        # The samples belong to the description of the repository.
        if options.description is None:
            files = generate(ROOT / "openapi" / "openapi.yaml", SAMPLES)
        else:
            files = generate(options.description, Samples())
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 2
    if not options.check:
        for path, what in write(files, options.output):
            print(f"{path}: {_DONE[what]}")
        return 0
    differences = compare(files, options.output)
    for path, what in differences:
        print(f"{path} {_SAID[what]}")
    if differences:
        print(f"{len(differences)} files are not up to date; run: python -m generator")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

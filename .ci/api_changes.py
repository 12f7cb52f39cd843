"""Reports breaking changes of the public API since the last release.

A breaking change passes if CHANGELOG.md lists it under "Breaking" in its topmost
section, with its name in backticks: `ubiops.utils.wait_for_revision`, or any shorter
form such as `wait_for_revision`. Without a tag to compare with, nothing is checked.
"""

from __future__ import annotations

import argparse
import io
import logging
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "ubiops"
# Users import the names of ubiops.emulator, not its submodules.
INTERNAL = re.compile(r"\.emulator\.[a-z_]+\.|\._[a-z]")


def last_tag(root: Path) -> str | None:
    """Returns the newest version tag that HEAD descends from, or None."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]
    try:
        # A repository that merely contains the folder, as with an unpacked source
        # distribution, is not the project's.
        top = run(["git", "rev-parse", "--show-toplevel"], root).decode().strip()
        if Path(top).resolve() != root.resolve():
            return None
        return run(command, root).decode().strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def run(command: list[str], root: Path) -> bytes:
    return subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout


def load(package: str, folder: Path) -> griffe.Object | griffe.Alias:
    """Reads a package without importing it."""
    return griffe.load(package, search_paths=[folder], try_relative_path=False, allow_inspection=False)


def describe(breakage: griffe.Breakage) -> str:
    """Explains a breakage in one line, without the location and colors of griffe."""
    values = [shown for value in (breakage.old_value, breakage.new_value) if (shown := shorten(value))]
    return breakage.kind.value + (f": {' -> '.join(values)}" if values else "")


def shorten(value: object) -> str:
    if isinstance(value, griffe.Parameter):
        return value.name if value.default is None else f"{value.name}={value.default}"
    return str(value) if isinstance(value, (str, int, float)) else ""


def breaking_changes(old: Path, new: Path, package: str = PACKAGE) -> Iterator[tuple[str, str]]:
    """Compares the package in two folders.

    Yields:
        The path of what changed, such as `ubiops.utils.wait_for_revision`, and an
        explanation for the reader.
    """
    before, after = (load(package, folder) for folder in (old, new))
    seen = set()
    for breakage in griffe.find_breaking_changes(before, after):
        path = breakage.obj.path
        text = describe(breakage)
        if not INTERNAL.search(path) and (path, text) not in seen:
            seen.add((path, text))
            yield path, text


def listed_changes(changelog: str) -> set[str]:
    """Returns the names under "Breaking" in the topmost section of a changelog."""
    section = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:2]
    found = re.search(r"^### Breaking\n(.*?)(?=^###? |\Z)", "".join(section), re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([A-Za-z_][\w.]*)[^`]*`", found[1])) if found else set()


def is_listed(path: str, names: set[str]) -> bool:
    return any(path == name or path.endswith("." + name) for name in names)


def check(root: Path, tag: str | None, package: str = PACKAGE) -> int:
    """Compares the working tree with a tag. Returns the exit code."""
    tag = tag or last_tag(root)
    if tag is None:
        print("There is no release tag to compare with.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        archive = run(["git", "archive", "--format=tar", tag, package], root)
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder)  # noqa: S202 - written by git from this repository
        changes = list(breaking_changes(Path(folder), root, package))
    names = listed_changes((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    missing = [(path, text) for path, text in changes if not is_listed(path, names)]
    for path, text in missing:
        print(f"{path}: {text}")
    if missing:
        print('Undo these breaking changes, or list them in CHANGELOG.md under "### Breaking".')
        return 1
    print(f"{len(changes)} breaking changes since {tag}, all listed in CHANGELOG.md.")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="TAG", help="tag or commit to compare with (default: the last version)")
    # griffe logs what it can't resolve, such as imports of other packages.
    logging.getLogger("griffe").setLevel(logging.ERROR)
    return check(ROOT, parser.parse_args().against)


if __name__ == "__main__":
    sys.exit(main())

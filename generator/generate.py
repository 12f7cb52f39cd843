"""From the description to the files on disk: all steps in a row, and what differs from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.build_ir import build_ir
from generator.load import load, validate
from generator.render import MARKER, render
from generator.samples import SAMPLES, Samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Where generated files are, and none but these: what says in its first line that it is generated, but isn't, is stale.
FOLDERS = ("docs/api", "docs/models", "ubiops/api", "ubiops/emulator", "ubiops/models")


class Difference(NamedTuple):
    """A file that is not as the description wants it."""

    path: str
    what: str


def generate(description: Path, samples: Samples = SAMPLES) -> dict[str, str]:
    """The text of all generated files, by their paths in the repository.

    Args:
        description: The file that the description begins with.
        samples: Values for the code in the docs.

    Raises:
        DescriptionError: The description can't be generated from.
    """
    document = load(description)
    # First what is not supported, whose messages are the clearer ones, then all else that is not valid.
    api = build_ir(document)
    validate(document)
    return render(api, document, samples)


def compare(files: Mapping[str, str], root: Path) -> list[Difference]:
    """What differs between generated files and those on disk, down to the byte."""
    found = []
    for path, text in files.items():
        if not (root / path).is_file():
            found.append(Difference(path, "missing"))
        elif (root / path).read_bytes() != text.encode("utf-8"):
            found.append(Difference(path, "differs"))
    return found + [Difference(path, "stale") for path in _generated(root) if path not in files]


def write(files: Mapping[str, str], root: Path) -> list[Difference]:
    """Brings the files on disk up to date, and returns what was done."""
    differences = compare(files, root)
    for path, what in differences:
        target = root / path
        if what == "stale":
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[path].encode("utf-8"))
    return differences


def _generated(root: Path) -> list[str]:
    """The files on disk that say that they are generated."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".pyi", ".md") and path.is_file():
                with path.open("rb") as file:
                    if MARKER.encode() in file.readline():
                        found.append(path.relative_to(root).as_posix())
    return found

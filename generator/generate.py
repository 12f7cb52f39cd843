"""Generates all files from the description, and compares them with those on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.build_ir import build_ir
from generator.classes import MARKER as CLASSES_MARKER
from generator.emulated import render_emulated
from generator.load import load, validate
from generator.render import MARKER, render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The folders of all generated files. A file there that carries the marker, but is not
# generated any more, is stale.
FOLDERS = ("docs/api", "docs/models", "docs/reference", "ubiops")


class Difference(NamedTuple):
    """A file that is not up to date."""

    path: str
    what: str


def generate(description: Path, root: Path | None = None) -> dict[str, str]:
    """Returns the text of all generated files by their paths in the repository.

    Args:
        description: The root file of the description.
        root: The folder that contains the emulator, to list what it supports.

    Raises:
        DescriptionError: The description is not valid, or not supported.
    """
    document = load(description)
    # The validator comes second: the messages of the first step are clearer.
    api = build_ir(document)
    validate(document)
    return {**render(api, document), **(render_emulated(api, root) if root else {})}


def compare(files: Mapping[str, str], root: Path) -> list[Difference]:
    """Compares generated files with those on disk, byte by byte."""
    found = []
    for path, text in files.items():
        if not (root / path).is_file():
            found.append(Difference(path, "missing"))
        elif (root / path).read_bytes() != text.encode("utf-8"):
            found.append(Difference(path, "differs"))
    return found + [Difference(path, "stale") for path in _generated(root) if path not in files]


def write(files: Mapping[str, str], root: Path) -> list[Difference]:
    """Brings the files on disk up to date, and returns what was changed."""
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
    """The files on disk that carry the marker."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".pyi", ".md") and path.is_file():
                with path.open("rb") as file:
                    first = file.readline()
                if MARKER.encode() in first or CLASSES_MARKER.encode() in first:
                    found.append(path.relative_to(root).as_posix())
    return found

"""Decides which files of a folder are left out of its package."""

from __future__ import annotations

import fnmatch
import os
from typing import TYPE_CHECKING, Any

from ubiops._packages.errors import PackageError

if TYPE_CHECKING:
    from pathlib import Path

IGNORE_FILENAME = ".ubiops-ignore"

# Made by tools, and never needed by a deployment. docs/packages.md lists them too.
DEFAULT_IGNORES = (
    ".git",
    ".hg",
    ".svn",
    ".gitignore",
    ".gitattributes",
    ".ubiops-ignore",
    ".venv",
    "venv",
    "__pycache__",
    "*.py[co]",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    ".tox",
    ".nox",
    ".coverage",
    "node_modules",
    ".idea",
    ".vscode",
    ".DS_Store",
    "__MACOSX",
    "Thumbs.db",
    ".#*",
    "*.swp",
)
"""Names of files and folders, at any depth, that are left out by default."""

_EXTRA = "pip install 'ubiops[packages]'"


class IgnoreRules:
    """Decides which files of a folder are left out.

    Args:
        root: The folder.
        ignore_filename: The file in the folder with patterns in gitignore syntax; it
            need not exist. None for none.
        everything: Whether only the ignore file counts, as in the official client, and
            not the default list.

    Raises:
        PackageError: The ignore file can't be read, has a pattern that is not valid, or
            needs pathspec, which is not installed.
    """

    def __init__(self, root: str, ignore_filename: str | os.PathLike[str] | None, everything: bool) -> None:
        self._defaults = not everything
        self._spec: Any = None
        self._lines: list[str] = []
        self.filename = os.fspath(ignore_filename) if ignore_filename is not None else ""
        if self.filename:
            self._lines = _read_lines(os.path.join(root, self.filename), self.filename)
        if any(line.strip() and not line.startswith("#") for line in self._lines):
            self._spec = _compile(self._lines, self.filename)
        self.brings_back = any(line.startswith("!") for line in self._lines)
        """Whether a pattern may bring back a file in a folder that is left out."""

    def reason(self, name: str, in_environment: bool = False) -> str | None:
        """Returns why a file is left out; None if it isn't.

        Args:
            name: Its path in the folder, with ``/`` between names, and at the end of a
                folder.
            in_environment: Whether it lies in a virtual environment.
        """
        if self._spec is not None:
            result = self._spec.check_file(name)
            if result.include:
                line = f" (line {result.index + 1}: {self._lines[result.index].strip()})"
                return f"{self.filename}{line}"
            if result.include is not None:
                return None
        if not self._defaults:
            return None
        if in_environment:
            return "virtual environments are left out by default"
        for part in name.rstrip("/").split("/"):
            for pattern in DEFAULT_IGNORES:
                if fnmatch.fnmatchcase(part, pattern):
                    return f"{pattern} is left out by default"
        return None


def _read_lines(path: str, name: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return []
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PackageError(f"the ignore file {name} can't be read: {why}") from None


def _compile(lines: list[str], name: str) -> Any:
    try:
        import pathspec
    except ImportError:
        raise PackageError(
            f"the ignore file {name} can't be applied without pathspec: {_EXTRA}, or remove the file"
        ) from None
    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise PackageError(f"the ignore file {name} has a pattern that is not valid: {error}") from None


def is_environment(folder: Path | str) -> bool:
    """Returns whether a folder is a virtual environment of Python or conda."""
    return os.path.isfile(os.path.join(folder, "pyvenv.cfg")) or os.path.isdir(os.path.join(folder, "conda-meta"))

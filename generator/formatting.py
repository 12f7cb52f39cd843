"""Formats Python code with the version of ruff in generator/requirements.txt."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Not in pyproject.toml, so that the output depends on nothing else.
_COMMON = ("--isolated", "--quiet", "--no-cache", "--target-version", "py39", "--config", "exclude = []")
_FIXED = ("--fix-only", "--select", "F401,I,RUF022,RUF023,TC005")
_SETTINGS = (
    "line-length = 120",
    "lint.isort.known-first-party = ['ubiops']",
    "lint.isort.split-on-trailing-comma = false",
)


def format_code(files: Mapping[str, str]) -> dict[str, str]:
    """Formats modules, sorts their imports and removes the unused ones.

    Args:
        files: The text of the modules by path.
    """
    settings = [word for setting in _SETTINGS for word in ("--config", setting)]
    return _run(files, ("check", *_COMMON, *_FIXED, *settings), ("format", *_COMMON, "--line-length", "120"))


def format_snippets(snippets: Mapping[str, str]) -> dict[str, str]:
    """Formats code for the docs, whose lines are shorter than those of modules.

    Args:
        snippets: The code, under any names.
    """
    names = {f"{index}.py": name for index, name in enumerate(snippets)}
    formatted = _run(
        {file: snippets[name] for file, name in names.items()}, ("format", *_COMMON, "--line-length", "100")
    )
    return {names[file]: text for file, text in formatted.items()}


def _run(files: Mapping[str, str], *commands: tuple[str, ...]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8"))
        for command in commands:
            ruff = [sys.executable, "-m", "ruff", *command, "."]
            done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode != 0:
                raise RuntimeError(f"ruff {command[0]} failed: {done.stdout}{done.stderr}")
        return {path: (folder / path).read_bytes().decode("utf-8") for path in files}

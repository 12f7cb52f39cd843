"""Puts Python code into its final form, with the one version of ruff that generator/requirements.txt names."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# On the command line and not in pyproject.toml, so that the output depends on nothing else.
_COMMON = ("--isolated", "--quiet", "--no-cache", "--target-version", "py39", "--config", "exclude = []")
_FIXED = ("--fix-only", "--select", "F401,I,RUF022,RUF023,TC005")
_SETTINGS = (
    "line-length = 120",
    "lint.isort.known-first-party = ['ubiops']",
    "lint.isort.split-on-trailing-comma = false",
)


def format_code(files: Mapping[str, str]) -> dict[str, str]:
    """Modules without unused imports, sorted and formatted.

    Args:
        files: The modules' text by their paths.
    """
    settings = [word for setting in _SETTINGS for word in ("--config", setting)]
    return _run(files, ("check", *_COMMON, *_FIXED, *settings), ("format", *_COMMON, "--line-length", "120"))


def format_snippets(snippets: Mapping[str, str]) -> dict[str, str]:
    """Code for the docs, formatted for pages that are narrower than a module.

    Args:
        snippets: The code by any names.
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

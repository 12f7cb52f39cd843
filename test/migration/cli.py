"""The command-line program ubiops-cli of the platform, with this library in place of
the official client that it pins.

It keeps its settings, the token among them, in its own folder of site-packages, so its
environment belongs to one test module.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from environments import ROOT, create_environment

from .clients import PLACE, THIS, variables

CLI = "2.32.0"
_OPTIONS = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:")
_REQUIREMENTS = "import importlib.metadata as m, json; print(json.dumps(m.requires('ubiops-cli')))"


def prepare() -> Path:
    """Creates the environment of the program unless it exists; returns its folder."""
    folder = PLACE / f"cli-{CLI}-python{sys.version_info.major}.{sys.version_info.minor}"
    stamp = folder / "installed"
    if not stamp.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        python = create_environment(folder)
        _run(python, "-m", "pip", "install", *_OPTIONS, "--no-deps", f"ubiops-cli=={CLI}")
        needed = [one for one in json.loads(_run(python, "-c", _REQUIREMENTS)) if not one.startswith("ubiops=")]
        setup = (ROOT / "setup.py").read_text(encoding="utf-8")
        ours = re.search(r"install_requires=\[(.*?)\]", setup, re.DOTALL)
        assert ours is not None
        _run(python, "-m", "pip", "install", *_OPTIONS, *needed, *re.findall(r'"([^"]+)"', ours[1]))
        stamp.write_text(str(python), encoding="utf-8")
    return folder


def _run(*command: Any) -> str:
    environment = {name: value for name, value in variables(THIS).items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    if done.returncode:
        pytest.fail(f"ubiops-cli=={CLI} could not be installed:\n{done.stderr}")
    return done.stdout


@dataclass
class Done:
    """What a command printed."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.output)


class Program:
    """The program in a working directory.

    Args:
        folder: Its environment.
        work: The working directory.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self._path = folder / ("Scripts" if os.name == "nt" else "bin") / "ubiops"
        self.work = work

    def __call__(self, *arguments: Any, code: int = 0) -> Done:
        """Runs a command, which must end with this exit code."""
        done = subprocess.run(
            [str(self._path), *map(str, arguments)],
            cwd=self.work,
            env={**variables(THIS, "http://127.0.0.1:9"), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

"""Fresh environments to install the package into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """Runs a command away from this process's environment, and returns what it prints.

    Args:
        command: The program and its arguments.
        cwd: The working directory.
        code: The expected exit code.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "UBIOPS_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def create_environment(folder: Path) -> Path:
    """Creates a virtual environment and returns its Python."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"

"""The environments in which the contestants run: made once, and again when what is in them changes."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv" / "benchmarks"
OFFICIAL = "ubiops==4.15.0"
PACKAGES = {
    # This client runs from its sources, so that only what it needs is installed; the floor needs part of that.
    "this": ("urllib3", "python-dateutil", "certifi", "six"),
    "official": (OFFICIAL,),
    "server": ("trustme",),
}


def prepare(name: str) -> str:
    """Makes an environment where there is none yet, and says where its Python is."""
    folder = PLACE / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed"
    wanted = " ".join((sys.version, *PACKAGES[name]))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making the environment {name!r} ({', '.join(PACKAGES[name])})", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        stamp.write_text(wanted)
    return str(python)


def variables(name: str) -> dict[str, str]:
    """The environment's variables of a contestant: only this client is found among the sources."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(("PYTHON", "UBIOPS_"))}
    # A proxy would be used for loopback too.
    kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(ROOT)} if name == "this" else kept


def version_of(package: str, python: str) -> str:
    """The version of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

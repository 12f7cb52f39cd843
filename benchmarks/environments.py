"""The virtual environments in which the contestants run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv" / "benchmarks"
OFFICIAL = "ubiops==4.15.0"
_NEEDED = ("urllib3", "python-dateutil", "certifi", "six")


def _extra(name: str) -> tuple[str, ...]:
    """Returns the requirements of an extra of this package."""
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    found = re.search(rf'"{name}": \[(.*?)\]', text, re.DOTALL)
    return tuple(re.findall(r'"([^"]+)"', found[1])) if found else ()


FAST = _extra("fast")
PACKAGES = {
    # This client runs from its sources, so only its dependencies are installed. The
    # floor uses some of them.
    "this": _NEEDED,
    "fast": (*_NEEDED, *FAST),
    "async": (*_NEEDED, "httpx", "aiohttp"),
    "official": (OFFICIAL,),
    "emulator": (*_NEEDED, *_extra("emulator")),
    "server": ("trustme",),
    "generator": ("--requirement", str(ROOT / "generator" / "requirements.txt")),
}
# The environment of each contestant.
ENVIRONMENTS = {
    "this": "this",
    "floor": "this",
    "whole": "this",
    "fast": "fast",
    "async": "async",
    "httpx": "async",
    "aiohttp": "async",
    "official": "official",
    "emulator": "emulator",
}
# The contestants that import this client from its sources.
FROM_SOURCES = ("this", "fast", "async", "emulator")


def prepare(name: str) -> str:
    """Creates an environment unless it is up to date, and returns its Python."""
    folder = PLACE / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed"
    wanted = " ".join((sys.version, *PACKAGES[name]))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"creating the environment {name!r} ({', '.join(PACKAGES[name])})", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        stamp.write_text(wanted)
    return str(python)


def variables(contestant: str, sources: Path = ROOT) -> dict[str, str]:
    """Returns the environment variables of a contestant.

    Args:
        contestant: The contestant, or the name of an environment.
        sources: The folder that contains this client. Only its contestants find it.
    """
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(("PYTHON", "UBIOPS_"))}
    # A proxy would be used for loopback as well.
    kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(sources)} if contestant in (*FROM_SOURCES, "whole") else kept


def version_of(package: str, python: str) -> str:
    """Returns the version of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def whole_api(folder: Path) -> Path:
    """Generates a client of the whole API from its facts.

    Args:
        folder: An empty folder.

    Returns:
        The folder that contains the package ``ubiops``, with its bytecode compiled.
    """
    import shutil

    print("  generating a client of the whole API", file=sys.stderr)
    python = prepare("generator")
    shutil.copytree(ROOT / "ubiops", folder / "ubiops", ignore=shutil.ignore_patterns("__pycache__"))
    description = folder / "openapi"
    tool = ROOT / "test" / "support" / "described_facts.py"
    subprocess.run([python, str(tool), str(description)], check=True, stdout=subprocess.DEVNULL)
    command = [python, "-m", "generator", "--description", str(description / "openapi.yaml"), "--output", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    subprocess.run([prepare("this"), "-m", "compileall", "-q", str(folder / "ubiops")], check=True)
    return folder

"""The clients that run the scripts: both official ones, each in an environment of its
own, and this library.

The official clients are only run and introspected. Their environments stay in
``.tox/official``, so they are created once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from environments import ROOT, create_environment

HERE = Path(__file__).parent
OFFICIAL = ("4.8.0", "4.15.0")
THIS = "this library"
CLIENTS = (*OFFICIAL, THIS)
PLACE = ROOT / ".tox" / "official"


def prepare(client: str) -> str:
    """Creates the environment of a client unless it exists, and returns its Python.

    Args:
        client: A version of the official client, this library, or another package.
    """
    if client == THIS:
        return sys.executable
    folder = PLACE / f"{client}-python{sys.version_info.major}.{sys.version_info.minor}"
    stamp = folder / "installed"
    if stamp.exists():
        return stamp.read_text(encoding="utf-8")
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = create_environment(folder)
    # Only wheels, so that nothing runs while it is being installed.
    options = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:")
    requirement = f"ubiops=={client}" if client in OFFICIAL else client
    command = [python, "-m", "pip", "install", *options, requirement]
    done = subprocess.run(command, env=variables(client), capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        pytest.fail(
            f"{requirement} could not be installed, so docs/migration.md can't be checked. "
            f"Without a package index, leave these tests out: --ignore=test/migration\n{done.stderr}"
        )
    stamp.write_text(str(python), encoding="utf-8")
    return str(python)


def variables(client: str, host: str | None = None) -> dict[str, str]:
    """Returns the environment variables of a client. Only this library finds its
    sources.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "UBIOPS_"))}
    # A proxy would be used for loopback as well.
    kept = {name: value for name, value in kept.items() if host is None or not name.lower().endswith("_proxy")}
    if host is not None:
        kept.update(UBIOPS_API_HOST=host, UBIOPS_API_TOKEN="Token example")
    return {**kept, "PYTHONPATH": str(ROOT)} if client == THIS else kept


@contextmanager
def started(client: str, *arguments: str | Path, host: str, **further: str) -> Iterator[subprocess.Popen[str]]:
    """Starts a script of this folder with a client, and further environment
    variables.
    """
    with subprocess.Popen(
        [prepare(client), *map(str, arguments)],
        env={**variables(client, host), **further},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def result(process: subprocess.Popen[str]) -> Any:
    """Waits for a script, and returns the JSON that it prints."""
    printed, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return json.loads(printed)

"""The contents of the client, found by using it, and the facts to compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from described_facts import LEFT_OUT, read_facts

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """The facts without the areas that the API no longer has."""
    found = read_facts()
    methods = {name: fact for name, fact in found["methods"].items() if fact["area"] not in LEFT_OUT}
    return {**found, "methods": methods}


@pytest.fixture(scope="session")
def inspected() -> dict[str, Any]:
    """What `inspect_client.py` finds out about the client."""
    command = [sys.executable, str(HERE / "inspect_client.py")]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen

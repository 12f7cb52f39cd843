"""The types of the whole API are consistent.

This needs mypy and pyright, and runs in the tox environment `types`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("ubiops/api", "ubiops/models", "ubiops/aio")


@pytest.mark.parametrize("checker", [("mypy",), ("pyright", "--pythonpath", sys.executable)], ids=["mypy", "pyright"])
def test_the_generated_client_has_consistent_types(client: Path, checker: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *checker, *FOLDERS]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]

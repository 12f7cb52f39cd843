"""The example scripts run on the emulator, without an account or a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"

# What each script prints at least, in this order.
PRINTED = {
    "stream.py": ["Partial results arrive while the code still works.\n", "The first letter came after"],
    "files.py": [
        "Uploaded ubiops-file://default/measurements.csv\n",
        "The deployment found 3 cities and wrote ubiops-file://default/",
        "city,mean\nGroningen,9.5\nMaastricht,13.2\nUtrecht,12.0\n",
    ],
    "pipeline.py": [
        "splitter: completed\ncounter: completed\ncounter: completed\ncounter: completed\nadder: completed\n",
        "completed: {'sentences': 3, 'words': 12, 'longest': 'A rainbow appears over the hills'}\n",
    ],
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_its_result(name: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIP_NO_INDEX": "1"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    position = 0
    for text in PRINTED[name]:
        position = done.stdout.find(text, position) + 1
        assert position, f"{text!r} is missing or out of order:\n{done.stdout}"
    assert list(tmp_path.iterdir()) == []


def test_every_script_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*PRINTED, "quickstart.py"}


def test_every_example_is_described() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb") and path.name not in readme]
    assert missing == []

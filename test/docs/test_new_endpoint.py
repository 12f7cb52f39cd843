"""The steps of CONTRIBUTING add a working endpoint: description, handler, changelog."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EDIT = re.compile(r"^```(?:yaml|python)\n# ([\w/.-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

PROGRAM = """
import ubiops, ubiops.emulator

with ubiops.emulator.start() as emulator, ubiops.ApiClient(emulator.configuration()) as client:
    found = ubiops.CoreApi(client).service_status()
    print(type(found) is ubiops.Status, found.status, found.reason)
"""


def edits() -> dict[str, str]:
    """The content of each file that the guide edits."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return dict(EDIT.findall(text.partition("## Add an endpoint\n")[2].partition("\n## ")[0]))


def run(*command: str, cwd: Path, path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_guide_edits_one_file_of_each_kind() -> None:
    assert list(edits()) == [
        "openapi/paths/status.yaml",
        "openapi/schemas/status.yaml",
        "openapi/openapi.yaml",
        "ubiops/emulator/areas/status.py",
    ]


@pytest.mark.skipif(
    not (ROOT / "ubiops" / "emulator" / "areas").is_dir(), reason="the emulator has no folder of areas yet"
)
def test_the_endpoint_of_the_guide_works(tmp_path: Path) -> None:
    for folder in ("openapi", "ubiops"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    # The guide must also hold once the real endpoint exists.
    for existing in (*(tmp_path / "openapi").glob("*/status.yaml"), *tmp_path.glob("ubiops/emulator/areas/status*")):
        shutil.rmtree(existing) if existing.is_dir() else existing.unlink()
    for name, content in edits().items():
        file = tmp_path / name
        if not file.exists():
            file.write_text(content, encoding="utf-8")
        elif "name: status" not in file.read_text(encoding="utf-8"):
            text = file.read_text(encoding="utf-8")
            indented = "".join(f"  {line}" for line in content.splitlines(keepends=True))
            file.write_text(text.replace("\ntags:\n", f"\ntags:\n{indented}"), encoding="utf-8")
    description = tmp_path / "openapi" / "openapi.yaml"
    run("-m", "generator", "--description", str(description), "--output", str(tmp_path), cwd=ROOT, path=ROOT)
    printed = run("-c", PROGRAM, cwd=tmp_path, path=tmp_path)
    assert printed.split(maxsplit=2) == ["True", "ok", "The emulator is running\n"]

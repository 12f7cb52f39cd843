"""The quickstart runs on the emulator and cleans up."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ubiops

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent.parent
QUICKSTART = ROOT / "examples" / "quickstart.py"

STEPS = [
    "Working on",
    "Created deployment",
    "Created version v1: Python 3.11, unavailable",
    "Created version v2: Python 3.11, unavailable",
    "Packed deployment_package",
    "Uploaded to v1",
    "Built: build success, revision success, version available",
    "Set variables: MOST_FREQUENT for the deployment, PASSWORD for v1",
    "Copied to v2: PASSWORD",
    "MOST_FREQUENT = 5, from the deployment",
    "PASSWORD = (secret), from the version",
    "Downloaded",
    "Audit log:",
    "create: Created deployment",
    "Request: 'the cat and the dog and the bird'",
    "Response: {'words': {'the': 3, 'and': 2, 'cat': 1, 'dog': 1, 'bird': 1}, 'total': 8}",
    "Streamed: the=3 and=2 cat=1 dog=1 bird=1",
    "Deleted deployment",
    "Done.",
]


def start(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(QUICKSTART), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def check_steps(printed: str) -> None:
    """Asserts that each step is printed, in order."""
    position = 0
    for step in STEPS:
        position = printed.find(step, position) + 1
        assert position, f"{step!r} is missing or out of order:\n{printed}"


def test_quickstart_runs_without_account_and_network() -> None:
    done = start(environment={})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    check_steps(done.stdout)


def test_live_run_cleans_up(emulator: Emulator, project_name: str, core_api: ubiops.CoreApi) -> None:
    environment = {"UBIOPS_API_HOST": emulator.host, "UBIOPS_API_TOKEN": emulator.token}
    done = start("--live", "--project", project_name, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    check_steps(done.stdout)
    assert emulator.host in done.stdout
    assert emulator.token.split()[-1] not in done.stdout
    assert core_api.deployments_list(project_name) == []


def test_live_run_requires_a_token() -> None:
    done = start("--live", environment={})
    assert done.returncode == 2
    assert "UBIOPS_API_TOKEN" in done.stderr


def test_cleans_up_when_a_step_fails(
    core_api: ubiops.CoreApi, project_name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = runpy.run_path(str(QUICKSTART))

    def fail(*arguments: object, **options: object) -> None:
        raise ubiops.ServerError(500, "Internal Server Error")

    monkeypatch.setattr(ubiops.CoreApi, "revisions_file_upload", fail)
    with pytest.raises(ubiops.ServerError):
        steps["run"](core_api.api_client, project_name, "deployment-1")
    assert core_api.deployments_list(project_name) == []
    assert "Deleted deployment deployment-1" in capsys.readouterr().out


def test_deployment_package_counts_words() -> None:
    module = runpy.run_path(str(ROOT / "examples" / "deployment_package" / "deployment.py"))
    deployment = module["Deployment"]("/", {})
    parts: list[str] = []
    result = deployment.request({"text": "a b a C c a"}, {"streaming_update": parts.append})
    assert result == {"words": {"a": 3, "c": 2, "b": 1}, "total": 6}
    assert parts == ["a=3", "c=2", "b=1"]

"""The fixtures for pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = """
import pytest, ubiops

def test_one(ubiops_api, ubiops_emulator):
    ubiops_api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
    assert len(ubiops_api.deployments_list("p")) == 1

def test_the_state_of_other_tests_is_gone(ubiops_api):
    assert ubiops_api.deployments_list("p") == []

def test_own_clients_reach_it(ubiops_api, ubiops_emulator):
    with ubiops.CoreApi() as api:
        assert api.api_client.configuration.host == ubiops_emulator.host
        assert api.deployments_list("p") == []

def test_options_take_effect(ubiops_emulator):
    assert ubiops_emulator.token == "Token one"

def test_unknown_fields_are_errors(ubiops_api):
    with pytest.raises(ubiops.exceptions.UnknownFieldWarning):
        ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", no_such_field=1)

def test_elsewhere_they_are_warnings():
    with pytest.warns(ubiops.exceptions.UnknownFieldWarning):
        ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", no_such_field=1)
"""
CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def ubiops_emulator_options():
    return {"tokens": ["one"]}
"""


def test_the_fixtures_work(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    # Not by its name, which exists only where the package is installed.
    options = ["-p", "ubiops.emulator.pytest_plugin", "-p", "no:ubiops_emulator", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_loading_it_imports_no_server() -> None:
    names = "'uvicorn', 'starlette', 'urllib3'"
    code = f"import sys, ubiops.emulator.pytest_plugin; print([n for n in ({names}) if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_it_is_registered() -> None:
    assert '"pytest11": ["ubiops_emulator = ubiops.emulator.pytest_plugin"]' in (ROOT / "setup.py").read_text()

"""An error of a call is shown in a few lines, in notebooks and by pytest."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ubiops
import ubiops.aio
import ubiops.utils

if TYPE_CHECKING:
    from types import FrameType

    from ubiops.emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent.parent

# What a user writes: calls that fail, for different reasons.
NOT_FOUND = "ubiops.CoreApi().deployments_get('project-1', 'missing')"
TWIN = "ubiops.CoreApi().deployments_get_with_http_info('project-1', 'missing')"
AWAITED = "await ubiops.aio.CoreApi().deployments_get('project-1', 'missing')"
CALL_API = "ubiops.CoreApi().api_client.call_api('/missing', 'GET')"
REFUSED = "ubiops.CoreApi(ubiops.ApiClient(nowhere())).deployments_list('project-1')"
MISSING = "ubiops.CoreApi().deployments_list()"
KEYWORD = "ubiops.CoreApi().deployments_list('project-1', limit=5)"
OPTION = "ubiops.CoreApi().deployments_list('project-1', _preload_content='no')"
QUERY = "ubiops.CoreApi().deployment_audit_events_list('project-1', 'd', limit=-1)"
MODEL = "ubiops.DeploymentCreate(name='')"
BODY = "ubiops.CoreApi().deployments_create('project-1', {'name': ''})"
FILE = "ubiops.CoreApi().revisions_file_upload('project-1', 'd', 'v', file='missing.zip')"
PACKAGE = "ubiops.utils.validate_package('missing')"
CALLS = (NOT_FOUND, TWIN, AWAITED, CALL_API, REFUSED, MISSING, KEYWORD, OPTION, QUERY, MODEL, BODY, FILE, PACKAGE)

PRELUDE = """
import ubiops, ubiops.aio, ubiops.utils

def nowhere():
    configuration = ubiops.Configuration(host="http://127.0.0.1:1/v2.1")
    configuration.max_retries = 1
    configuration.retry_deadline = 5
    return configuration
"""


def run(arguments: list[str], emulator: Emulator, folder: Path) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "UBIOPS_API_HOST": emulator.host,
        "UBIOPS_API_TOKEN": emulator.token,
        "IPYTHONDIR": str(folder),
        "COLUMNS": "120",
    }
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    return done.stdout + done.stderr


def inside(error: BaseException) -> list[FrameType]:
    """The frames of the library in a traceback."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in frames if str(ROOT / "ubiops") in frame.f_code.co_filename]


def visible(error: BaseException) -> list[str]:
    """The functions of the library that are not hidden."""
    assert inside(error)
    return [one.f_code.co_name for one in inside(error) if not one.f_locals.get("__tracebackhide__")]


@pytest.mark.parametrize("call", CALLS)
def test_all_frames_between_a_call_and_its_error_are_hidden(call: str, emulator: Emulator, monkeypatch: Any) -> None:
    monkeypatch.setenv("UBIOPS_API_HOST", emulator.host)
    monkeypatch.setenv("UBIOPS_API_TOKEN", emulator.token)
    names: dict[str, Any] = {}
    exec(PRELUDE, names)  # noqa: S102
    exec(f"async def user():\n    {call}\n", names)  # noqa: S102
    with pytest.raises(ubiops.UbiOpsException) as caught:
        asyncio.run(names["user"]())
    assert visible(caught.value) == []
    # Attempts before the last one, and the frames below the driver, are not in it.
    assert len(inside(caught.value)) <= 11


def test_a_failed_wait_is_short_too(core_api: ubiops.CoreApi, project_name: str) -> None:
    core_api.deployments_create(project_name, {"name": "d", "input_type": "plain", "output_type": "plain"})
    core_api.deployment_versions_create(project_name, "d", {"version": "v", "environment": "python3-11"})
    core_api.revisions_file_upload(project_name, "d", "v", file=b"not a zip file")
    with pytest.raises(ubiops.StatusError) as caught:
        ubiops.utils.wait_for_deployment_version(core_api, project_name, "d", "v", quiet=True)
    assert visible(caught.value) == []


def test_pytest_shows_the_line_of_the_test_and_the_message(emulator: Emulator, tmp_path: Path) -> None:
    tests = [f"def test_{number}():\n    {call}\n" for number, call in enumerate((NOT_FOUND, REFUSED, MODEL))]
    (tmp_path / "test_shown.py").write_text(PRELUDE + "\n".join(tests), encoding="utf-8")
    shown = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)], emulator, tmp_path)
    assert "3 failed" in shown
    assert "NotFoundError: (404) Not Found: Deployment was not found" in shown
    failures = shown.partition("FAILURES")[2].partition("short test summary")[0]
    assert str(ROOT / "ubiops") not in failures
    assert "ubiops/_" not in failures
    assert len(failures.splitlines()) <= 60


def test_ipython_shows_the_line_of_the_cell_and_the_message(emulator: Emulator, tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    cells = [call for call in CALLS if call != TWIN]
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("colors", "NoColor")
shell.run_cell({PRELUDE!r})
for cell in {cells!r}:
    print("=====")
    shell.run_cell(cell)
"""
    shown = run(["-c", code], emulator, tmp_path).split("=====\n")[1:]
    assert len(shown) == len(cells)
    for cell, text in zip(cells, shown):
        assert cell in text
        assert "skipping hidden" in text
        lines = [line for line in text.splitlines() if line.strip()]
        # The cell, the function that raises, and the message.
        assert text.count("File ") <= 1, text
        assert len(lines) <= 22, text

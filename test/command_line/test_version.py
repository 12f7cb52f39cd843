"""``python -m ubiops version``."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import ubiops
from ubiops._cli import version

ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_shows_what_is_installed(run: Any) -> None:
    result = run("version")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"ubiops            {ubiops.__version__}\n")
    assert f"Python {platform.python_version()} (" in result.text
    assert sys.executable in result.text
    for name in version.DEPENDENCIES:
        assert f"\n{name:16}  {metadata.version(name)}\n" in result.out
    for extra in version.EXTRAS:
        assert re.search(rf"^{extra} +(installed|not installed|incomplete)", result.out, re.MULTILINE)


def test_it_shows_the_same_as_json(run: Any) -> None:
    result = run("version", "--json")
    assert result.status == 0
    assert result.json["ubiops"] == ubiops.__version__
    assert result.json["python"] == platform.python_version()
    assert result.json["platform"] == platform.platform()
    assert result.json["dependencies"] == {name: metadata.version(name) for name in version.DEPENDENCIES}
    assert result.json["extras"]["emulator"]["starlette"] == metadata.version("starlette")


def test_the_tables_agree_with_the_metadata_of_the_package() -> None:
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    required, extras = text.partition("install_requires=")[2].split("extras_require=")
    assert re.findall(r'"([\w-]+)>=', required) == list(version.DEPENDENCIES)
    found = {
        name: tuple(re.findall(r'"([\w-]+)>=', body)) for name, body in re.findall(r'"(\w+)": \[(.*?)\]', extras, re.S)
    }
    assert found == version.EXTRAS


@pytest.mark.parametrize(
    ("missing", "shown"),
    [
        ({"uvicorn"}, "emulator incomplete, without uvicorn: pip install 'ubiops[emulator]'"),
        ({"tqdm"}, "progress not installed: pip install 'ubiops[progress]'"),
        (set(), "progress installed: tqdm 1.0"),
    ],
)
def test_missing_extras_come_with_the_command_that_installs_them(
    run: Any, monkeypatch: pytest.MonkeyPatch, missing: set[str], shown: str
) -> None:
    monkeypatch.setattr(version, "_version_of", lambda name: None if name in missing else "1.0")
    result = run("version")
    assert shown in result.text
    assert result.status == 0


def test_a_missing_dependency_is_a_problem(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "_version_of", lambda name: None if name == "six" else "1.0")
    result = run("version")
    assert "six missing: pip install six" in result.text
    assert result.status == 1


def test_another_distribution_of_the_same_name_is_pointed_out(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "_version_of", lambda name: "4.15.0")
    assert "pip has installed ubiops 4.15.0, but this is another copy" in run("version").text


def test_it_imports_little() -> None:
    code = (
        "import json, sys\n"
        "from ubiops._cli.main import main\n"
        "main(['version', '--json'])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {name for name in json.loads(done.stderr) if name.startswith(("ubiops", "urllib3", "starlette"))}
    assert imported == {
        "ubiops",
        "ubiops._cli",
        "ubiops._cli.main",
        "ubiops._cli.output",
        "ubiops._cli.version",
        "ubiops._core",
        "ubiops._core.messages",
        "ubiops._version",
        "ubiops.exceptions",
    }

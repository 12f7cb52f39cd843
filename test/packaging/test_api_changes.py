"""The check for breaking changes compares the public API with the last tag."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("griffe", reason="griffe is not installed")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(ROOT / ".ci" / "api_changes.py"))

OLD = """
LIMIT = 3

def connect(host, port=80): ...
def close(client, force): ...
def send(data, timeout=None): ...
def _internal(): ...

class Client:
    name: str
    def get(self, key): ...
    def put(self, key, value): ...
"""
NEW = """
def connect(host, port=443): ...
def send(data, timeout=None, *, retries): ...
def added(): ...

class Client:
    name: str
    def get(self, key, default=None): ...
    def put(self, key): ...
"""
BREAKING = {
    "tiny.api.LIMIT": "removed",
    "tiny.api.close": "removed",
    "tiny.api.connect": "port=80 -> port=443",
    "tiny.api.send": "retries",
    "tiny.api.Client.put": "value",
}


def write(folder: Path, code: str) -> Path:
    (folder / "tiny").mkdir(parents=True, exist_ok=True)
    (folder / "tiny" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "tiny" / "api.py").write_text(code, encoding="utf-8")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose tag has the old package, and whose files are the new one."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")

    def run(*arguments: str) -> None:
        settings = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run([git, *settings, *arguments], cwd=tmp_path, capture_output=True, check=True)

    write(tmp_path, OLD)
    run("init")
    run("add", ".")
    run("commit", "--no-verify", "-m", "Old")
    run("tag", "v1.0.0")
    write(tmp_path, NEW)
    return tmp_path


def changelog(folder: Path, *breaking: str) -> None:
    lines = [
        "# Changelog",
        "## Unreleased",
        "### Added",
        "- `added`",
        *breaking,
        "## 1.0.0",
        "### Breaking",
        "- `close`",
    ]
    (folder / "CHANGELOG.md").write_text("\n".join(lines), encoding="utf-8")


def check(folder: Path) -> int:
    result: int = SCRIPT["check"](folder, None, "tiny")
    return result


def test_reports_what_breaks_callers(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", OLD), write(tmp_path / "new", NEW)
    found: dict[str, Any] = dict(SCRIPT["breaking_changes"](old, new, "tiny"))
    assert found.keys() == BREAKING.keys()
    for path, word in BREAKING.items():
        assert word in found[path]


def test_an_unchanged_package_has_no_breaking_changes(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", OLD), write(tmp_path / "new", OLD)
    assert list(SCRIPT["breaking_changes"](old, new, "tiny")) == []


def test_unlisted_breaking_changes_fail(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changelog(repository)
    assert check(repository) == 1
    printed = capsys.readouterr().out
    assert [path for path in BREAKING if f"{path}: " not in printed] == []
    assert "### Breaking" in printed


def test_listed_breaking_changes_pass(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["`LIMIT`", "`tiny.api.close()`", "`api.connect`", "`send(retries=...)`", "`Client.put`"]
    changelog(repository, "### Breaking", *(f"- {name} changed" for name in names))
    assert check(repository) == 0
    assert f"{len(BREAKING)} breaking changes since v1.0.0" in capsys.readouterr().out


def test_breaking_changes_of_earlier_releases_do_not_count(repository: Path) -> None:
    names = [path for path in BREAKING if path != "tiny.api.close"]
    changelog(repository, "### Breaking", *(f"- `{name}`" for name in names))
    assert check(repository) == 1


def test_passes_without_a_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, NEW)
    assert check(tmp_path) == 0
    assert "no release tag" in capsys.readouterr().out


def test_breaking_changes_of_this_package_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code = SCRIPT["check"](ROOT, None)
    assert code == 0, capsys.readouterr().out

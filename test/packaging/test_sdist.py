"""The source distribution contains what the tests need, and they run from it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from environments import ROOT, run

pytestmark = pytest.mark.timeout(600)

# Tests of the SDK, the emulator, the description, the generator and the guides.
SUBSET = (
    "test/client/test_configuration.py",
    "test/docs/test_code.py",
    "test/docs/test_links.py",
    "test/docs/test_repository.py",
    "test/openapi",
    "test/utils",
)


@pytest.fixture(scope="session")
def unpacked(away: Path, sdist: Path) -> Path:
    """The root folder of the unpacked source distribution."""
    with tarfile.open(sdist) as archive:
        archive.extractall(away / "unpacked")  # noqa: S202 - built from this source tree
    (root,) = (away / "unpacked").iterdir()
    return root


def test_sdist_contains_every_tracked_file(unpacked: Path) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("there is no git repository")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert [name for name in tracked if not (unpacked / name).is_file()] == []


def test_tests_run_from_the_sdist(unpacked: Path, full: Path) -> None:
    assert not (unpacked / ".git").exists()
    run(full, "-m", "pip", "install", "--quiet", "--requirement", "test/requirements.txt", cwd=unpacked)
    existing = [name for name in SUBSET if (unpacked / name).exists()]
    printed = run(full, "-m", "pytest", "-q", "-x", "-k", "not reference", *existing, cwd=unpacked)
    assert " passed" in printed


def test_generated_files_match_in_the_sdist(unpacked: Path, full: Path) -> None:
    run(full, "-m", "pip", "install", "--quiet", "--requirement", "generator/requirements.txt", cwd=unpacked)
    run(full, "-m", "generator", "--check", cwd=unpacked)

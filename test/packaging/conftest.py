"""The source distribution, the wheel, and environments with the wheel installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from environments import ROOT, create_environment, run


@pytest.fixture(scope="session")
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the source tree."""
    return tmp_path_factory.mktemp("away")


@pytest.fixture(scope="session")
def builder(away: Path) -> Path:
    """The Python of an environment that has the build tool."""
    python = create_environment(away / "builder")
    run(python, "-m", "pip", "install", "--quiet", "build", cwd=away)
    return python


@pytest.fixture(scope="session")
def sdist(away: Path, builder: Path) -> Path:
    """The source distribution."""
    run(builder, "-m", "build", "--sdist", "--outdir", away, ROOT, cwd=away)
    (found,) = away.glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def wheel(away: Path, builder: Path, sdist: Path) -> Path:
    """The wheel, built from the source distribution."""
    run(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", away, sdist, cwd=away)
    (found,) = away.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def plain(away: Path, wheel: Path) -> Path:
    """The Python of an environment with the wheel and no extra."""
    python = create_environment(away / "plain")
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=away)
    return python


@pytest.fixture(scope="session")
def full(away: Path, wheel: Path) -> Path:
    """The Python of an environment with the wheel and the emulator."""
    python = create_environment(away / "full")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[emulator,packages]", cwd=away)
    return python

"""What users install: the wheel, in fresh environments, away from the source tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.timeout(600)

SMALL_CALL = """
import ubiops, ubiops.emulator
with ubiops.emulator.start() as emulator, ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
    api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
    api.deployment_versions_create("p", "d", {"version": "v1"})
    template = api.template_deployments_list()[0]
    upload = api.revisions_file_upload("p", "d", "v1", template_deployment_id=template.id)
    emulator.clock.advance(3600)
    print(api.deployment_versions_get("p", "d", "v1").status)
"""


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "UBIOPS_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside of the source tree."""
    return tmp_path_factory.mktemp("away")


def environment(folder: Path) -> Path:
    """A fresh environment; returns its Python."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


@pytest.fixture(scope="session")
def builder(away: Path) -> Path:
    """The Python of an environment that builds."""
    python = environment(away / "builder")
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
    """The wheel, made from the source distribution, as an installer without a wheel would do."""
    run(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", away, sdist, cwd=away)
    (found,) = away.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def plain(away: Path, wheel: Path) -> Path:
    """An environment with the wheel and no extra."""
    python = environment(away / "plain")
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=away)
    return python


@pytest.fixture(scope="session")
def full(away: Path, wheel: Path) -> Path:
    """An environment with the wheel and the emulator."""
    python = environment(away / "full")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[emulator]", cwd=away)
    return python


def package_files() -> set[str]:
    """What has to be in the wheel: all of the package that is no leftover."""
    found = (path.relative_to(ROOT).as_posix() for path in (ROOT / "ubiops").rglob("*") if path.is_file())
    return {name for name in found if "__pycache__" not in name and not name.endswith((".pyc", ".md"))}


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    assert names == package_files()
    assert {"ubiops/py.typed", "ubiops/api/deployments.pyi", "ubiops/emulator/openapi.json"} <= names
    assert "License-Expression: Apache-2.0" in metadata or "License: Apache-2.0" in metadata


def test_the_source_distribution_holds_what_is_needed_to_test_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = ["setup.py", "pyproject.toml", "tox.ini", "Makefile", "README.md", "LICENSE", "requirements-dev.txt"]
    wanted += [".ci/check.py", "benchmarks/__main__.py", "docs/README.md", "docs/api/README.md"]
    wanted += ["openapi/openapi.yaml", "generator/__main__.py", "test/conftest.py", "examples/quickstart.py"]
    assert [name for name in wanted if name not in names] == []


def test_it_works_without_extras(plain: Path, away: Path) -> None:
    code = "import ubiops; print(ubiops.CoreApi(ubiops.ApiClient()), ubiops.__version__, ubiops.__file__)"
    printed = run(plain, "-I", "-c", code, cwd=away)
    assert "site-packages" in printed
    run(plain, "-m", "pip", "check", cwd=away)


def test_the_emulator_without_its_extra_says_what_to_install(plain: Path, away: Path) -> None:
    printed = run(plain, "-I", "-c", "import ubiops.emulator; ubiops.emulator.start()", cwd=away, code=1)
    assert "ubiops[emulator]" in printed.splitlines()[-1]
    printed = run(plain, "-m", "ubiops.emulator", cwd=away, code=1)
    assert "ubiops[emulator]" in printed
    assert "Traceback" not in printed


def test_a_progress_bar_without_its_extra_says_what_to_install(plain: Path, away: Path) -> None:
    code = (
        "import ubiops\n"
        "api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host='http://127.0.0.1:1')))\n"
        "api.revisions_file_upload('p', 'd', 'v', file=b'', _progress_bar=True)"
    )
    assert "ubiops[progress]" in run(plain, "-I", "-c", code, cwd=away, code=1).splitlines()[-1]


def test_a_small_call_works_against_the_emulator(full: Path, away: Path) -> None:
    assert run(full, "-I", "-c", SMALL_CALL, cwd=away).strip() == "available"
    run(full, "-m", "pip", "check", cwd=away)


def test_it_needs_nothing_but_what_was_agreed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    needed = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", metadata, re.MULTILINE)
    assert sorted(needed) == ["certifi", "python-dateutil", "six", "urllib3"]


def test_the_lowest_versions_are_the_ones_that_are_tested() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    allowed = set(re.findall(r'^ +"([\w-]+)>=([\d.]+)', setup, re.MULTILINE)) | set(
        re.findall(r'\["(tqdm)>=([\d.]+)"\]', setup)
    )
    tested = set(
        re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / "test" / "lowest.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )

    def short(versions: set[tuple[str, str]]) -> dict[str, str]:
        return {name: version.removesuffix(".0") for name, version in versions}

    assert short(tested) == short(allowed)

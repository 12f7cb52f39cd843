"""The wheel works in fresh environments, away from the source tree."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from environments import ROOT, run

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


def package_files() -> set[str]:
    """The files that the wheel must contain."""
    found = (path.relative_to(ROOT).as_posix() for path in (ROOT / "ubiops").rglob("*") if path.is_file())
    return {name for name in found if "__pycache__" not in name and not name.endswith((".pyc", ".md"))}


def test_wheel_contains_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    assert names == package_files()
    assert {"ubiops/py.typed", "ubiops/api/deployments.pyi", "ubiops/emulator/openapi.json"} <= names
    assert "License-Expression: Apache-2.0" in metadata or "License: Apache-2.0" in metadata


def test_works_without_extras(plain: Path, away: Path) -> None:
    code = "import ubiops; print(ubiops.CoreApi(ubiops.ApiClient()), ubiops.__version__, ubiops.__file__)"
    printed = run(plain, "-I", "-c", code, cwd=away)
    assert "site-packages" in printed
    run(plain, "-m", "pip", "check", cwd=away)


def test_emulator_without_its_extra_says_what_to_install(plain: Path, away: Path) -> None:
    printed = run(plain, "-I", "-c", "import ubiops.emulator; ubiops.emulator.start()", cwd=away, code=1)
    assert "ubiops[emulator]" in printed.splitlines()[-1]
    printed = run(plain, "-m", "ubiops.emulator", cwd=away, code=1)
    assert "ubiops[emulator]" in printed
    assert "Traceback" not in printed


def test_progress_bar_without_its_extra_is_plain(plain: Path, away: Path) -> None:
    code = (
        "import ubiops\n"
        "api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host='http://127.0.0.1:1', max_retries=0)))\n"
        "api.revisions_file_upload('p', 'd', 'v', file=b'', _progress_bar=True)"
    )
    assert "ApiConnectionError" in run(plain, "-I", "-c", code, cwd=away, code=1)


def test_calls_work_on_the_emulator(full: Path, away: Path) -> None:
    assert run(full, "-I", "-c", SMALL_CALL, cwd=away).strip() == "available"
    run(full, "-m", "pip", "check", cwd=away)


def test_runtime_dependencies(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    needed = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", metadata, re.MULTILINE)
    assert sorted(needed) == ["certifi", "python-dateutil", "six", "urllib3"]


def test_lowest_versions_are_tested() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    allowed = set(re.findall(r'^ +"([\w-]+)>=([\d.]+)', setup, re.MULTILINE)) | set(
        re.findall(r'\["(\w+)>=([\d.]+)"\]', setup)
    )
    tested = set(
        re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / "test" / "lowest.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )

    def without_patch(versions: set[tuple[str, str]]) -> dict[str, str]:
        return {name: version.removesuffix(".0") for name, version in versions}

    assert without_patch(tested) == without_patch(allowed)


def test_metadata_names_the_project_and_its_addresses(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    assert re.search(r"^Author: .", metadata, re.MULTILINE)
    addresses = dict(re.findall(r"^Project-URL: ([^,]+), (https://\S+)$", metadata, re.MULTILINE))
    assert addresses.keys() >= {"Changelog", "Documentation", "Issues", "Source"}
    # The README links to files of the repository, so its address is in there as well.
    assert f"{addresses['Source']}/blob/HEAD/docs/getting-started.md" in metadata

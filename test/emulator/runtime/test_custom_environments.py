"""Code runs with the packages of a custom environment, and with its own on top."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ubiops
import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.core.interfaces import Job, Outcome

_numbers = itertools.count(1)
CODE = """
import importlib.util
class Deployment:
    def request(self, data):
        return [name for name in ("first_package", "second_package") if importlib.util.find_spec(name)]
"""


def pack(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running:
        yield running


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The beginning of a requirements.txt that finds two packages without a network."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("first_package", "second_package"):
        info = f"{name}-1.0.dist-info"
        files = {
            f"{name}.py": "",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
        (folder / f"{name}-1.0-py3-none-any.whl").write_bytes(pack({**files, f"{info}/RECORD": record}))
    return f"--no-index\n--find-links {folder}\n"


def until(condition: Callable[[], Any]) -> Any:
    """Waits for something that happens in another thread."""
    limit = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return found


def build(api: ubiops.CoreApi, project: str, requirements: str) -> ubiops.EnvironmentBuildList:
    """Uploads packages to the environment and returns the build when it has ended."""
    sent = api.environment_revisions_file_upload(project, "own", file=pack({"requirements.txt": requirements}))

    def ended() -> Any:
        found = api.environment_builds_get(
            project, build_id=sent.build, environment_name="own", revision_id=sent.revision
        )
        return found if found.status in ("success", "failed") else None

    found: ubiops.EnvironmentBuildList = until(ended)
    return found


def version(api: ubiops.CoreApi, project: str, name: str, files: dict[str, str]) -> str:
    """Uploads a package to a new version; returns the status of its build."""
    api.deployment_versions_create(project, "d", {"version": name, "environment": "own"})
    revision = api.revisions_file_upload(project, "d", name, file=pack(files)).revision

    def status() -> Any:
        found = api.revisions_get(project, "d", revision_id=revision, version=name).status
        return found if found in ("success", "failed") else None

    return str(until(status))


def run(emulator: Emulator, name: str) -> Outcome:
    backend = emulator._backend
    with backend.storage.reading() as db:
        key = db.execute("SELECT pk FROM versions WHERE name = ? ORDER BY pk DESC", (name,)).fetchone()["pk"]
    assert backend.runner is not None
    job = Job(key, f"r-{next(_numbers)}", lambda: [""], many=False, mode="express", timeout=120, user="me")
    return backend.runner.submit(job).result(120)


def test_code_has_the_packages_of_its_environment_and_its_own(emulator: Emulator, index: str) -> None:
    api, project = emulator.api(), "custom-environments"
    api.environments_create(project, {"name": "own", "base_environment": "python3-11"})
    assert build(api, project, f"{index}first_package\n").status == "success"
    api.deployments_create(project, {"name": "d", "input_type": "plain", "output_type": "plain"})
    assert version(api, project, "plain", {"deployment.py": CODE}) == "success"
    assert run(emulator, "plain").result == ["first_package"]
    own = {"deployment.py": CODE, "requirements.txt": f"{index}second_package\n"}
    assert version(api, project, "more", own) == "success"
    assert run(emulator, "more").result == ["first_package", "second_package"]
    # A build that fails leaves the one in use; one that succeeds is used from then on.
    failed = build(api, project, f"{index}no_such_package\n")
    assert failed.status == "failed"
    assert "no_such_package" in str(failed.error_message)
    assert run(emulator, "plain").result == ["first_package"]
    assert build(api, project, f"{index}second_package\n").status == "success"
    assert run(emulator, "plain").result == ["second_package"]


def test_code_on_a_docker_image_is_not_run(emulator: Emulator) -> None:
    api, project = emulator.api(), "custom-images"
    api.environments_create(project, {"name": "own"})
    api.deployments_create(project, {"name": "d", "input_type": "plain", "output_type": "plain"})
    version(api, project, "image", {"deployment.py": CODE})
    outcome = run(emulator, "image")
    assert outcome.status == "failed"
    assert "does not run docker images" in str(outcome.error_message)
